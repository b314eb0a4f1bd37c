from __future__ import annotations

import struct

from tests.model_samples._archives import tarred

STORAGE = b"\x80\x02(K\x00X\x03\x00\x00\x00cpuctorch\nFloatStorage\nt."
TENSOR = b"\x80\x02(K\x00K\x00ctorch\nFloatTensor\nt."


def members() -> dict[str, bytes]:
    one, none = b"\x80\x02K\x01.", b"\x80\x02]."
    storages = one + STORAGE + struct.pack("<q", 2) + b"\0" * 8 + none
    tensors = one + TENSOR + struct.pack("<i4xqqq", 1, 2, 1, 0)
    return {
        "sys_info": b"\x80\x02}.", "pickle": b"\x80\x02]q\x00.", "storages": storages,
        "tensors": tensors,
    }  # fmt: skip


def sample() -> bytes:
    return tarred(members())
