"""SLMP (MELSEC 3E and 4E frames): Mitsubishi and others, in binary and in ASCII."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, little

# Beginnings: request and answer of 3E, of 4E; where the access route begins after each.
_ROUTE_AT = {b"\x50\0": 2, b"\xd0\0": 2, b"\x54\0": 6, b"\xd4\0": 6}
_REQUESTS = frozenset({b"\x50\0", b"\x54\0"})
_ASCII = (b"5000", b"D000", b"5400", b"D400")
_DIGITS = tuple(int.from_bytes(digits, "big") for digits in (b"000", b"400"))
_ROUTE = 7  # network, station, module (two bytes), multidrop, length (two bytes)
_MODULES = frozenset({0x03FF, *range(0x03D0, 0x03D4), *range(0x03E0, 0x03E4)})
_MOST_LENGTH = 8192
_DOES = {
    0x0101: "discover", 0x0401: "read", 0x0403: "read", 0x0406: "read", 0x0601: "read",
    0x0613: "read", 0x0619: "discover", 0x0801: "read", 0x0802: "read", 0x1001: "control",
    0x1002: "control", 0x1003: "control", 0x1005: "control", 0x1006: "control", 0x1401: "write",
    0x1402: "write", 0x1406: "write", 0x1601: "write", 0x1613: "write", 0x1617: "control",
    0x1630: "control", 0x1631: "control", 0x1810: "upload", 0x1811: "upload", 0x1820: "program",
    0x1822: "program", 0x1824: "program", 0x1825: "program", 0x1826: "program", 0x1827: "program",
    0x1828: "upload", 0x1829: "program", 0x182A: "program", 0x0E30: "discover",
    0x3070: "discover",
}  # fmt: skip
_MOST = 32


def _chooses(rows: Rows) -> Bools:
    # The second byte is 0 in binary, digits follow in ASCII.
    binary: Bools = rows.bits(55, 48) == 0
    digits = rows.bits(55, 32)
    ascii_: Bools = (digits == _DIGITS[0]) | (digits == _DIGITS[1])
    return binary | ascii_


def _binary(data: bytes) -> bytes | None:
    """Return a message in ASCII as it is in binary, with zeros for what follows its command.

    Numbers are most significant first in ASCII; lengths count characters.
    """
    asks = data[:1] == b"5"
    at = _ROUTE_AT[bytes.fromhex(data[:4].decode())]
    start = at + _ROUTE
    try:
        digits = bytes.fromhex(data[: 2 * (start + (6 if asks else 2))].decode("ascii"))
    except ValueError:
        return None
    size = int.from_bytes(digits[start - 2 : start], "big")
    if size != len(data) - 2 * start or size % 2:
        return None
    route, after = digits[at:start], digits[start:]
    swapped = route[:2] + route[3:1:-1] + route[4:5] + (size // 2).to_bytes(2, "little")
    numbers = b"".join(after[i : i + 2][::-1] for i in range(0, len(after), 2))
    return digits[:at] + swapped + numbers + bytes(max(size // 2 - len(after), 0))


def _messages(packet: Packet) -> Iterator[tuple[bool, int] | None]:
    """Yield of each message whether it asks, and its command; `None` where one does not hold."""
    data, size = packet.data, packet.size
    if data[:4] in _ASCII:
        converted = _binary(data)
        if converted is None or not packet.whole:
            yield None
            return
        data, size = converted, len(converted)
    at = 0
    for _each in range(_MOST):
        if at >= len(data):
            return
        route = _ROUTE_AT.get(data[at : at + 2], 0)
        start = at + route + _ROUTE
        length = little(data, start - 2)
        asks = data[at : at + 2] in _REQUESTS
        holds = (
            route
            and len(data) >= start + 4 - 2 * (not asks)
            and little(data, at + route + 2) in _MODULES
            and 2 + 4 * asks <= length < _MOST_LENGTH
            and start + length <= size
            and (route == 2 or data[at + 4 : at + 6] == b"\0\0")  # noqa: PLR2004 - 3E
            and (not asks or little(data, start + 2) in _DOES)
        )
        if not holds:
            yield None
            return
        yield asks, little(data, start + 2) if asks else 0
        at = start + length


def _matches(packet: Packet) -> Likeness:
    found = list(_messages(packet))
    if not found or None in found:
        return Likeness.NO
    asked = any(one is not None and one[0] for one in found)
    return Likeness.SURE if asked else Likeness.MAYBE


def _detail(packet: Packet) -> Detail:
    return Detail(
        frozenset(_DOES[one[1]] for one in _messages(packet) if one is not None and one[0])
    )


SIGNATURE = Signature(
    title="SLMP",
    application="slmp",
    specification="CLPA BAP-C2006 (SLMP); Mitsubishi SH-080008 (MC protocol, 3E and 4E frames)",
    matches=_matches,
    detail=_detail,
    told_by=(0, 11, 12, 15, 16, 22, 23, 24),
    tcp=(5000, 5001, 5002, 5006, 5007, 5010),
    udp=(5000, 5001, 5002, 5006, 5007, 5010),
    on_tcp=True,
    on_udp=True,
    firsts=(0x50, 0x54, 0xD0, 0xD4, 0x35, 0x44),
    chooses=_chooses,
)
