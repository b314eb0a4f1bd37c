from __future__ import annotations

import struct


def sample() -> bytes:
    return (
        struct.pack("<II", 2, 8) + bytes(16) + b"usearch" + struct.pack("<3H", 2, 1, 0) + bytes(50)
    )
