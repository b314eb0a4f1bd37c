"""HTTP/2 in clear: hosts of requests however they are compressed and cut; what cannot be read."""

from __future__ import annotations

import pytest
from hpack import Encoder
from names_hearing import Said, cut_up, hear, names_of

from tests.captures.messages import http2
from tests.captures.messages.http2 import fields, frame, request

NAME = [("otel.outside.example", "http_host")]
HOST = "otel.outside.example:4317"


def one(*frames: bytes, **more):
    return hear(Said(http2.opening() + b"".join(frames), dport=4317, **more))


def facts(heard) -> dict[str, str]:
    return dict(heard.notes[0].facts)


@pytest.mark.parametrize("plain", [False, True])
def test_a_request(plain):
    heard = one(request(Encoder(), 1, fields(HOST, "/v1/models"), plain=plain))
    note = heard.notes[0]
    assert names_of(heard) == NAME
    assert (note.application, note.encrypted) == ("http", False)
    assert facts(heard)["http-version"] == "2 (prior knowledge)"
    assert facts(heard)["http-method"] == "GET"
    assert facts(heard)["hosts"].startswith("of the first requests alone")


def test_a_call_of_grpc_tells_its_service():
    heard = one(http2.call(Encoder(), 1, HOST))
    assert names_of(heard) == NAME
    assert facts(heard)["grpc-service"] == "opentelemetry.proto.collector.trace.v1.TraceService"


def test_what_is_no_grpc_tells_no_service():
    assert "grpc-service" not in facts(one(request(Encoder(), 1, fields(HOST, "/a/b"))))


@pytest.mark.parametrize("path", ["/", "/a", "/a\x1b[2J/b", "/a,b/c", f"/{'a' * 121}/b", "/a/b/c"])
def test_a_path_that_names_no_service(path):
    assert "grpc-service" not in facts(one(http2.call(Encoder(), 1, HOST, path)))


def test_hosts_of_several_requests_that_share_a_table():
    encoder = Encoder()
    said = [request(encoder, 2 * n + 1, fields(f"h{n}.example")) for n in range(3)]
    said += [request(encoder, 9, fields("h1.example"))]
    assert [name for name, _ in names_of(one(*said))] == ["h0.example", "h1.example", "h2.example"]


def test_padding_priority_and_continuations():
    block = Encoder().encode(fields(HOST))
    first = bytes([3]) + bytes(5) + block[:4] + bytes(3)
    flags = http2.PADDED | http2.PRIORITY
    heard = one(
        frame(http2.HEADERS, flags, 1, first),
        frame(http2.CONTINUATION, 0, 1, block[4:9]),
        frame(http2.CONTINUATION, http2.END_HEADERS, 1, block[9:]),
    )
    assert names_of(heard) == NAME


def test_a_larger_table_than_the_usual():
    encoder = Encoder()
    encoder.header_table_size = 65536
    assert names_of(one(request(encoder, 1, fields(HOST)))) == NAME


@pytest.mark.parametrize("first", [4, 5, 23, 24, 30, 40, 60])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_request_over_two_segments(first, batches):
    data = http2.opening() + http2.call(Encoder(), 1, HOST)
    heard = hear(*cut_up(data, first, dport=4317), batches=batches)
    assert names_of(heard) == NAME
    assert heard.notes[0].application == "http"


def test_after_an_upgrade():
    start = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    data = http2.opening() + request(Encoder(), 3, fields("b.example"))
    heard = hear(
        Said(start, dport=80),
        Said(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", dport=80, side=1),
        Said(data, dport=80, seq=1 + len(start)),
    )
    assert [name for name, _ in names_of(heard)] == ["a.example", "b.example"]
    assert facts(heard)["http-version"] == "2 (upgraded)"
    assert facts(heard)["hosts"].startswith("of the first requests alone")


def test_a_proxy_asked_to_connect_is_a_question():
    said = [(":method", "CONNECT"), (":authority", "far.example:443")]
    heard = one(request(Encoder(), 1, said))
    (query,) = heard.queries
    assert (query.name, query.query_type, query.transport) == ("far.example", "CONNECT", "proxy")


def test_an_old_client_that_says_its_host_in_a_field():
    heard = one(request(Encoder(), 1, fields("", "/", "GET", {"host": HOST})))
    assert names_of(heard) == NAME


@pytest.mark.parametrize(
    "frames",
    [
        [frame(http2.HEADERS, http2.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\x7f")],
        [frame(http2.HEADERS, http2.END_HEADERS, 1, b"\xbe")],  # what the table never held
        [frame(http2.HEADERS, 0, 1, b"\x82"), frame(http2.DATA, 0, 1, b"x")],
        [frame(http2.HEADERS, http2.END_HEADERS | http2.PADDED, 1, b"\x09\x82")],
        [frame(http2.HEADERS, http2.END_HEADERS | http2.PADDED, 1)],
        [frame(http2.SETTINGS, 1, 0)] * 100,
        [frame(http2.HEADERS, http2.END_HEADERS, 1, b"\x3f\xff\xff\xff\x7f")],  # a huge table
        # A field of 4,000 bytes that one byte each repeats: 8 MB of headers in 6 KiB.
        [frame(http2.HEADERS, http2.END_HEADERS, 1, b"\x40\x01a\x7f\xa1\x1e" + b"x" * 4000 + b"\xbe" * 2000)],
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_gap_and_no_name(frames):
    heard = one(*frames)
    assert heard.notes[0].encrypted is False
    assert not names_of(heard)
    assert facts(heard)["hosts"].startswith("not read")
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


def test_what_was_read_before_a_contradiction_is_kept():
    heard = one(request(Encoder(), 1, fields(HOST)), frame(http2.HEADERS, 4, 3, b"\xff" * 9))
    assert names_of(heard) == NAME
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


@pytest.mark.parametrize(
    "data", [http2.PREFACE, http2.opening(), http2.opening() + b"\0\0\x40\1\4"]
)
def test_without_a_request_its_hosts_are_told_not_to_be_read(data):
    heard = hear(Said(data, dport=80))
    assert heard.notes[0].application == "http"
    assert facts(heard)["hosts"].startswith("not read")


def test_a_host_that_would_do_something_on_a_terminal():
    heard = one(request(Encoder(), 1, fields("a\x1b[31m.example")))
    assert names_of(heard) == [("a\\027[31m.example", "http_host")]


def test_what_only_begins_like_it():
    assert 0 not in hear(Said(b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n" + bytes(40), dport=80)).notes


def test_frames_without_a_request_do_not_hide_one_that_came_before_them():
    heard = one(request(Encoder(), 1, fields(HOST)), *[frame(http2.SETTINGS, 1, 0)] * 100)
    assert names_of(heard) == NAME
    assert not heard.gaps
