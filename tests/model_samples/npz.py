from __future__ import annotations

from tests.model_samples._archives import zipped

HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"


def array() -> bytes:
    text = HEADER + b" " * (-(10 + len(HEADER) + 1) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + b"\0" * 8


def sample() -> bytes:
    return zipped({"a.npy": array(), "b.npy": array()})
