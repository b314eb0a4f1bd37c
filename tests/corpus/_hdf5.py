"""Writes the smallest HDF5 file that has attributes at its root, and a link out of it if asked.

HDF5 File Format Specification 3.0: superblock 0, object headers 1.
"""

from __future__ import annotations

import struct

UNDEFINED = 2**64 - 1


def _padded(raw: bytes) -> bytes:
    return raw + b"\0" * (-len(raw) % 8)


def _message(kind: int, body: bytes) -> bytes:
    raw = _padded(body)
    return struct.pack("<HHB3x", kind, len(raw), 0) + raw


def _attribute(name: str, text: str) -> bytes:
    raw, label = text.encode(), name.encode() + b"\0"
    kind = struct.pack("<B3BI", 0x13, 1, 0, 0, len(raw))
    scalar = bytes([1, 0, 0, 0, 0, 0, 0, 0])
    head = struct.pack("<BxHHH", 1, len(label), len(kind), len(scalar))
    return _message(0x000C, head + _padded(label) + kind + scalar + raw)


def _external(name: str, file: str, path: str) -> bytes:
    target = b"\0" + file.encode() + b"\0" + path.encode() + b"\0"
    head = bytes([1, 0x08, 64, len(name)]) + name.encode()
    return _message(0x0006, head + struct.pack("<H", len(target)) + target)


def hdf5(attributes: dict[str, str], link: str = "") -> bytes:
    """Return a file whose root has text attributes, and an external link to `link`."""
    parts = [_attribute(name, text) for name, text in attributes.items()]
    heap = 96 + 16
    if link:
        info = struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED)
        parts = [_message(0x0002, info), _external("weights", link, "/"), *parts]
        behind = b""
    else:
        size = sum(map(len, parts)) + 24
        tree = heap + size
        parts.insert(0, _message(0x0011, struct.pack("<QQ", tree, tree + 544)))
        nodes = b"TREE" + struct.pack("<BBHQQ", 0, 0, 0, UNDEFINED, UNDEFINED)
        names = b"HEAP" + struct.pack("<B3xQQQ", 0, 8, 1, tree + 544 + 32) + b"\0" * 8
        behind = nodes.ljust(544, b"\0") + names
    body = b"".join(parts)
    header = struct.pack("<BxHII4x", 1, len(parts), 1, len(body)) + body
    whole = 96 + len(header) + len(behind)
    root = struct.pack("<QQII16x", 0, 96, 0, 0)
    versions = bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    places = struct.pack("<QQQQ", 0, UNDEFINED, whole, UNDEFINED)
    return b"\x89HDF\r\n\x1a\n" + versions + places + root + header + behind
