"""EtherCAT: drives and terminals, on the link or over UDP."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, byte, little

_HEAD, _TRAILER = 10, 2
_LENGTH, _RESERVED, _KIND_SHIFT = 0x07FF, 0x0800, 12
_DATAGRAMS, _VARIABLES, _MAILBOX = 1, 4, 5
_MORE = 0x8000
_MOST = 64
_DOES = {
    1: ("read",), 2: ("write",), 3: ("read", "write"), 4: ("read",), 5: ("write",),
    6: ("read", "write"), 7: ("read",), 8: ("write",), 9: ("read", "write"), 10: ("read",),
    11: ("write",), 12: ("read", "write"), 13: ("read", "write"), 14: ("read", "write"),
}  # fmt: skip
_NO_OPERATION = 0


def _commands(data: bytes) -> Iterator[int]:
    """Yield the command of each datagram; -1 where one does not hold."""
    at, end = 2, 2 + (little(data, 0) & _LENGTH)
    for _each in range(_MOST):
        command, field = byte(data, at), little(data, at + 6)
        after = at + _HEAD + (field & _LENGTH) + _TRAILER
        if (command not in _DOES and command != _NO_OPERATION) or after > end:
            yield -1
            return
        yield command
        if not field & _MORE or after + _HEAD > len(data):
            return
        at = after


def _matches(packet: Packet) -> Likeness:
    head = little(packet.data, 0)
    kind, length = head >> _KIND_SHIFT, head & _LENGTH
    if head & _RESERVED or not length or 2 + length > packet.size:
        return Likeness.NO
    # A datagram has no padding, as a frame has; it proves little else.
    if not packet.ether_type and 2 + length != packet.size:
        return Likeness.NO
    if kind in {_VARIABLES, _MAILBOX}:
        return Likeness.MAYBE
    if kind != _DATAGRAMS or -1 in set(_commands(packet.data)):
        return Likeness.NO
    return Likeness.MAYBE


def _detail(packet: Packet) -> Detail:
    kind = little(packet.data, 0) >> _KIND_SHIFT
    if kind != _DATAGRAMS:
        return Detail(frozenset({"report"} if kind == _VARIABLES else ()))
    words = (_DOES.get(command, ()) for command in _commands(packet.data))
    return Detail(frozenset(word for several in words for word in several))


SIGNATURE = Signature(
    title="EtherCAT",
    application="ethercat",
    specification="IEC 61158-4-12, 5.3 (frames), 5.4 (datagrams)",
    matches=_matches,
    detail=_detail,
    told_by=(1, 2, 8, 9),
    udp=(34980,),
    on_udp=True,
    ether_types=(0x88A4,),
    chooses=lambda rows: rows.on_port(34980),
)
