"""MQTT: how sensors and gateways publish. Client identifiers and contents are not kept."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, big, byte

_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 1, 2, 3, 8, 10
_NAMES = {b"\0\x04MQTT": (4, 5), b"\0\x06MQIsdp": (3,)}
_BRIDGE = 0x80  # some bridges mark the level so
_PORT = 1883
_MOST = 64
# The low half of the first byte, for kinds where it is fixed.
_FLAGS = {
    1: 0, 2: 0, 4: 0, 5: 0, 6: 2, 7: 0, 8: 2, 9: 0, 10: 2, 11: 0, 12: 0, 13: 0, 14: 0, 15: 0,
}  # fmt: skip
_EMPTY = frozenset({12, 13})
_SHORT = frozenset({4, 5, 6, 7, 11, 14})
_MOST_SHORT = 1 << 12
_LONGEST_TOPIC = 1 << 12


def _chooses(rows: Rows) -> Bools:
    connects: Bools = rows.first == _CONNECT << 4
    return connects | rows.on_port(_PORT)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a message's remaining length and where it begins; -1 where it does not hold."""
    value = 0
    for index in range(4):
        one = byte(data, at + 1 + index)
        if one < 0:
            break
        value |= (one & 0x7F) << 7 * index
        if one < 0x80:  # noqa: PLR2004 - the bit that says more follow
            return value, at + 2 + index
    return -1, at


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield kind, flags, the body as far as it is there, and its length on the wire."""
    at = 0
    for _each in range(_MOST):
        if at >= len(data):
            return
        length, start = _length(data, at)
        if length < 0:
            yield 0, 0, b"", 0
            return
        yield data[at] >> 4, data[at] & 15, data[start : start + length], length
        at = start + length


def _connects(body: bytes) -> bool:
    for name, levels in _NAMES.items():
        if body.startswith(name):
            level, flags = byte(body, len(name)) & ~_BRIDGE, byte(body, len(name) + 1)
            return level in levels and not flags & 1 and flags >> 3 & 3 != 3  # noqa: PLR2004
    return False


def _topic_holds(body: bytes, length: int) -> bool:
    size = big(body, 0)
    topic = body[2 : 2 + size]
    if not 0 < size <= min(length - 2, _LONGEST_TOPIC) or len(topic) < min(size, len(body) - 2):
        return False
    return topic.isascii() and topic.decode("ascii").isprintable() and not set(topic) & set(b"#+")


def _holds(  # noqa: PLR0911 - a kind each
    kind: int, flags: int, body: bytes, length: int
) -> bool:
    if kind == _PUBLISH:
        return flags >> 1 & 3 != 3 and _topic_holds(body, length)  # noqa: PLR2004
    if _FLAGS.get(kind) != flags:
        return False
    if kind == _CONNECT:
        return _connects(body)
    if kind in _EMPTY:
        return length == 0
    if kind == _CONNACK:
        return length >= 2 and byte(body, 0) in {0, 1}  # noqa: PLR2004 - flags and code
    if kind in {_SUBSCRIBE, _UNSUBSCRIBE}:
        return length >= 5 and big(body, 0) > 0  # noqa: PLR2004 - identifier and one filter
    return length >= 2 if kind in _SHORT and length < _MOST_SHORT else length == 0  # noqa: PLR2004


def _matches(packet: Packet) -> Likeness:
    """Return how like MQTT it is: a CONNECT is sure, anything else is only on its port."""
    found = list(_messages(packet.data))
    if not found or not all(_holds(*one) for one in found):
        return Likeness.NO
    if found[0][0] == _CONNECT:
        return Likeness.SURE
    at_home = _PORT in {packet.sport, packet.dport}
    exact = packet.whole and sum(len(one[2]) == one[3] for one in found) == len(found)
    return Likeness.MAYBE if at_home and exact else Likeness.NO


def _detail(packet: Packet) -> Detail:
    kinds = {message[0] for message in _messages(packet.data) if _holds(*message)}
    operations = set()
    if _PUBLISH in kinds:
        operations.add("report")
    if _SUBSCRIBE in kinds:
        operations.add("read")
    return Detail(frozenset(operations))


SIGNATURE = Signature(
    title="MQTT",
    application="mqtt",
    specification="OASIS MQTT 3.1.1 and 5.0, 2.1 (packet format), 3.1 (CONNECT)",
    matches=_matches,
    detail=_detail,
    told_by=(0,),
    tcp=(_PORT,),
    on_tcp=True,
    chooses=_chooses,
    firsts=tuple(
        kind << 4 | flags
        for kind in range(1, 16)
        for flags in (range(16) if kind == _PUBLISH else (_FLAGS[kind],))
    ),
)
