"""Flows are given to the protocol that they speak: off its port, in pieces, in the middle."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.packets.industrial import listener
from auditor.packets.industrial._listener import IndustrialListener
from auditor.packets.industrial._signature import Likeness, Signature
from auditor.packets.listening import FlowNote, Heard, Payloads
from tests.captures.messages import industrial


class Flows:
    """As much of a flow table as the listener asks for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.isn = np.full(2 * size, -1, np.int64)

    def __len__(self) -> int:
        return self.size


def payloads(said: list[tuple[int, bytes]], port: int, *, protocol: int = 6) -> Payloads:
    """One flow's payloads: (side, data); side 0 asks `port`."""
    count = len(said)
    side = np.array([one for one, _data in said], np.uint8)
    nth, seqs, sizes = [], [], [len(data) for _side, data in said]
    heard, sent = [0, 0], [1000, 5000]
    for one, data in said:
        nth.append(heard[one])
        seqs.append(sent[one])
        heard[one] += 1
        sent[one] += len(data)
    ports = (np.where(side == 0, 40000, port), np.where(side == 0, port, 40000))
    ends = np.cumsum(sizes)
    heads = [int.from_bytes(data[:8].ljust(8, b"\0"), "big") for _side, data in said]
    return Payloads(
        buffer=memoryview(b"".join(data for _side, data in said) + bytes(256)),
        at=(ends - sizes).astype(np.int64), length=np.array(sizes, np.int64),
        size=np.array(sizes, np.int64), flow=np.zeros(count, np.int64), side=side,
        direction=side.astype(np.int64), nth=np.array(nth, np.int64),
        protocol=np.full(count, protocol, np.int32), sport=ports[0].astype(np.uint16),
        dport=ports[1].astype(np.uint16), seq=np.array(seqs, np.uint32),
        time=np.arange(count, dtype=np.int64), order=np.arange(count, dtype=np.int64),
        head=np.array(heads, np.uint64),
    )  # fmt: skip


def hear(*batches: Payloads, by: IndustrialListener | None = None) -> Heard:
    hearing, flows = by or listener(), Flows(1)
    for batch in batches:
        hearing.take(batch, flows)
    return hearing.finish(flows)


def note(*batches: Payloads) -> FlowNote:
    return hear(*batches).notes.get(0, FlowNote())


def exchange(word: str) -> list[tuple[int, bytes]]:
    said = next(found for name, _t, _p, found in industrial.OVER_IP if name == word)
    return [(0 if outward else 1, data) for outward, data in said]


@pytest.mark.parametrize(
    "word", ["s7comm", "s7comm-plus", "opc-ua", "mqtt", "ethernet-ip", "dnp3", "iec-104", "slmp"]
)
def test_what_has_magic_is_known_on_any_port(word: str) -> None:
    assert note(payloads(exchange(word), 33333)).application == word


def test_modbus_off_its_port_needs_both_ends_to_speak_it_often() -> None:
    said = exchange("modbus")
    assert note(payloads(said, 33333)).application == ""
    assert note(payloads(said * 2, 33333)).application == "modbus"
    assert note(payloads([said[0]] * 6, 33333)).application == ""
    assert note(payloads(said, 502)).application == "modbus"


@pytest.mark.parametrize("word", ["modbus", "s7comm", "opc-ua", "slmp"])
def test_a_message_in_pieces_is_known_on_its_port(word: str) -> None:
    port = next(found for name, _t, found, _e in industrial.OVER_IP if name == word)
    pieces = []
    for side, data in exchange(word):
        pieces += [(side, data[:5]), (side, data[5:])]
    assert note(payloads(pieces, port)).application == word


def test_other_traffic_on_a_known_port_is_not_the_protocol() -> None:
    for port in (502, 102, 4840, 1883, 44818, 20000, 2404, 5007):
        said = [(0, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\n\r\n")]
        assert note(payloads(said, port)).application == ""


def test_a_message_that_the_capture_cut_does_not_stand_for_a_whole_one() -> None:
    write, read = industrial.modbus(9, write=True)[0], exchange("modbus")[0][1]
    said = payloads([(0, write[1]), (0, read), (0, read)], 502)
    said.length[1] = 8
    assert "read" in dict(note(said).facts)["operations"]


def test_a_write_among_many_reads_is_told() -> None:
    reads, write = exchange("modbus"), industrial.modbus(9, write=True)[0][1]
    first = payloads(reads * 50, 502)
    assert note(first).facts == (("operations", "read"),)
    later = payloads([*(reads * 20), (0, write), *(reads * 20)], 502)
    assert note(first, later).facts == (("operations", "read, write"),)


def test_a_signature_that_fails_is_a_gap() -> None:
    def fails(_packet: object) -> Likeness:
        raise ValueError

    broken = Signature(
        title="Broken", application="modbus", specification="none", matches=fails,
        detail=fails, told_by=(0,), tcp=(502,), on_tcp=True,
    )  # fmt: skip
    heard = hear(payloads(exchange("modbus"), 502), by=IndustrialListener((broken,)))
    assert heard.notes == {}
    assert [gap.reason for gap in heard.gaps] == ["crashed"]


BEGINNINGS = {
    "tls": b"\x16\x03\x01\x00\x40\x01\0\0\x3c\3\3" + bytes(58), "ssh": b"SSH-2.0-OpenSSH_9.9\r\n",
    "http": b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
}  # fmt: skip
LIKE_MESSAGES = {2404: b"\x68\4\1\0\2\0", 1883: b"\xc0\0", 502: b"\0\1\0\0\0\6\1\3\0\1\0\2"}


@pytest.mark.parametrize("port", LIKE_MESSAGES)
@pytest.mark.parametrize("begun", BEGINNINGS.values(), ids=BEGINNINGS)
def test_what_begins_as_something_else_is_not_what_its_port_says(begun, port):
    noise = [(n % 2, bytes([0xA7, 0x91, n, 0xC5] * 9)) for n in range(20)]
    said = [(0, begun), (1, begun), *noise, (0, LIKE_MESSAGES[port])]
    assert not hear(payloads(said, port)).notes


@pytest.mark.parametrize("port", LIKE_MESSAGES)
def test_in_a_long_stream_of_noise_one_message_is_none(port):
    noise = [(n % 2, bytes([0xA7, 0x91, n, 0xC5] * 9)) for n in range(40)]
    assert not hear(payloads([*noise, (0, LIKE_MESSAGES[port])], port)).notes
    several = [*noise, *[(0, LIKE_MESSAGES[port])] * 3]
    assert note(payloads(several, port)).application
