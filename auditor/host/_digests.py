"""Computes the digests of a file in one pass over its bytes, however large it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator
from importlib import import_module
from typing import Protocol

from msgspec import Struct

from auditor.host import MIB, Stat, Unreadable, untold
from auditor.host._direct import descriptor_of, told
from auditor.host._page_cache import GentleReader

STRONG = ("sha256", "sha512", "blake2b", "blake3", "sm3")
ALGORITHMS = (*STRONG, "md5", "git-sha1")
CHUNK = 2 * MIB  # measured: less loses a third of a fast disk's pace, 8 MiB leave the CPU's cache
# A file of more than this, of which less than a sixteenth lies on the disk, is made of holes:
# no weights are, and to hash the rest of an exabyte of zeros would never end.
_SPARSE_FROM = 64 * 1024 * MIB
_SPARSE_SHARE = 16
_BLOCK = 512  # of st_blocks, whatever the file system's is (stat(2))

# Fills a buffer with the bytes from an offset on; returns how many, 0 at the end.
Reader = Callable[[memoryview, int], int]
Span = tuple[int, int]
Digesting = Generator[int, None, tuple[str, ...]]


class Hasher(Protocol):
    """A hash function in the middle of its work."""

    def update(self, data: memoryview, /) -> object:
        """Take in some bytes more."""

    def hexdigest(self) -> str:
        """Return the digest of all of them."""


class Content(Struct, frozen=True, kw_only=True):
    """A file's bytes to be digested: how they are read, from where on, and how many there are.

    `whole` says that the file ends there: it is looked at whether it does.
    """

    read: Reader
    begin: int
    size: int
    whole: bool


def content(read: Reader, size: int, span: Span | None, asked: str) -> Content:
    """Return the part of a file of `size` bytes that is meant; raises `Unreadable` for none."""
    if span is None:
        return Content(read=read, begin=0, size=size, whole=True)
    begin, end = span
    if not 0 <= begin <= end <= size:
        raise Unreadable(asked, "malformed", f"it has no bytes from {begin} to {end}")
    return Content(read=read, begin=begin, size=end - begin, whole=False)


def digesting(part: Content, algorithms: tuple[str, ...], asked: str) -> Digesting:
    """Digest a part stretch by stretch: yield the bytes of each, return `<algorithm>:<hex>`.

    More or fewer bytes than there should be are `malformed`.
    """
    hashers = [hasher(algorithm, part.size, asked) for algorithm in algorithms]
    buffer = memoryview(bytearray(max(1, min(part.size, CHUNK))))
    done = 0
    while done < part.size:
        count = part.read(buffer[: part.size - done], part.begin + done)
        if not count:
            raise changed(asked)
        read = buffer[:count]
        for one in hashers:
            one.update(read)
        done += count
        yield count
    if part.whole and part.read(buffer[:1], done):
        raise changed(asked)
    return tuple(
        f"{algorithm}:{one.hexdigest()}" for algorithm, one in zip(algorithms, hashers, strict=True)
    )


def finished(work: Digesting, heard: Callable[[int], None] = untold) -> tuple[str, ...]:
    """Return what a digesting gives in the end; `heard` hears how many bytes more are done."""
    while True:
        try:
            count = next(work)
        except StopIteration as end:
            found: tuple[str, ...] = end.value
            return found
        heard(count)


def hasher(algorithm: str, size: int, asked: str) -> Hasher:
    r"""Return a hash function at its beginning, `size` being that of what it will be given.

    `git-sha1` is the name of a blob in git (`blob <size>\0` and the bytes), `md5` what DVC
    names files by: both tell copies from one another, and neither is proof of anything.
    """
    if algorithm == "git-sha1":
        return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if algorithm == "blake3":
        return _blake3(asked)
    if algorithm in ALGORITHMS:
        try:
            return hashlib.new(algorithm, usedforsecurity=algorithm != "md5")
        except ValueError as error:
            detail = f"the cryptographic library here has no {algorithm}"
            raise Unreadable(asked, "unsupported", detail) from error
    raise Unreadable(asked, "unsupported", f"there is no digest called {algorithm}")


def _blake3(asked: str) -> Hasher:
    try:
        made: Hasher = import_module("blake3").blake3()
    except ImportError as error:
        detail = "BLAKE3 needs the package blake3 (the extra of that name)"
        raise Unreadable(asked, "unsupported", detail) from error
    return made


def of_file(
    real: bytes,
    asked: str,
    algorithms: tuple[str, ...],
    *,
    span: Span | None = None,
    remote: bool = False,
) -> Digesting:
    """Digest the file at `real` stretch by stretch; see `Host.digest`, and `refuse_holes`."""
    with descriptor_of(real, asked) as (descriptor, before):
        refuse_holes(before, asked, remote=remote)
        reader = GentleReader(descriptor, before.st_size)
        part = content(reader, before.st_size, span, asked)
        found = yield from digesting(part, algorithms, asked)
        if state(told(os.fstat(descriptor))) != state(told(before)):
            raise changed(asked)
    return found


def state(status: Stat) -> tuple[str, int, int, int, int]:
    """Return what tells one state of a file from the next: a write changes one of them."""
    return (status.device, status.inode, status.size, status.mtime_ns, status.ctime_ns)


def changed(asked: str) -> Unreadable:
    """Return the refusal of a file that did not stay as it was."""
    return Unreadable(asked, "malformed", "it changed while it was read")


def refuse_holes(status: os.stat_result, asked: str, *, remote: bool = False) -> None:
    """Raise `Unreadable` (limit) for a huge file of which nearly nothing lies on the disk.

    File systems of other machines often tell no blocks at all (`remote`): that says nothing.
    """
    kept = status.st_blocks * _BLOCK
    if status.st_size <= _SPARSE_FROM or (remote and not kept):
        return
    if kept < status.st_size // _SPARSE_SHARE:
        detail = f"a file of holes: {kept} of its {status.st_size} bytes lie on the disk"
        raise Unreadable(asked, "limit", detail)
