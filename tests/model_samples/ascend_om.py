from __future__ import annotations

import struct


def sample() -> bytes:
    head = b"IMOD" + struct.pack("<II", 256, 0x10000000) + b"\0" * 64 + struct.pack("<I", 0)
    head += bytes([0, 1, 0, 0]) + b"tiny".ljust(32, b"\0")
    return head.ljust(256, b"\0") + struct.pack("<I", 0)
