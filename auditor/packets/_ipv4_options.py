"""IPv4 options that say where a packet goes in the end (RFC 791, 3.1)."""

from __future__ import annotations

_END, _NOTHING, _LOOSE, _STRICT = 0, 1, 131, 137
# Kind, length and pointer stand before a route's addresses; the pointer counts from 1.
_ROUTE_HEAD, _ADDRESS, _SHORTEST = 3, 4, 2


def route_end(options: bytes) -> bytes:
    """Return the last address of a source route; nothing where the packet is there already."""
    at = 0
    while at < len(options) and options[at] != _END:
        if options[at] == _NOTHING:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < _SHORTEST or at + size > len(options):
            return b""
        if options[at] in {_LOOSE, _STRICT} and size >= _ROUTE_HEAD + _ADDRESS:
            # Beyond its last address the pointer says that all of it was gone.
            return options[at + size - _ADDRESS : at + size] if options[at + 2] < size else b""
        at += size
    return b""
