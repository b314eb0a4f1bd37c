from __future__ import annotations

import struct

from auditor.formats.tfrecord import masked_checksum


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    sums = (struct.pack("<I", masked_checksum(part)) for part in (length, data))
    return length + next(sums) + data + next(sums)


def sample() -> bytes:
    return record(b"first") + record(b"second") + record(b"")
