"""BACnet/IP: building automation."""

from __future__ import annotations

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import (
    NOTHING,
    Detail,
    Likeness,
    Packet,
    Signature,
    big,
    byte,
    does,
)

_FIRST = 0x81
# Functions of the virtual link: where the network's part begins, or which length they have.
_NETWORK_AT = {4: 10, 9: 4, 10: 4, 11: 4}
_LENGTHS = {0: 6, 2: 4, 5: 6, 6: 4, 8: 10}
_TABLES = frozenset({1, 3, 7})
_ENTRY = 10
_VERSION = 1
_RESERVED, _NETWORK_MESSAGE, _TO, _FROM = 0x50, 0x80, 0x20, 0x08
_CONFIRMED = {
    1: "report", 2: "report", 5: "read", 6: "read", 7: "program", 8: "write", 9: "write",
    10: "configure", 11: "configure", 12: "read", 14: "read", 15: "write", 16: "write",
    17: "control", 18: "control", 20: "control", 26: "read", 28: "read", 30: "write", 31: "write",
}  # fmt: skip
_UNCONFIRMED = {
    0: "discover", 1: "discover", 2: "report", 3: "report", 4: "control", 6: "configure",
    7: "discover", 8: "discover", 9: "configure", 10: "write", 11: "report",
}  # fmt: skip
_SEGMENTED = 0x08


def _chooses(rows: Rows) -> Bools:
    return rows.bits(55, 48) < 13  # noqa: PLR2004 - functions there are


def _matches(packet: Packet) -> Likeness:
    data = packet.data
    function, length = byte(data, 1), big(data, 2)
    if data[:1] != bytes([_FIRST]) or length != packet.size:
        return Likeness.NO
    at = _NETWORK_AT.get(function)
    if at is not None:
        holds = byte(data, at) == _VERSION and not byte(data, at + 1) & _RESERVED
        return Likeness.SURE if holds and length > at + 2 else Likeness.NO
    if function in _TABLES:
        return Likeness.MAYBE if (length - 4) % _ENTRY == 0 else Likeness.NO
    return Likeness.MAYBE if _LENGTHS.get(function) == length else Likeness.NO


def _service_at(data: bytes, at: int) -> int:
    """Return where the application's part begins, -1 where there is none."""
    control, at = byte(data, at + 1), at + 2
    if control < 0 or control & _NETWORK_MESSAGE:
        return -1
    for address in (_TO, _FROM):
        if control & address:
            at += 3 + max(0, byte(data, at + 2))
    return at + 1 if control & _TO else at


def _detail(packet: Packet) -> Detail:
    data = packet.data
    at = _NETWORK_AT.get(byte(data, 1))
    if at is None:
        return does("configure") if byte(data, 1) in _TABLES | {5, 8} else NOTHING
    start = _service_at(data, at)
    first = byte(data, start) if start > 0 else -1
    if first < 0:
        return NOTHING
    kind = first >> 4
    if kind == 0:
        service = byte(data, start + (5 if first & _SEGMENTED else 3))
        word = _CONFIRMED.get(service, "")
    else:
        word = _UNCONFIRMED.get(byte(data, start + 1), "") if kind == 1 else ""
    return does(word) if word else NOTHING


SIGNATURE = Signature(
    title="BACnet/IP",
    application="bacnet",
    specification="ANSI/ASHRAE 135, Annex J (virtual link), 6.2 (network), 20.1 (application)",
    matches=_matches,
    detail=_detail,
    told_by=(1, 5, 6, 7, 8, 9, 12, 15),
    udp=(47808,),
    on_udp=True,
    firsts=(_FIRST,),
    chooses=_chooses,
)
