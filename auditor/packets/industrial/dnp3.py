"""DNP3: substations and waterworks."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, byte, little

_MAGIC = b"\x05\x64"
_HEAD, _BLOCK, _SHORTEST = 10, 16, 5
_POLYNOMIAL = 0xA6BC
_MOST = 64
_DOES = {
    1: "read", 2: "write", 3: "control", 4: "control", 5: "control", 6: "control", 7: "control",
    8: "control", 9: "control", 10: "control", 13: "control", 14: "control", 15: "configure",
    16: "control", 17: "control", 18: "control", 19: "configure", 20: "configure",
    21: "configure", 22: "configure", 24: "configure", 25: "upload", 27: "program",
    29: "configure", 31: "configure", 130: "report",
}  # fmt: skip
_FIRST_FRAGMENT = 0x40


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _bit in range(8):
            crc = crc >> 1 ^ _POLYNOMIAL if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_TABLE = _table()


def _checksum(data: bytes) -> int:
    """Return the checksum of a block (CRC-16/DNP)."""
    crc = 0
    for one in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ one) & 0xFF]
    return ~crc & 0xFFFF


def _frames(data: bytes) -> Iterator[bytes]:
    """Yield the user data of each frame whose header's checksum holds."""
    at = 0
    for _each in range(_MOST):
        head = data[at : at + _HEAD]
        if head[:2] != _MAGIC or byte(head, 2) < _SHORTEST or len(head) < _HEAD:
            return
        if _checksum(head[:8]) != little(head, 8):
            return
        left, at, told = head[2] - _SHORTEST, at + _HEAD, b""
        while left:
            size = min(left, _BLOCK)
            told += data[at : at + size]
            left, at = left - size, at + size + 2
        yield told


def _chooses(rows: Rows) -> Bools:
    chosen: Bools = rows.bits(63, 48) == int.from_bytes(_MAGIC, "big")
    return chosen


def _matches(packet: Packet) -> Likeness:
    return Likeness.SURE if any(True for _ in _frames(packet.data)) else Likeness.NO


def _detail(packet: Packet) -> Detail:
    # After the transport's byte: the control of the application, then its function.
    return Detail(
        frozenset(
            _DOES[function]
            for told in _frames(packet.data)
            if byte(told, 0) & _FIRST_FRAGMENT and (function := byte(told, 2)) in _DOES
        )
    )


SIGNATURE = Signature(
    title="DNP3",
    application="dnp3",
    specification="IEEE 1815-2012, 9.2 (link frames), 8.2 (transport), 4.2 (application)",
    matches=_matches,
    detail=_detail,
    told_by=(3, 10, 12),
    tcp=(20000,),
    udp=(20000,),
    on_tcp=True,
    on_udp=True,
    firsts=(_MAGIC[0],),
    chooses=_chooses,
)
