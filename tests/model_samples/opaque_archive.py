from __future__ import annotations


def sample() -> bytes:
    return b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 40
