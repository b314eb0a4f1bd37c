from __future__ import annotations

import struct


def sample() -> bytes:
    return bytes(64) + struct.pack("<QHH4s", 16, 0, 2, b"LANC")
