from __future__ import annotations

import struct


def head(kind=b"IxF2", width=4, vectors=3, metric=1) -> bytes:
    return struct.pack("<4siqqqBi", kind, width, vectors, 1 << 20, 1 << 20, 1, metric)


def sample() -> bytes:
    return head() + struct.pack("<Q", 12) + bytes(48)


def binary(width=64, vectors=2) -> bytes:
    return struct.pack("<4siiqBi", b"IBxF", width, width // 8, vectors, 1, 1) + bytes(32)


def on_disk(name=b"/data/lists") -> bytes:
    lists = b"ilod" + struct.pack("<QQQQQQQ", 1, 16, 1, 3, 3, 0, 0)
    lists += struct.pack("<Q", len(name)) + name + struct.pack("<Q", 48)
    return head(b"IwFl") + struct.pack("<QQ", 1, 1) + sample() + b"\0" + bytes(8) + lists
