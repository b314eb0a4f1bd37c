"""Omron FINS, over UDP and TCP."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import (
    NOTHING,
    Detail,
    Likeness,
    Packet,
    Signature,
    big,
    does,
)

_MAGIC = b"FINS"
_TCP_HEAD, _FRAME = 16, 2
_TCP_COMMANDS = frozenset({0, 1, 2, 3, 6})
_TCP_LENGTHS = range(8, 4096)
_HEAD = 12
_ANSWER, _OTHER_BITS, _MOST_HOPS = 0x40, 0x3E, 7
_MOST = 32
_DOES = {
    0x0101: "read", 0x0102: "write", 0x0103: "write", 0x0104: "read", 0x0105: "write",
    0x0201: "read", 0x0202: "configure", 0x0203: "configure", 0x0220: "read", 0x0304: "configure",
    0x0305: "configure", 0x0306: "upload", 0x0307: "program", 0x0308: "program",
    0x0401: "control", 0x0402: "control", 0x0403: "control", 0x0501: "discover",
    0x0502: "discover", 0x0601: "read", 0x0602: "read", 0x0620: "read", 0x0701: "read",
    0x0702: "configure", 0x0801: "discover", 0x0802: "read", 0x0803: "read", 0x0920: "read",
    0x0C01: "configure", 0x0C02: "configure", 0x0C03: "configure", 0x2101: "configure",
    0x2102: "read", 0x2103: "configure", 0x2140: "read", 0x2141: "configure", 0x2201: "read",
    0x2202: "upload", 0x2203: "program", 0x2204: "program", 0x2205: "program", 0x2207: "program",
    0x2208: "program", 0x220A: "program", 0x220B: "program", 0x220C: "program", 0x2215: "program",
    0x2301: "control", 0x2302: "control",
}  # fmt: skip


def _chooses(rows: Rows) -> Bools:
    magic: Bools = rows.bits(63, 32) == int.from_bytes(_MAGIC, "big")
    header: Bools = (rows.bits(55, 48) == 0) & (rows.bits(47, 40) <= _MOST_HOPS)
    return header | magic


def _command(frame: bytes) -> int:
    """Return a frame's command, 0 where its header does not hold."""
    if len(frame) < _HEAD or frame[0] & _OTHER_BITS or not frame[0] & 0x80 or frame[1]:
        return 0
    command = big(frame, 10)
    holds = frame[2] <= _MOST_HOPS and command in _DOES
    if frame[0] & _ANSWER and len(frame) < _HEAD + 2:
        return 0
    return command if holds else 0


def _over_tcp(data: bytes) -> Iterator[bytes]:
    at = 0
    for _each in range(_MOST):
        size = big(data, at + 4, 4)
        if data[at : at + 4] != _MAGIC or size not in _TCP_LENGTHS:
            return
        if big(data, at + 8, 4) == _FRAME:
            yield data[at + _TCP_HEAD : at + 8 + size]
        at += 8 + size


def _matches(packet: Packet) -> Likeness:
    data = packet.data
    if not packet.tcp:
        return Likeness.MAYBE if _command(data) else Likeness.NO
    holds = (
        data[:4] == _MAGIC
        and big(data, 4, 4) in _TCP_LENGTHS
        and big(data, 8, 4) in _TCP_COMMANDS
        and len(data) >= _TCP_HEAD
    )
    return Likeness.SURE if holds else Likeness.NO


def _detail(packet: Packet) -> Detail:
    frames = _over_tcp(packet.data) if packet.tcp else iter((packet.data,))
    words = {_DOES[command] for frame in frames if (command := _command(frame))}
    return does(*words) if words else NOTHING


SIGNATURE = Signature(
    title="FINS",
    application="fins",
    specification="Omron W342 (FINS commands), W421 section 7-4 (FINS/TCP)",
    matches=_matches,
    detail=_detail,
    told_by=(0, 10, 11, 26, 27),
    tcp=(9600,),
    udp=(9600,),
    on_tcp=True,
    on_udp=True,
    firsts=(0x80, 0x81, 0xC0, 0xC1, _MAGIC[0]),
    chooses=_chooses,
)
