"""IEC 60870-5-104: telecontrol of power grids."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, byte

_START = 0x68
_LENGTHS = range(4, 254)
_UNNUMBERED = frozenset({0x07, 0x0B, 0x13, 0x23, 0x43, 0x83})
_CONTROL, _HEAD_OF_DATA = 4, 9
_MOST = 64
# Types of ASDU (IEC 60870-5-101, 7.2.1; 104, 8).
_MONITORED = frozenset({*range(1, 41), 70})
_COMMANDS = frozenset({*range(45, 52), *range(58, 65)})
_READS = frozenset({100, 101, 102, 104, 107})
_OTHERS = {103: "configure", 105: "control", 110: "write", 111: "write", 112: "write", 113: "write"}
_FILES = frozenset(range(120, 128))
_TYPES = _MONITORED | _COMMANDS | _READS | _FILES | set(_OTHERS)
_CAUSES = range(1, 48)


def _units(packet: Packet) -> Iterator[bytes | None]:
    """Yield each unit from its control field on; `None` where one does not hold."""
    data, at = packet.data, 0
    for _each in range(_MOST):
        if at >= len(data):
            return
        size = byte(data, at + 1)
        unit = data[at + 2 : at + 2 + size] if size in _LENGTHS else b""
        if data[at] != _START or not _holds(unit, size):
            yield None
            return
        yield unit
        at += 2 + size


def _holds(unit: bytes, size: int) -> bool:
    if len(unit) < _CONTROL:
        return False
    if not unit[0] & 1:
        # Numbered: type, number of objects, cause, common address.
        cause = byte(unit, 6) & 0x3F
        return (
            size > _HEAD_OF_DATA
            and not unit[2] & 1
            and byte(unit, 4) in _TYPES
            and cause in _CAUSES
        )
    if unit[0] == 1:
        return size == _CONTROL and unit[1] == 0 and not unit[2] & 1
    return size == _CONTROL and unit[0] in _UNNUMBERED and unit[1:4] == b"\0\0\0"


def _matches(packet: Packet) -> Likeness:
    units = list(_units(packet))
    # A segment may end within a unit, but its first must be whole.
    if not units or units[0] is None:
        return Likeness.NO
    if None in units and not packet.tcp:
        return Likeness.NO
    starts = units[0][0] in _UNNUMBERED and packet.size == 2 + _CONTROL
    return Likeness.SURE if starts else Likeness.MAYBE


def _detail(packet: Packet) -> Detail:
    operations = set()
    for unit in _units(packet):
        if unit is None:
            break
        if unit[0] & 1:
            continue
        kind = unit[4]
        if kind in _COMMANDS:
            operations.add("control")
        elif kind in _READS:
            operations.add("read")
        elif kind in _MONITORED:
            operations.add("report")
        else:
            operations.add(_OTHERS.get(kind, "upload"))
    return Detail(frozenset(operations))


SIGNATURE = Signature(
    title="IEC 60870-5-104",
    application="iec-104",
    specification="IEC 60870-5-104:2006, 5.1 (APCI), 7 and 8 (ASDU)",
    matches=_matches,
    detail=_detail,
    told_by=(2, 6),
    tcp=(2404,),
    on_tcp=True,
    firsts=(_START,),
)
