from __future__ import annotations

import struct


def sample() -> bytes:
    def string(text):
        return struct.pack("<Q", len(text)) + text

    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 2)
    data += string(b"general.architecture") + struct.pack("<I", 8) + string(b"llama")
    data += string(b"list") + struct.pack("<IIQ", 9, 8, 2) + string(b"x") + string(b"yy")
    data += string(b"t") + struct.pack("<IQIQ", 1, 8, 0, 0)
    return data + b"\0" * (-len(data) % 32 + 32)
