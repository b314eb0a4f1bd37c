"""Asks the kernel for a file's fs-verity digest (Documentation/filesystems/fsverity.rst)."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Callable

from auditor.host import Unreadable
from auditor.host._direct import descriptor_of, failure

MEASURE_VERITY = 0xC0046686  # _IOWR('f', 134, struct fsverity_digest)
_HEADER = 4  # __u16 digest_algorithm, __u16 digest_size
_ALGORITHMS = {1: ("sha256", 32), 2: ("sha512", 64)}
_LONGEST = 64
# A file system that knows nothing of it, or has it switched off.
_NEVER = frozenset({errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL})

Ioctl = Callable[[int, int, bytearray, bool], int]


def measured(real: bytes, asked: str, *, ioctl: Ioctl = fcntl.ioctl) -> str:
    """Return the fs-verity digest of the file at `real`; see `Host.verity_digest`.

    No privilege is needed. From then on the kernel refuses to read a byte that does not fit.
    """
    buffer = bytearray(_HEADER + _LONGEST)
    buffer[2:_HEADER] = _LONGEST.to_bytes(2, "little")
    with descriptor_of(real, asked) as (descriptor, _):
        try:
            ioctl(descriptor, MEASURE_VERITY, buffer, True)  # noqa: FBT003 - its own signature
        except OSError as error:
            if error.errno == errno.ENODATA:
                return ""
            if error.errno in _NEVER:
                detail = "this file system holds no fs-verity digests"
                raise Unreadable(asked, "unsupported", detail) from error
            raise failure(error, asked) from error
    number = int.from_bytes(buffer[:2], "little")
    length = int.from_bytes(buffer[2:_HEADER], "little")
    name, wanted = _ALGORITHMS.get(number, ("", 0))
    if not name or length != wanted:
        detail = f"an fs-verity digest of algorithm {number} and {length} bytes"
        raise Unreadable(asked, "unsupported", detail)
    return f"{name}:{buffer[_HEADER : _HEADER + length].hex()}"
