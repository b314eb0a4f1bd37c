"""Asks a loop device for the file behind it by number, not by name (linux/loop.h)."""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable

from auditor.host import Unreadable
from auditor.host._device import opened

GET_STATUS64 = 0x4C05
# struct loop_info64: lo_device, lo_inode, lo_rdevice and what is not needed here.
_INFO = struct.Struct("=3Q208x")
_MINOR_LOW, _MAJOR, _MINOR_HIGH = 0xFF, 0xFFF00, 0xFFFFFFFFFFF00000

Ioctl = Callable[[int, int, bytearray, bool], int]


def backing(name: str, *, ioctl: Ioctl = fcntl.ioctl) -> tuple[str, int]:
    """Return `major:minor` and inode of the file behind a loop device; see `Host.loop_backing`."""
    buffer = bytearray(_INFO.size)
    with opened(name) as descriptor:
        ioctl(descriptor, GET_STATUS64, buffer, True)  # noqa: FBT003 - its own signature
    device, inode, _ = _INFO.unpack(buffer)
    if not inode:
        raise Unreadable(name, "malformed", "the loop device tells no file")
    # huge_encode_dev() of linux/kdev_t.h.
    major = (device & _MAJOR) >> 8
    minor = (device & _MINOR_LOW) | ((device & _MINOR_HIGH) >> 12)
    return f"{major}:{minor}", inode
