from __future__ import annotations

import struct


def sample(pages=1, page=512, text=b"CREATE TABLE embedding_metadata(a)") -> bytes:
    head = struct.pack(">16sHBBBBBBII", b"SQLite format 3\0", page, 1, 1, 0, 64, 32, 32, 1, pages)
    head += struct.pack(">IIIIIIIIII20xII", 0, 0, 1, 4, 0, 0, 1, 0, 0, 0, 1, 3045000)
    return (head + text).ljust(512, b"\0")
