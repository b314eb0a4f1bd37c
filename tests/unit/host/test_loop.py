"""A loop device's file is told by number: its name may be another file's by now."""

from __future__ import annotations

import contextlib
import os
import struct

import pytest

from auditor.host import Unreadable, _loop


@pytest.fixture
def answer(monkeypatch):
    """Return `ask(device, inode)`: what the driver's answer is read as."""

    def ask(device, inode):
        @contextlib.contextmanager
        def opened(name):
            yield 7

        def ioctl(descriptor, request, buffer, mutate):
            assert (descriptor, request, len(buffer)) == (7, 0x4C05, 232)
            struct.pack_into("=QQ", buffer, 0, device, inode)
            return 0

        monkeypatch.setattr(_loop, "opened", opened)
        return _loop.backing("loop0", ioctl=ioctl)

    return ask


@pytest.mark.parametrize(("major", "minor"), [(8, 1), (0, 45), (253, 300), (259, 1048575)])
def test_numbers_are_as_stat_gives_them(answer, major, minor):
    # huge_encode_dev() has the low 32 bits of glibc's makedev().
    encoded = (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
    assert encoded == os.makedev(major, minor)
    assert answer(encoded, 12) == (f"{major}:{minor}", 12)


def test_a_device_without_a_file_is_malformed(answer):
    with pytest.raises(Unreadable):
        answer(8, 0)
