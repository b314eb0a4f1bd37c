"""Reads a file that the user named: bounded, and never waiting for a pipe or a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from auditor.errors import AuditError


def read_regular(path: Path, *, limit: int, error: type[AuditError] = AuditError) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes; a link is followed.

    A FIFO, a device or a folder is refused before a byte is read. Raises `error`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, so that what is checked is read
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
                raise error(f"this is {what}, not a file", where=str(path))
            data = file.read(limit + 1)
    except FileNotFoundError as problem:
        raise error("there is no such file", where=str(path)) from problem
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror}", where=str(path)) from problem
    if len(data) > limit:
        raise error(f"larger than {limit} bytes", where=str(path))
    return data
