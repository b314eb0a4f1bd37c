from __future__ import annotations

import json
import struct


def sample() -> bytes:
    text = json.dumps({"name": "tiny", "version": "2.3.0"}).encode()
    head = b"RKNN\0\0\0\0" + struct.pack("<QQ", 6, 32)
    return head + b"\0" * 32 + struct.pack("<Q", len(text)) + text
