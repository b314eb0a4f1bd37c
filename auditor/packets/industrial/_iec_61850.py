"""What GOOSE and sampled values have in common: a header, then one value in BER."""

from __future__ import annotations

from auditor.packets.industrial._signature import Likeness, Packet, big, byte

_HEAD = 8
_LONG = 0x80
_MOST_LENGTH_BYTES = 3


def likeness(packet: Packet, tag: int) -> Likeness:
    """Return whether a frame's header (IEC 61850-8-1, Annex C) holds and a value `tag` fills it."""
    data, length = packet.data, big(packet.data, 2)
    if length not in range(_HEAD + 2, packet.size + 1) or byte(data, _HEAD) != tag:
        return Likeness.NO
    first = byte(data, _HEAD + 1)
    more = first - _LONG if first > _LONG else 0
    if more > _MOST_LENGTH_BYTES:
        return Likeness.NO
    inside = big(data, _HEAD + 2, more) if more else first
    # A security extension may follow the value (IEC 62351-6).
    return Likeness.SURE if _HEAD + 2 + more + inside <= length else Likeness.NO
