"""Opens a block device for reading its header: only one that sysfs lists, and only that one."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.evidence.volumes import LuksFacts
from auditor.host import Unreadable
from auditor.host._direct import decoded, encoded, read_file, reasons
from auditor.host._luks import parse

SYSFS = "/sys/class/block"
# Not exclusive, not waiting for a medium, and no link at the end of the way.
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_NUMBER = 64


def luks_header(name: str) -> LuksFacts:
    """Return what the LUKS header of the block device `name` tells; see `Host.luks_header`."""
    with opened(name) as descriptor:
        return parse(lambda offset, length: os.pread(descriptor, length, offset), device_file(name))


@contextmanager
def opened(name: str) -> Iterator[int]:
    """Open a block device for reading; what fails within the block is `Unreadable`, too."""
    path = device_file(name)
    number = decoded(
        read_file(
            encoded(f"{SYSFS}/{name}/dev"), path, limit=_NUMBER, head=False, within_kernel=True
        )
    ).strip()
    real = encoded(path)
    with reasons(path):
        _refuse(os.lstat(real), number, path)
        descriptor = os.open(real, _OPEN)
        try:
            _refuse(os.fstat(descriptor), number, path)
            yield descriptor
        finally:
            os.close(descriptor)


def device_file(name: str) -> str:
    """Return the device file of a name in sysfs, where `!` stands for `/`."""
    if not name or "/" in name or "\0" in name or name.startswith("."):
        raise Unreadable(name, "malformed", "not a name of a block device")
    return f"/dev/{name.replace('!', '/')}"


def _refuse(status: os.stat_result, number: str, path: str) -> None:
    there = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if not modes.S_ISBLK(status.st_mode) or there != number:
        raise Unreadable(path, "unsupported", f"not the block device {number}")
