"""HTTP: hosts of requests, of proxies' targets, of several requests; what is none."""

from __future__ import annotations

import random

import pytest
from names_hearing import Said, cut_up, hear, names_of

from tests.captures.messages import tls

GET = b"GET /a HTTP/1.1\r\nAccept: */*\r\nHost: Www.Plant.example:8080\r\n\r\n"
NAME = [("www.plant.example", "http_host")]


def test_a_request():
    heard = hear(Said(GET, dport=8080), Said(b"HTTP/1.1 200 OK\r\n\r\n", dport=8080, side=1))
    note = heard.notes[0]
    assert names_of(heard) == NAME
    assert (note.application, note.encrypted) == ("http", False)
    assert dict(note.facts)["http-method"] == "GET"


@pytest.mark.parametrize("first", [1, 2, 4, 7, 8, 20, 40, 50, len(GET) - 1])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_request_over_two_segments(first, batches):
    assert names_of(hear(*cut_up(GET, first, dport=80), batches=batches)) == NAME


def test_every_request_of_a_connection():
    other = GET.replace(b"Www.Plant", b"other")
    heard = hear(Said(GET + other, dport=80), Said(GET.replace(b"Www", b"3"), dport=80, seq=200))
    assert [name for name, _ in names_of(heard)] == [
        "www.plant.example", "other.example", "3.plant.example",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "host,shown",
    [
        (b"a.example", "a.example"),
        (b" a.example. ", "a.example"),
        (b"[2001:db8::1]:80", "2001:db8::1"),
        (b"192.0.2.1:80", "192.0.2.1"),
        (b"a\x1b[0m.example", "a\\027[0m.example"),
        (b"user@a.example:1", "a.example"),
    ],
)
def test_hosts(host, shown):
    heard = hear(Said(b"GET / HTTP/1.1\r\nHost:" + host + b"\r\n\r\n", dport=80))
    assert names_of(heard) == [(shown, "http_host")]


def test_a_proxy_is_asked_for_another_host():
    heard = hear(
        Said(b"GET http://far.example:81/x HTTP/1.1\r\nHost: proxy.example\r\n\r\n", dport=3128)
    )
    assert {name for name, _ in names_of(heard)} == {"far.example", "proxy.example"}


def test_tls_through_a_proxy():
    hello = tls.record(22, tls.client_hello(random.Random(1), "far.example"))
    heard = hear(
        Said(b"CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n", dport=3128),
        Said(b"HTTP/1.1 200 Connection established\r\n\r\n", dport=3128, side=1),
        Said(hello, dport=3128, seq=100),
    )
    note = heard.notes[0]
    assert (note.application, note.encrypted) == ("http", True)
    assert names_of(heard) == [("far.example", "http_host"), ("far.example", "tls_sni")]


@pytest.mark.parametrize(
    "data",
    [b"GET key\r\n", b"POST\0\0\0\0", b"HTTP but not an answer", b"GET / RTSP/1.0\r\n\r\n"],
)
def test_what_only_begins_like_a_request(data):
    heard = hear(Said(data, dport=80))
    assert 0 not in heard.notes or heard.notes[0].application != "http"


def test_a_request_cut_before_its_host_is_a_gap():
    heard = hear(Said(GET[:30], size=len(GET), dport=80))
    assert heard.notes[0].application == "http"
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


def test_after_an_offer_of_http_2_hosts_are_told_not_to_be_read():
    data = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    note = hear(Said(data, dport=80)).notes[0]
    assert note.encrypted is False
    assert dict(note.facts)["hosts"].startswith("not read")


@pytest.mark.parametrize(
    ("line", "name", "method"),
    [
        (b"CONNECT api.outside.example:443", "api.outside.example", "CONNECT"),
        (b"CONNECT 203.0.113.9:443", "203.0.113.9", "CONNECT"),
        (b"CONNECT [2001:db8::9]:443", "2001:db8::9", "CONNECT"),
        (b"POST http://api.outside.example:8080/up", "api.outside.example", "POST"),
    ],
)
def test_what_a_proxy_is_asked_to_go_to_is_a_question(line, name, method):
    """The flow itself goes to the proxy, which may be inside: where to goes beyond it."""
    data = line + b" HTTP/1.1\r\nHost: api.outside.example\r\n\r\n"
    (asked,) = hear(Said(data, dport=3128), Said(data, dport=3128, seq=1 + len(data))).queries
    assert (asked.name, asked.query_type, asked.transport, asked.count) == (
        name,
        method,
        "proxy",
        2,
    )
    assert (asked.client, asked.server) == ("10.0.0.7", "192.0.2.1")


def test_an_ordinary_request_is_no_question():
    assert not hear(Said(GET, dport=80)).queries
