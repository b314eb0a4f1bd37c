"""Headers between an IP header and what it carries: IPv6 extensions, and authentication in both."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from auditor.packets._layer import V4, Layer
from auditor.packets.dissected import Fragment
from auditor.packets.skips import Skip

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _NOTHING, _OPTIONS = 0, 43, 44, 51, 59, 60
_ADDRESS = 16
# Kinds of routing headers: of RFC 2460 and of mobile IPv6 (RFC 6275), and of segments (RFC 8754).
_IN_ORDER, _SEGMENTS = frozenset({0, 2}), 4
_MOBILITY, _IDENTITY, _SHIM = 135, 139, 140
_SKIPPED = frozenset({_HOP_BY_HOP, _ROUTING, _OPTIONS})
# Messages of their own where nothing follows them.
_MESSAGES = frozenset({_MOBILITY, _IDENTITY, _SHIM})
# Every protocol number that `walk` does something about.
BETWEEN = _SKIPPED | _MESSAGES | {_FRAGMENT, _AUTHENTICATION}
# Chains that are longer are not followed: the flow then has the number of the header reached.
_MOST_HEADERS = 32
_JUMBO_OPTION = 0xC204  # with its length
# The next header and the length; a fragment header is never longer or shorter.
_BEGINNING, _FRAGMENT_HEADER = 2, 8


class Chain(Struct, frozen=True, gc=False):
    """What is carried: its protocol, the rest, and whether it is a fragment.

    `end` is where a routing header leads to in the end, where the packet is not there yet.
    """

    protocol: int
    layer: Layer
    fragment: Fragment | None = None
    end: bytes = b""


def walk(protocol: int, layer: Layer, *, version: int) -> Chain | Skip:
    """Go through extension headers (RFC 8200) up to a fragment header or the last of them.

    A header that is longer than its packet ends the chain with its own number.
    """
    end = b""
    for _header in range(_MOST_HEADERS):
        if protocol not in BETWEEN or (version == V4 and protocol != _AUTHENTICATION):
            break
        step = _fragment(layer) if protocol == _FRAGMENT else _after(protocol, layer)
        if isinstance(step, Skip):
            return step
        if step is None:
            break
        protocol, layer, end = step.protocol, step.layer, step.end or end
        if step.fragment:
            return replace(step, end=end)
    return Chain(protocol, layer, end=end)


def _after(protocol: int, layer: Layer) -> Chain | Skip | None:
    """Return what follows a header; `None` where it ends the chain."""
    if not layer.holds(_BEGINNING):
        return None if layer.size < _BEGINNING else Skip.CUT_IP
    following, size = layer.byte(0), (layer.byte(1) + 1) * 8
    if protocol == _AUTHENTICATION:
        size = (layer.byte(1) + 2) * 4
    if (protocol in _MESSAGES and following == _NOTHING) or size > layer.size:
        return None
    if size > layer.here:
        return Skip.CUT_IP
    end = _routed_to(layer.first(size)) if protocol == _ROUTING else b""
    return Chain(following, layer.after(size), end=end)


def _routed_to(header: Layer) -> bytes:
    """Return the last address of a routing header; nothing where the packet is there already."""
    kind, left, count = header.byte(2), header.byte(3), (header.size - 8) // _ADDRESS
    if not left or not count:
        return b""
    if kind in _IN_ORDER:
        return header.cut(8 + (count - 1) * _ADDRESS, _ADDRESS)
    # Segments stand in reverse order, options may follow them (RFC 8754, 2).
    return header.cut(8, _ADDRESS) if kind == _SEGMENTS and header.byte(4) < count else b""


def _fragment(layer: Layer) -> Chain | Skip | None:
    """Return what a fragment header says; one that is alone (RFC 6946) is no fragment."""
    if not layer.holds(_FRAGMENT_HEADER):
        return None if layer.size < _FRAGMENT_HEADER else Skip.CUT_IP
    place = layer.word(2)
    offset, more = place & 0xFFF8, bool(place & 1)
    fragment = Fragment(layer.number(4, 4), offset, more) if offset or more else None
    return Chain(layer.byte(0), layer.after(_FRAGMENT_HEADER), fragment)


def jumbo_size(protocol: int, layer: Layer) -> int:
    """Return the payload's size that a hop-by-hop option gives (RFC 2675), or 0."""
    if protocol != _HOP_BY_HOP or not layer.holds(8):
        return 0
    at, end = 2, min((layer.byte(1) + 1) * 8, layer.here)
    while at + 2 <= end:
        kind = layer.byte(at)
        if layer.word(at) == _JUMBO_OPTION and at + 6 <= end:
            return layer.number(at + 2, 4)
        at += 1 if kind == 0 else 2 + layer.byte(at + 1)
    return 0
