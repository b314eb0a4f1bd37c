from __future__ import annotations

import struct


def sample() -> bytes:
    return b"tjgg" + struct.pack("<8I", 3, 32000, 4096, 256, 32, 32, 128, 2)
