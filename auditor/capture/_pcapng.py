"""Writes pcapng blocks (draft-ietf-opsawg-pcapng): a section, an interface, packets, statistics."""

from __future__ import annotations

from struct import pack

_SECTION, _INTERFACE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 5, 6
_MAGIC = 0x1A2B3C4D
_END, _NAME, _RESOLUTION, _RECEIVED, _DROPPED, _APPLICATION = 0, 2, 9, 4, 5, 4
SNAP_LENGTH = 262_144
MICROSECONDS = 6


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _block(kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return pack("<II", kind, size) + body + pack("<I", size)


def _options(*options: tuple[int, bytes]) -> bytes:
    told = b"".join(pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return told + pack("<HH", _END, 0)


def beginning(interface: str, link_type: int) -> bytes:
    """Return the blocks that begin a capture of one interface; times are in microseconds."""
    section = pack("<IHHq", _MAGIC, 1, 0, -1) + _options((_APPLICATION, b"audit"))
    described = pack("<HHI", link_type, 0, SNAP_LENGTH) + _options(
        (_NAME, interface.encode()), (_RESOLUTION, bytes([MICROSECONDS]))
    )
    return _block(_SECTION, section) + _block(_INTERFACE, described)


def packet(data: bytes, microseconds: int) -> bytes:
    """Return the block of one packet, captured at a time since 1970."""
    head = pack("<IIIII", 0, microseconds >> 32, microseconds & 0xFFFFFFFF, len(data), len(data))
    return _block(_PACKET, head + _padded(data))


def statistics(microseconds: int, received: int, dropped: int) -> bytes:
    """Return the block that ends a capture: how many packets came, and how many were lost."""
    head = pack("<III", 0, microseconds >> 32, microseconds & 0xFFFFFFFF)
    counts = _options((_RECEIVED, pack("<Q", received)), (_DROPPED, pack("<Q", dropped)))
    return _block(_STATISTICS, head + counts)
