"""Readers of names against anything a network may say: no fault, no hang, bounded results."""

from __future__ import annotations

import os
import random
import time
from unittest.mock import patch

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from names_hearing import TCP, UDP, Said, hear

from auditor.packets.applications import APPLICATIONS
from auditor.packets.names import _listener, readers
from auditor.packets.names._dns_message import parse
from auditor.packets.names._hello import client_hello, server_hello
from auditor.packets.names._ledger import MOST_NAMES
from tests.captures.messages import dns, http2, plain, quic, tls

# 255 bytes of a DNS name, each escaped (`\\ddd`), and the sign of one cut short.
LONGEST = 4 * 255 + 1
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0")) or 60
RNG = random.Random(11)
HELLO = tls.client_hello(RNG, "press.plant.example", extra=tls.encrypted_hello(RNG, 7, 144))
GRPC = Encoder()
QUERY = dns.question(7, "a.plant.example", edns=True)
CHAIN = [("", "CNAME", "b.example"), ("b.example", "A", "192.0.2.3"), ("x.example", "HTTPS", "")]
# What each reader is for: port, transport, and messages that a mutation begins with.
SAMPLES = {
    "TLS": (443, TCP, [tls.record(22, HELLO), tls.record(22, tls.server_hello(RNG)), tls.records(22, HELLO, 9)]),
    "QUIC": (443, UDP, [
        quic.initial(quic.V1, b"12345678", b"s", quic.crypto(9, HELLO[9:]) + quic.crypto(0, HELLO[:9])),
        quic.initial(quic.V2, b"12345678", b"s", quic.crypto(0, HELLO)),
    ]),
    "DNS": (53, UDP, [QUERY, dns.answer(QUERY, CHAIN)]),
    "DNS over TCP": (53, TCP, [dns.framed(QUERY, dns.answer(QUERY, CHAIN))]),
    "multicast DNS": (5353, UDP, [QUERY, dns.announcement(CHAIN[1:2])]),
    "LLMNR": (5355, UDP, [QUERY, dns.answer(QUERY, CHAIN)]),
    "NetBIOS name service": (137, UDP, [dns.netbios(1, "PRESS"), dns.answer(dns.netbios(1, "P"), [])]),
    "HTTP": (80, TCP, [plain.request("a.example"), b"GET http://b/ HTTP/1.1\r\nHost: b\r\n\r\n" * 3]),
    "HTTP/2": (4317, TCP, [
        http2.opening() + http2.call(Encoder(), 1, "a.example"),
        http2.opening((1, 65536)) + http2.call(GRPC, 1, "b.example") + http2.call(GRPC, 3, "c.example"),
    ]),
    "SOCKS": (1080, TCP, [b"\5\1\0\3\x09a.example\1\xbb", b"\4\1\1\xbb\0\0\0\1me\0a.example\0"]),
    "ESP": (0, 50, [b"\0\0\x10\1\0\0\0\1" + bytes(range(60))]),
    "DTLS": (4433, UDP, [b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x40\x01\0\0\x34\0\0\0\0\0\0\0\x34\xfe\xfd" + bytes(50)]),
}  # fmt: skip
PORTS = sorted({port for port, _, _ in SAMPLES.values()} | {
    21, 23, 25, 67, 69, 88, 110, 123, 135, 139, 143, 161, 389, 443, 445, 500, 514, 547, 1080, 1194,
    1812, 1900, 2049, 3306, 3389, 4500, 5060, 5432, 5683, 6379, 9092, 11211, 27017, 51820,
})  # fmt: skip


def changed(data: bytes, edits: list[tuple[int, int]], cut: int) -> bytes:
    out = bytearray(data)
    for at, value in edits:
        out[at % len(out)] = value
    return bytes(out[: max(1, len(out) - cut)])


def check(heard) -> None:
    """What was heard keeps the bounds and the vocabulary, and nothing of ours went wrong."""
    assert not [gap for gap in heard.gaps if gap.reason == "crashed"]
    for note in heard.notes.values():
        assert note.application in APPLICATIONS or (not note.application and note.names)
        assert len(note.names) <= MOST_NAMES
        for name in note.names:
            assert 0 < len(name.name) <= LONGEST
            assert name.name.removesuffix("…").isascii()
            assert name.name.removesuffix("…").isprintable()
            assert name.first <= name.last
    for query in heard.queries:
        assert query.name.removesuffix("…").isprintable()


def test_every_reader_has_a_sample():
    assert {reader.title for reader in readers()} <= set(SAMPLES)


EDITS = st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=6)


@pytest.mark.parametrize("title", sorted(SAMPLES))
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_changed_messages_cause_no_fault(title, data):
    port, protocol, samples = SAMPLES[title]
    said, seq = [], 1
    for _ in range(data.draw(st.integers(1, 3))):
        sample = data.draw(st.sampled_from(samples))
        whole = changed(sample, data.draw(EDITS), data.draw(st.sampled_from([0, 0, 1, 7, 90])))
        at = data.draw(st.integers(1, len(whole)))
        for part in (whole[:at], whole[at:]) if protocol == TCP else (whole,):
            if part:
                lost = data.draw(st.sampled_from([0, 0, 0, 5]))
                said.append(Said(
                    part, dport=port, protocol=protocol, seq=seq, size=len(part) + lost,
                    side=data.draw(st.integers(0, 1)),
                ))  # fmt: skip
                seq += len(part)
    check(hear(*data.draw(st.permutations(said)), batches=data.draw(st.integers(1, 3))))


@settings(max_examples=EXAMPLES * 3)
@given(
    st.lists(
        st.builds(
            Said,
            data=st.binary(min_size=1, max_size=400),
            dport=st.sampled_from(PORTS),
            protocol=st.sampled_from([TCP, UDP]),
            side=st.integers(0, 1),
            seq=st.integers(0, 2**32 - 1),
            flow=st.integers(0, 3),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_bytes_cause_no_fault(said):
    check(hear(*said))


@settings(max_examples=EXAMPLES)
@given(cut=st.integers(0, 2000), title=st.sampled_from(sorted(SAMPLES)))
def test_a_message_cut_at_any_byte_causes_no_fault_and_no_other_name(cut, title):
    port, protocol, samples = SAMPLES[title]
    for sample in samples:
        whole = hear(Said(sample, dport=port, protocol=protocol))
        part = sample[: max(1, cut % len(sample))]
        heard = hear(Said(part, dport=port, protocol=protocol, size=len(sample)))
        check(heard)
        known = {name.name for note in whole.notes.values() for name in note.names}
        assert {name.name for note in heard.notes.values() for name in note.names} <= known


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=600))
def test_parsers_alone_never_raise(data):
    parse(data)
    parse(data, netbios=True)
    client_hello(data)
    client_hello(data, dtls=True)
    server_hello(data)


def test_a_flood_of_streams_and_questions_is_bounded_and_told():
    with patch.object(_listener, "MOST_STREAMS", 4):
        hello = tls.record(22, HELLO)
        heard = hear(*(Said(hello[:50], flow=flow) for flow in range(20)))
    check(heard)
    assert [gap for gap in heard.gaps if gap.reason == "limit"]
    assert all(heard.notes[flow].application == "tls" for flow in range(20))


def test_pointers_that_cost_much_do_not():
    """A name of pointers, each to the one before, in each of many records."""
    body = b"\0" + b"".join(
        (0xC000 | 12 + max(0, 2 * n - 1)).to_bytes(2, "big") for n in range(4000)
    )
    message = b"\0\1\x81\x80\0\0\xff\xff\0\0\0\0" + body
    begin = time.process_time()
    for _ in range(20):
        parse(message)
    assert time.process_time() - begin < 1
