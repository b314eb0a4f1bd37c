"""HART-IP: sensors and valves of process plants."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, big, byte

_HEAD = 8
_VERSIONS = frozenset({1, 2})
_KINDS = frozenset({0, 1, 2, 15})
_INITIATE, _CLOSE, _KEEP, _TOKEN = 0, 1, 2, 3
_SESSION = 5
# Frames of the token-passing data link (HART): master to device, device to master, burst.
_FRAMES = frozenset({1, 2, 6})
_LONG_ADDRESS, _EXPANSIONS = 0x80, 0x60
# Universal and common-practice commands; what is not listed is not known.
_READS = frozenset(
    {0, 1, 2, 3, 7, 8, 9, 11, 12, 13, 14, 15, 16, 20, 21, 33, 48, 50, 54, 57, 60, 61}
)
_WRITES = frozenset({6, 17, 18, 19, 22, 34, 35, 36, 37, 40, 43, 44, 45, 46, 47, 49, 51, 53, 55, 56})
_CONTROLS = frozenset({38, 39, 41, 42, 79})
_MOST = 32


def _chooses(rows: Rows) -> Bools:
    return (rows.bits(55, 48) < 16) & (rows.bits(47, 40) < 4)  # noqa: PLR2004 - kinds, identifiers


def _frame(body: bytes) -> tuple[int, bool] | None:
    """Return the command of a HART frame and whether its checksum holds."""
    first = byte(body, 0)
    if first < 0 or first & 7 not in _FRAMES:
        return None
    at = 1 + (5 if first & _LONG_ADDRESS else 1) + ((first & _EXPANSIONS) >> 5)
    size = byte(body, at + 1)
    if size < 0 or len(body) != at + 3 + size:
        return None
    check = 0
    for one in body[:-1]:
        check ^= one
    return body[at], check == body[-1]


def _messages(packet: Packet) -> Iterator[tuple[int, bytes] | None]:
    """Yield each message's identifier and body; `None` where one does not hold."""
    data, at = packet.data, 0
    for _each in range(_MOST):
        if at >= len(data):
            return
        kind, identifier, length = byte(data, at + 1), byte(data, at + 2), big(data, at + 6)
        body = data[at + _HEAD : at + length]
        holds = (
            data[at] in _VERSIONS
            and kind in _KINDS
            and length >= _HEAD
            and at + length <= packet.size
            and _body_holds(kind, identifier, body, length - _HEAD)
        )
        if not holds:
            yield None
            return
        yield identifier, body
        at += length


def _body_holds(kind: int, identifier: int, body: bytes, size: int) -> bool:
    if identifier == _INITIATE:
        return size in {0, _SESSION} and byte(body, 0) in {-1, 0, 1}
    if identifier in {_CLOSE, _KEEP}:
        return size == 0
    return identifier == _TOKEN and (kind == 15 or _frame(body) is not None)  # noqa: PLR2004 - refused


def _matches(packet: Packet) -> Likeness:
    found = list(_messages(packet))
    if not found or None in found:
        return Likeness.NO
    sure = any(
        one is not None and one[0] == _TOKEN and (_frame(one[1]) or (0, False))[1] for one in found
    )
    return Likeness.SURE if sure else Likeness.MAYBE


def _detail(packet: Packet) -> Detail:
    operations = set()
    for one in _messages(packet):
        if one is None:
            break
        frame = _frame(one[1]) if one[0] == _TOKEN else None
        if frame is None:
            continue
        if byte(packet.data, 1) == 2:  # noqa: PLR2004 - published
            operations.add("report")
        elif frame[0] in _READS:
            operations.add("read")
        elif frame[0] in _WRITES:
            operations.add("write")
        elif frame[0] in _CONTROLS:
            operations.add("control")
    return Detail(frozenset(operations))


SIGNATURE = Signature(
    title="HART-IP",
    application="hart-ip",
    specification="FieldComm Group TS20085 (HART-IP), TS20081 (token-passing data link)",
    matches=_matches,
    detail=_detail,
    told_by=(1, 2, 8, 10, 14, 15, 16),
    tcp=(5094,),
    udp=(5094,),
    on_tcp=True,
    on_udp=True,
    firsts=tuple(sorted(_VERSIONS)),
    chooses=_chooses,
)
