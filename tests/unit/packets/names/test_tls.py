"""TLS hellos: whole, in pieces, out of order, cut, old, contradicting themselves; ECH and GREASE."""

from __future__ import annotations

import random
from struct import pack

import pytest
from names_hearing import Flows, Said, cut_up, hear, names_of

from tests.captures.messages import dns, tls

RNG = random.Random(5)
HELLO = tls.record(22, tls.client_hello(RNG, "press.plant.example"))
ANSWER = tls.record(22, tls.server_hello(RNG))
NAME = [("press.plant.example", "tls_sni")]


def facts(heard, flow=0):
    return dict(heard.notes[flow].facts)


def test_a_hello_in_one_segment():
    heard = hear(Said(HELLO), Said(ANSWER, side=1))
    note = heard.notes[0]
    assert names_of(heard) == NAME
    assert (note.application, note.encrypted, note.hidden_name) == ("tls", True, False)
    assert facts(heard)["alpn"] == "h2,http/1.1"
    assert facts(heard)["tls"] == "TLS 1.3"
    assert not heard.gaps


@pytest.mark.parametrize("first", [1, 2, 3, 5, 6, 8, 9, 10, 60, 100])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_hello_over_two_segments(first, batches):
    assert names_of(hear(*cut_up(HELLO, first), batches=batches)) == NAME


def test_a_hello_a_byte_a_segment():
    assert names_of(hear(*cut_up(HELLO, *[1] * len(HELLO)), batches=3)) == NAME


def test_a_hello_over_several_records():
    message = tls.client_hello(RNG, "press.plant.example")
    for size in (1, 3, 40, 100):
        assert names_of(hear(Said(tls.records(22, message, size)))) == NAME


def test_segments_out_of_order_when_the_beginning_is_known():
    flows = Flows()
    flows.isn[0] = 99
    one, two, three = cut_up(HELLO, 50, 60, seq=100)
    for order in ((two, one, three), (three, two, one), (three, one, two), (two, three, one)):
        assert names_of(hear(*order, flows=flows)) == NAME, order


def test_sequence_numbers_that_turn_over_within_a_hello():
    assert names_of(hear(*cut_up(HELLO, 70, 30, seq=2**32 - 80))) == NAME


def test_a_retransmission_changes_nothing():
    one, two = cut_up(HELLO, 90)
    assert names_of(hear(one, one, two, two)) == NAME


def test_a_hello_without_a_name():
    heard = hear(Said(tls.record(22, tls.client_hello(RNG, None))))
    assert heard.notes[0].application == "tls"
    assert not names_of(heard)
    assert not heard.gaps


def test_a_hello_whose_rest_never_came_is_a_gap():
    heard = hear(cut_up(HELLO, 60)[0])
    assert heard.notes[0].application == "tls"
    assert facts(heard)["hello"] == "incomplete"
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


def test_a_hello_that_the_capture_cut_after_the_name_keeps_it():
    heard = hear(Said(HELLO[:140], size=len(HELLO)))
    assert names_of(heard) == NAME


def test_a_name_with_control_characters_is_escaped_and_bounded():
    for name, shown in (("a\nb\x1b[31m", "a\\010b\\027[31m"), ("X" * 400, "x" * 253 + "…")):
        assert names_of(hear(Said(tls.record(22, tls.client_hello(RNG, name))))) == [
            (shown, "tls_sni")
        ]


def test_starttls_keeps_the_first_application():
    heard = hear(
        Said(b"220 mail.example ESMTP\r\n", side=1, dport=587),
        Said(b"EHLO me\r\n", dport=587),
        Said(b"STARTTLS\r\n", dport=587, seq=10),
        Said(HELLO, dport=587, seq=20),
    )
    note = heard.notes[0]
    assert (note.application, note.encrypted) == ("smtp", True)
    assert names_of(heard) == NAME


def test_records_in_mid_connection():
    data = tls.record(23, bytes(40)) + tls.record(23, bytes(9))
    assert hear(Said(data, dport=9999)).notes[0].application == "tls"
    # One record that reaches further than the packet proves nothing on another port.
    assert 0 not in hear(Said(tls.record(23, bytes(40))[:30], dport=9999)).notes
    assert hear(Said(tls.record(23, bytes(40))[:30], dport=443)).notes[0].application == "tls"


def test_a_cipher_that_encrypts_nothing_is_clear():
    body = pack(">H", 0x0303) + bytes(32) + b"\0" + pack(">HB", 0x003B, 0)
    hello = b"\2" + len(body).to_bytes(3, "big") + body
    heard = hear(Said(HELLO), Said(tls.record(22, hello), side=1))
    assert heard.notes[0].encrypted is False


def test_a_hello_in_the_form_of_ssl_2():
    body = b"\1\3\1" + pack(">HHH", 6, 0, 16) + bytes(6) + bytes(16)
    heard = hear(Said(pack(">H", 0x8000 | len(body)) + body))
    assert heard.notes[0].application == "tls"


def test_grease_is_not_taken_for_a_hidden_name():
    hello = tls.client_hello(RNG, "a.example", extra=tls.encrypted_hello(RNG, 77, 144))
    heard = hear(Said(tls.record(22, hello)))
    assert heard.notes[0].hidden_name is False
    assert facts(heard)["ech"].startswith("undecided")


def test_a_public_name_that_stands_for_others_hides_a_name():
    hello = tls.client_hello(RNG, "cloudflare-ech.com", extra=tls.encrypted_hello(RNG, 7, 144))
    assert hear(Said(tls.record(22, hello))).notes[0].hidden_name is True


def test_a_key_that_dns_gave_out_makes_it_a_hidden_name():
    config = bytes([33]) + pack(">HH", 0x20, 32) + bytes(32) + pack(">HHH", 4, 1, 1)
    config += b"\x40" + bytes([14]) + b"public.example" + b"\0\0"
    entry = pack(">HH", 0xFE0D, len(config)) + config
    keys = pack(">H", len(entry)) + entry
    rdata = pack(">H", 1) + b"\0" + pack(">HH", 5, len(keys)) + keys
    query = dns.question(1, "secret.example", "HTTPS")
    reply = query[:2] + pack(">HHHHH", 0x8180, 1, 1, 0, 0) + query[12:]
    reply += b"\xc0\x0c" + pack(">HHIH", 65, 1, 60, len(rdata)) + rdata
    hellos = [
        Said(
            tls.record(
                22,
                tls.client_hello(
                    RNG, "public.example", extra=tls.encrypted_hello(RNG, number, 144)
                ),
            ),
            flow=flow,
        )
        for flow, number in ((1, 33), (2, 34))
    ]
    heard = hear(Said(reply, side=1, dport=53, protocol=17), *hellos)
    assert [heard.notes[flow].hidden_name for flow in (1, 2)] == [True, False]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01",
        b"\x16\x03\x01\xff\xff\x01" + bytes(9),
        b"\x16\x03\x01\0\x06\x01\xff\xff\xff\3\3",
        b"\x16" * 900,
    ],
    ids=["header only", "record too long", "message too long", "noise"],
)
def test_what_only_begins_like_a_hello_gives_no_name(data):
    assert not names_of(hear(Said(data)))


@pytest.mark.parametrize("batches", [1, 2])
def test_a_hello_that_says_two_names_in_one_place_is_told(batches):
    other = HELLO.replace(b"press.plant", b"alloy.plant")
    at = HELLO.index(b"press.plant")
    said = (*cut_up(HELLO, at, 30)[:2], Said(other[at : at + 30], seq=1 + at))
    rest = Said(HELLO[at + 30 :], seq=1 + at + 30)
    heard = hear(*said, rest, batches=batches)
    assert names_of(heard) == NAME
    assert ["differ where they came twice" in gap.detail for gap in heard.gaps] == [True]


def test_a_hello_sent_again_with_another_name_gives_both():
    other = HELLO.replace(b"press.plant", b"alloy.plant")
    heard = hear(Said(HELLO), Said(other))
    assert {name for name, _source in names_of(heard)} == {
        "press.plant.example", "alloy.plant.example",
    }  # fmt: skip
