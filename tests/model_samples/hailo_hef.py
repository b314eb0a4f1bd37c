from __future__ import annotations

import struct


def sample() -> bytes:
    return b"\x01HEF" + struct.pack(">III", 0, 4, 0) + b"\0" * 20
