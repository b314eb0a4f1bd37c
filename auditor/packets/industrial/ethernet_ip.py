"""EtherNet/IP, and CIP within it: Rockwell, Omron and others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditor.packets.batch import Bools, marked
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, byte, little

_HEAD = 24
_LISTS = frozenset({0x04, 0x63, 0x64})
_REGISTER, _UNREGISTER, _NOP = 0x65, 0x66, 0x00
_DATA = frozenset({0x6F, 0x70})
_COMMANDS = _LISTS | _DATA | {_REGISTER, _UNREGISTER, _NOP, 0x72, 0x73}
_STATUSES = frozenset({0, 1, 2, 3, 0x64, 0x65, 0x69})
_IS_COMMAND = marked(1 << 16, _COMMANDS)
_MOST_ITEMS, _ITEMS_AT = 16, 30
# Items of the common packet format.
_ADDRESS_NULL, _CONNECTED, _UNCONNECTED = 0x0000, 0x00B1, 0x00B2
_ITEMS = frozenset({0x0000, 0x000C, 0x0086, 0x00A1, 0x00B1, 0x00B2, 0x0100, 0x8000, 0x8001, 0x8002})
# How a datagram of a connection begins: two items, the first an address with a sequence number.
_CYCLIC = b"\x02\0\x02\x80\x08\0"
# CIP services; those of the connection manager (class 6) have numbers that others have too.
_DOES = {
    0x01: "read", 0x02: "write", 0x03: "read", 0x04: "write", 0x05: "control", 0x06: "control",
    0x07: "control", 0x08: "configure", 0x09: "configure", 0x0E: "read", 0x10: "write",
    0x4B: "write", 0x4C: "read", 0x4D: "write", 0x4E: "write", 0x52: "read", 0x53: "write",
    0x55: "read",
}  # fmt: skip
_MULTIPLE, _MANAGER, _SEND = 0x0A, 6, 0x52
_REPLY = 0x80
_SENT_ON = 10


def _chooses(rows: Rows) -> Bools:
    # Heads are big-endian numbers, the command is little-endian.
    command = rows.bits(63, 56) | rows.bits(55, 48) << np.uint64(8)
    cyclic: Bools = rows.bits(63, 16) == int.from_bytes(_CYCLIC, "big")
    return cyclic | _IS_COMMAND[command]


def _items(data: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield kind, content and end of each item; an end of -1 says that the list does not hold."""
    count = little(data, at)
    if count not in range(1, _MOST_ITEMS + 1):
        yield 0, b"", -1
        return
    at += 2
    for _each in range(count):
        kind, size = little(data, at), little(data, at + 2)
        if kind not in _ITEMS or len(data) < at + 4:
            yield 0, b"", -1
            return
        at += 4 + size
        yield kind, data[at - size : at], at


def _ends_at(data: bytes, at: int, end: int) -> bool:
    return [after for _kind, _content, after in _items(data, at)][-1] == end


def _encapsulated(packet: Packet) -> Iterator[tuple[int, bytes] | None]:
    """Yield the command and the bytes of each message, `None` where one does not hold."""
    data, at = packet.data, 0
    while at < len(data):
        message = data[at:]
        command, size = little(message, 0), little(message, 2)
        end = at + _HEAD + size
        if len(message) < _HEAD or not _holds(message, command, size) or end > packet.size:
            yield None
            return
        yield command, message[: _HEAD + size]
        at = end


def _holds(message: bytes, command: int, size: int) -> bool:
    options = little(message, 20, 4)
    if command not in _COMMANDS or little(message, 8, 4) not in _STATUSES or options:
        return False
    if command == _REGISTER:
        return message[2:4] == b"\4\0" and message[24:28] == b"\1\0\0\0"
    if command == _UNREGISTER:
        return size == 0 and little(message, 4, 4) != 0
    if command in _LISTS:
        return size == 0 or _ends_at(message, _HEAD, _HEAD + size)
    if command in _DATA:
        failed = little(message, 8, 4) != 0 and size == 0
        whole = len(message) >= _HEAD + size
        sent = little(message, 24, 4) == 0 and (
            not whole or _ends_at(message, _ITEMS_AT, _HEAD + size)
        )
        return little(message, 4, 4) != 0 and (failed or sent)
    return little(message, 4, 4) != 0


def _matches(packet: Packet) -> Likeness:
    data = packet.data
    if not packet.tcp and _is_cyclic(packet):
        return Likeness.SURE
    found = list(_encapsulated(packet))
    if not found or None in found:
        return Likeness.NO
    command, size = little(data, 0), little(data, 2)
    strong = command == _REGISTER or (command in _DATA and size)
    return Likeness.SURE if strong else Likeness.MAYBE


def _is_cyclic(packet: Packet) -> bool:
    """Return whether a datagram is of a connection: an address with a sequence number, and data."""
    data = packet.data
    return data[:6] == _CYCLIC and data[14:16] == b"\xb1\0" and 18 + little(data, 16) == packet.size


def _service(cip: bytes) -> str:
    service = byte(cip, 0) & ~_REPLY
    if service == _SEND and cip[1:4] == bytes((2, 0x20, _MANAGER)):
        # Sent on by the connection manager: tick, timeout, length, then the message.
        return _service(cip[_SENT_ON:]) if len(cip) > _SENT_ON else ""
    if cip[2:4] == bytes((0x20, _MANAGER)):
        return ""
    if service == _MULTIPLE and not cip[0] & _REPLY:
        start = 2 + 2 * byte(cip, 1)
        first = start + little(cip, start + 2)
        return _service(cip[first:]) if start < first < len(cip) else ""
    return _DOES.get(service, "")


def _detail(packet: Packet) -> Detail:
    if not packet.tcp and _is_cyclic(packet):
        return Detail(frozenset({"report"}))
    operations = set()
    for one in _encapsulated(packet):
        if one is None:
            break
        command, message = one
        if command in _LISTS:
            operations.add("discover")
        for kind, content, _end in _items(message, _ITEMS_AT) if command in _DATA else ():
            cip = content[2:] if kind == _CONNECTED else content
            if kind in {_CONNECTED, _UNCONNECTED} and (word := _service(cip)):
                operations.add(word)
    return Detail(frozenset(operations))


SIGNATURE = Signature(
    title="EtherNet/IP",
    application="ethernet-ip",
    specification="ODVA, CIP Networks Library volume 2, 2-3 (encapsulation), 2-6 (packet format)",
    matches=_matches,
    detail=_detail,
    told_by=(0, 36, 40, 42, 43, 46, 50, 52),
    tcp=(44818,),
    udp=(44818, 2222),
    on_tcp=True,
    on_udp=True,
    firsts=tuple(sorted({command & 0xFF for command in _COMMANDS} | {2})),
    chooses=_chooses,
)
