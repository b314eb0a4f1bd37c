from __future__ import annotations

import struct


def sample() -> bytes:
    return b"ftrt" + struct.pack("<IIQI", 0x60, 0, 16, 1) + b"\0" * 16
