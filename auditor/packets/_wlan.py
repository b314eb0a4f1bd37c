"""IEEE 802.11 frames where they are plain, and the radio headers before them."""

from __future__ import annotations

from auditor.packets._layer import LLC, WLAN, Layer, Next
from auditor.packets.skips import Skip

_DATA = 2
_NOT_DATA = {0: Skip.WLAN_MANAGEMENT, 1: Skip.WLAN_CONTROL, 3: Skip.WLAN_CONTROL}
_TO_AND_FROM, _MORE, _PROTECTED, _ORDER = 0x03, 0x04, 0x40, 0x80
_HAS_FCS, _PADDED, _BAD_FCS = 0x10, 0x20, 0x40
_AVS_MAGIC = 0x80211
_LEAST = 8


def wlan(layer: Layer, *, padded: bool = False) -> Next | Skip:
    """Read a frame's header: data goes on with LLC; `padded` to four bytes by some drivers."""
    reason = layer.lacks(2) or _unread(layer.byte(0), layer.byte(1))
    if reason:
        return reason
    subtype, flags = layer.byte(0) >> 4, layer.byte(1)
    size = 30 if flags & _TO_AND_FROM == _TO_AND_FROM else 24
    quality = size if subtype & 8 else 0
    if quality:
        size += 6 if flags & _ORDER else 2
    if padded:
        size += -size % 4
    lack = layer.lacks(size)
    if lack:
        return lack
    if flags & _MORE or layer.byte(22) & 15:
        return Skip.WLAN_FRAGMENT
    rest = layer.after(size).between(_ends(layer, flags))
    if quality and layer.byte(quality) & 0x80:
        return _aggregate(rest)
    return Next(LLC, rest)


def _unread(control: int, flags: int) -> Skip | None:
    """Return why a frame holds no packet that can be read."""
    kind = control >> 2 & 3
    if control & 3:
        return Skip.BAD_LINK
    if kind != _DATA:
        return _NOT_DATA[kind]
    if control >> 4 & 4:
        return Skip.WLAN_NO_DATA
    return Skip.WLAN_ENCRYPTED if flags & _PROTECTED else None


def _ends(layer: Layer, flags: int) -> bytes:
    """Return the destination and the source, which stand where the two direction bits say."""
    destination = layer.cut(16 if flags & 1 else 4, 6)
    if flags & 3 == _TO_AND_FROM:
        return destination + layer.cut(24, 6)
    return destination + layer.cut(16 if flags & 2 else 10, 6)


def _aggregate(layer: Layer) -> Next | Skip:
    """Read an aggregate (A-MSDU) that holds a single packet: it counts as one."""
    lack = layer.lacks(14)
    if lack:
        return lack
    size = layer.word(12)
    if size + 14 < layer.size - 3:
        return Skip.WLAN_AGGREGATE
    return Next(LLC, layer.after(14).first(size).between(layer.cut(0, 12)))


def radiotap(layer: Layer) -> Next | Skip:
    """Read a radiotap header (radiotap.org): its flags tell of a checksum at the frame's end."""
    lack = layer.lacks(8)
    if lack:
        return lack
    size = int.from_bytes(layer.cut(2, 2), "little")
    if layer.byte(0) or size < _LEAST:
        return Skip.BAD_LINK
    lack = layer.lacks(size)
    if lack:
        return lack
    flags = _radiotap_flags(layer.first(size))
    if flags & _BAD_FCS:
        return Skip.BAD_LINK
    frame = layer.after(size)
    if flags & _HAS_FCS:
        frame = frame.first(max(frame.size - 4, 0))
    return wlan(frame, padded=True) if flags & _PADDED else Next(WLAN, frame)


def _radiotap_flags(header: Layer) -> int:
    """Return the field of flags: the second one, after a clock of eight bytes."""
    present = int.from_bytes(header.cut(4, 4), "little")
    if not present & 2:
        return 0
    at, more = 8, present
    while more >> 31 and at + 4 <= header.here:
        more = int.from_bytes(header.cut(at, 4), "little")
        at += 4
    if present & 1:
        at += -at % 8 + 8
    return header.byte(at) if at < header.here else 0


def prism(layer: Layer) -> Next | Skip:
    """Read a Prism header (its length in the order of that machine), or AVS in its place."""
    lack = layer.lacks(8)
    if lack:
        return lack
    if layer.number(0, 4) >> 12 == _AVS_MAGIC:
        return avs(layer)
    size = int.from_bytes(layer.cut(4, 4), "little")
    if size > layer.size:
        size = layer.number(4, 4)
    if size < _LEAST:
        return Skip.BAD_LINK
    return layer.lacks(size) or Next(WLAN, layer.after(size))


def avs(layer: Layer) -> Next | Skip:
    """Read an AVS header."""
    lack = layer.lacks(8)
    if lack:
        return lack
    size = layer.number(4, 4)
    if layer.number(0, 4) >> 12 != _AVS_MAGIC or size < _LEAST:
        return Skip.BAD_LINK
    return layer.lacks(size) or Next(WLAN, layer.after(size))
