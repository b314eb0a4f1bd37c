"""Reads a large file without pushing what others use out of the page cache."""

from __future__ import annotations

import errno
import os

from auditor.host import MIB

# Drop what this read alone brought in, keep what was there before: Linux 6.14 on ext4, xfs and
# btrfs (include/uapi/linux/fs.h). Python has no name for it yet.
DONTCACHE = 0x80
_REFUSED = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})
_LARGE = 8 * MIB
_SAMPLES = 8


class GentleReader:
    """Fills buffers from a descriptor, as `_digests.Reader`.

    Where the kernel knows no `RWF_DONTCACHE`, a large file of which nothing is cached is
    dropped again stretch by stretch (posix_fadvise(2)). One of which something is cached is
    somebody's model being served: it is left as it is.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        """Read a file of `size` bytes."""
        self._descriptor = descriptor
        self._size = size
        self._flags = DONTCACHE
        self._drops = False
        if size > MIB:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def __call__(self, buffer: memoryview, offset: int) -> int:
        """Return how many bytes were read into `buffer` from `offset` on."""
        if self._flags:
            try:
                return os.preadv(self._descriptor, [buffer], offset, self._flags)
            except OSError as error:
                if error.errno not in _REFUSED:
                    raise
                self._flags = 0
                self._drops = self._size >= _LARGE and not self._is_cached()
        count = os.preadv(self._descriptor, [buffer], offset)
        if self._drops:
            os.posix_fadvise(self._descriptor, offset, count, os.POSIX_FADV_DONTNEED)
        return count

    def _is_cached(self) -> bool:
        """Return whether one of a few bytes in the file's midst can be had without waiting.

        Its beginning and end do not count: they were read for the header.
        """
        byte = bytearray(1)
        for number in range(_SAMPLES):
            offset = self._size * (2 * number + 1) // (2 * _SAMPLES)
            try:
                if os.preadv(self._descriptor, [byte], offset, os.RWF_NOWAIT):
                    return True
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in _REFUSED:
                    return True  # it cannot be known: then nothing is dropped
                raise
        return False
