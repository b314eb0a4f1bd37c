"""SOCKS: where proxies are asked to go, and what is no such question."""

from __future__ import annotations

import random
from struct import pack

import numpy as np
import pytest
from names_hearing import Flows, Said, hear

GREETING = Said(b"\5\1\0", dport=1080)
NAME = b"api.outside.example"
V5 = b"\5\1\0\3" + bytes([len(NAME)]) + NAME + pack(">H", 443)


def asked(*said):
    return [(q.name, q.query_type, q.transport, q.count) for q in hear(*said).queries]


@pytest.mark.parametrize("port", [1080, 9150, 33333])
@pytest.mark.parametrize(
    ("request_", "name", "command"),
    [
        (V5, "api.outside.example", "CONNECT"),
        (b"\5\1\0\1\xcb\0\x71\x09\x01\xbb", "203.0.113.9", "CONNECT"),
        (b"\5\3\0\4" + bytes.fromhex("20010db8") + bytes(11) + b"\x09\0\x35", "2001:db8::9", "UDP"),
    ],
)
def test_a_request_after_a_greeting(port, request_, name, command):
    said = (Said(b"\5\1\0", dport=port), Said(b"\5\0", dport=port, side=1))
    assert asked(*said, Said(request_, dport=port, seq=4)) == [(name, command, "proxy", 1)]


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (b"\4\1\1\xbb\0\0\0\1me\0" + NAME + b"\0", "api.outside.example"),
        (b"\4\1\1\xbb\xcb\0\x71\x09\0", "203.0.113.9"),
    ],
)
def test_a_request_of_version_4(request_, name):
    assert asked(Said(request_, dport=1080)) == [(name, "CONNECT", "proxy", 1)]


@pytest.mark.parametrize(
    "data",
    [
        V5[:-1], V5 + b".", b"\5\0\0\1" + bytes(6), b"\5\1\0\1" + bytes(6), b"\5\1\0\2" + V5[4:],
        V5.replace(b".", b"\x07"), b"\4\1\1\xbb\0\0\0\1me", b"\4\1\1\xbb\xcb\0\x71\x09\0\0\0",
    ],
)  # fmt: skip
def test_what_does_not_hold_to_its_end_is_no_question(data):
    assert asked(GREETING, Said(data, dport=1080, seq=4)) == []


def test_version_4_is_known_on_its_ports_alone():
    request_ = b"\4\1\1\xbb\xcb\0\x71\x09\0"
    assert asked(Said(request_, dport=9050))
    assert not asked(Said(request_, dport=4444))


def test_noise_is_no_question():
    rng = random.Random(4)
    for size in range(9, 200):
        for head in (b"\5\1\0\3", b"\5\1\0\1", b"\4\1"):
            assert asked(Said(head + rng.randbytes(size) + b"\xff", dport=443)) == []


def test_a_request_in_pieces_out_of_order_is_heard_whole_and_no_piece_is_a_fault():
    flows = Flows(isn=np.full(64, 0, np.int64))
    request_ = b"\4\1\1\xbb\xcb\0\x71\x09\0"
    for cut in range(1, len(request_)):
        late = Said(request_[cut:], dport=1080, seq=1 + cut)
        heard = hear(late, Said(request_[:cut], dport=1080), flows=flows)
        assert [(q.name, q.transport) for q in heard.queries] == [("203.0.113.9", "proxy")], cut
        assert not heard.gaps
    for byte in range(256):
        pieces = (Said(b"\1\5\0", seq=2), Said(bytes([byte])))
        assert not hear(*pieces, flows=flows).gaps
