from __future__ import annotations


def header(text: bytes, version: int = 1) -> bytes:
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes((version, 0)) + length + text


def sample() -> bytes:
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    return header(text.ljust(117) + b"\n") + b"\0" * 24
