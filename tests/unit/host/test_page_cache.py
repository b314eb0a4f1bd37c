"""What is read to be hashed does not stay in the page cache, and what was there does."""

import ctypes
import errno
import mmap
import os
import subprocess

import pytest

from auditor.host import MIB
from auditor.host import _page_cache as page_cache
from auditor.host._page_cache import GentleReader


def cached(path):
    """Return how much of a file is in the page cache, in MiB, by mincore(2): it disturbs nothing.

    A read that must not wait would tell too, and start reading ahead.
    """
    library = ctypes.CDLL(None, use_errno=True)
    with path.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        pages = (len(mapped) + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        vector = (ctypes.c_ubyte * pages)()
        start = ctypes.c_char.from_buffer(mapped)
        refused = library.mincore(
            ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(len(mapped)), vector
        )
        del start
    assert not refused
    return sum(page & 1 for page in vector) * mmap.PAGESIZE // MIB


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(16 * MIB))
    forget(path)
    if cached(path):
        pytest.skip("this file system keeps its files in memory")
    return path


def forget(path):
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_through(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        reader = GentleReader(descriptor, path.stat().st_size)
        buffer = memoryview(bytearray(MIB))
        data, offset = [], 0
        while count := reader(buffer, offset):
            data.append(bytes(buffer[:count]))
            offset += count
        return b"".join(data)
    finally:
        os.close(descriptor)


def without_dontcache(monkeypatch):
    preadv = os.preadv

    def old(descriptor, buffers, offset, flags=0):
        if flags & page_cache.DONTCACHE:
            raise OSError(errno.EOPNOTSUPP, "no such flag")
        return preadv(descriptor, buffers, offset, flags)

    monkeypatch.setattr(page_cache.os, "preadv", old)


@pytest.mark.parametrize("old", [False, True])
def test_a_file_that_nobody_uses_leaves_nothing_behind(file, monkeypatch, old):
    with monkeypatch.context() as patch:
        if old:
            without_dontcache(patch)
        data = read_through(file)
    assert len(data) == 16 * MIB
    assert cached(file) <= 2
    assert data == file.read_bytes()


@pytest.mark.parametrize("old", [False, True])
def test_a_file_that_is_being_served_stays_where_it_is(file, monkeypatch, old):
    subprocess.run(["cat", str(file)], stdout=subprocess.DEVNULL, check=True)
    before = cached(file)
    assert before == 16
    with monkeypatch.context() as patch:
        if old:
            without_dontcache(patch)
        read_through(file)
    assert cached(file) == before


def test_errors_of_the_disk_are_not_taken_for_a_missing_flag(file, monkeypatch):
    def broken(*_arguments):
        raise OSError(errno.EIO, "disk")

    monkeypatch.setattr(page_cache.os, "preadv", broken)
    with pytest.raises(OSError, match="disk"):
        read_through(file)
