from __future__ import annotations

import struct


def sample(*, version=12, width=4, words=2, labels=1, bucket=3, model=3, size=None) -> bytes:
    arguments = (width, 5, 5, 1, 5, 1, 3, model, bucket, 0, 0, 100)
    head = struct.pack("<Ii12id", 793712314, version, *arguments, 1e-4)
    head += struct.pack("<3i2q", words + labels if size is None else size, words, labels, 9, -1)
    entries = b"".join(b"w%d\0" % n + struct.pack("<qb", 1, 0) for n in range(words + labels))
    matrices = struct.pack("<?qq", False, words + bucket, width) + bytes(
        4 * (words + bucket) * width
    )
    return (
        head
        + entries
        + matrices
        + struct.pack("<?qq", False, labels, width)
        + bytes(4 * labels * width)
    )
