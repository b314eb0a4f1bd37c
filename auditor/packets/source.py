"""Opens a capture file and gives its bytes in order, decompressed: bounded, never a pipe."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.errors import AuditError

_CHUNK = 1 << 20
# Zstandard has blocks of 128 KiB in four bytes, and its decoder gives all of its input's output
# at once: small inputs bound it (2 KiB can be at most 64 MiB).
_ZSTD_CHUNK = 2048
_ZSTD_WINDOW = 1 << 27

# A capture compresses ten times, not a thousand: beyond this much and this ratio it is a bomb.
_FREE_INFLATED = 1 << 30
_MOST_RATIO = 400

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE_FIRST, _ZSTD_SKIPPABLE = 0x50, b"\x2a\x4d\x18"  # 0x184D2A50 to …5F


class CaptureError(AuditError):
    """A capture cannot be read from here on: `what` says why, in the words of a gap."""


class Source:
    """The bytes of a capture. `digest` is that of the file as it lies on the disk.

    `position` is how many (decompressed) bytes were given, `consumed` how many of the file were
    read. `fault` says why the compressed stream ended before its end, or is empty.
    """

    def __init__(self, path: Path) -> None:
        """Open a regular file. Raises `CaptureError` for anything else."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as problem:
            raise CaptureError("there is no such file", where=str(path)) from problem
        except OSError as problem:
            raise CaptureError(f"cannot be read: {problem.strerror}", where=str(path)) from problem
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise CaptureError(f"this is {what}, not a file", where=str(path))
        self._file = open(descriptor, "rb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor; closed by __exit__
        self.size = os.fstat(descriptor).st_size
        self._hash = hashlib.sha256()
        self.position = 0
        self.consumed = 0
        self.fault = ""
        self._rest = b""
        self._ready = memoryview(b"")
        self._inflate: _Gzip | _Zstandard | None = None
        head = self._raw(4)
        if head[:2] == _GZIP:
            self.compression = "gzip"
            self._inflate = _Gzip()
        elif head == _ZSTD or (
            head[1:4] == _ZSTD_SKIPPABLE and head[0] & 0xF0 == _ZSTD_SKIPPABLE_FIRST
        ):
            self.compression = "zstd"
            self._inflate = _Zstandard()
        else:
            self.compression = ""
        self._rest = head

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def digest(self) -> str:
        """Return the SHA-256 of the whole file, reading what was not read yet."""
        while self._raw(_CHUNK):
            pass
        return self._hash.hexdigest()

    def readinto(self, target: memoryview) -> int:
        """Fill the target as far as there is something; 0 is the end, or a fault."""
        if self._inflate is None:
            count = self._readinto_plain(target)
        else:
            count = self._readinto_inflated(target)
        self.position += count
        return count

    def _readinto_plain(self, target: memoryview) -> int:
        if self._rest:
            count = min(len(self._rest), len(target))
            target[:count] = self._rest[:count]
            self._rest = self._rest[count:]
            return count
        count = self._file.readinto(target) or 0
        self._hash.update(target[:count])
        self.consumed += count
        return count

    def _readinto_inflated(self, target: memoryview) -> int:
        while not self._ready:
            data = self._inflated()
            if data is None:
                return 0
            self._ready = memoryview(data)
        count = min(len(self._ready), len(target))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _inflated(self) -> bytes | None:
        """Return the next decompressed bytes (perhaps none); `None` at the end or a fault."""
        if self.fault or self._inflate is None:
            return None
        if self.position > max(_FREE_INFLATED, self.consumed * _MOST_RATIO):
            self.fault = f"decompresses to more than {_MOST_RATIO} times its size"
            return None
        data = self._rest or self._raw(self._inflate.chunk)
        self._rest = b""
        if not data:
            return self._last()
        try:
            out, self._rest = self._inflate.feed(data)
        except ValueError as problem:
            self.fault = f"the compressed stream is damaged ({problem})"
            return None
        return out

    def _last(self) -> bytes | None:
        """Return what the decoder still holds when the file has no more."""
        if self._inflate is None or self._inflate.between:
            return None
        out = self._inflate.drain()
        if not out:
            self.fault = "the compressed stream ends before its end"
            return None
        return out

    def _raw(self, size: int) -> bytes:
        data = self._file.read(size) or b""
        self._hash.update(data)
        self.consumed += len(data)
        return data


class _Gzip:
    """Members of gzip, one after another (RFC 1952)."""

    chunk = 1 << 16

    def __init__(self) -> None:
        self.between = False
        self._member = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return decompressed bytes, and the input that is still to be given."""
        if self.between:
            if not data.strip(b"\0"):  # padding after the last member, as tapes have it
                return b"", b""
            self._member = zlib.decompressobj(wbits=31)
            self.between = False
        try:
            out = self._member.decompress(data, _CHUNK)
        except zlib.error as problem:
            raise ValueError(str(problem)) from problem
        if self._member.eof:
            self.between = True
            return out, self._member.unused_data
        return out, self._member.unconsumed_tail

    def drain(self) -> bytes:
        """Return decompressed bytes that wait though all input was given."""
        try:
            out = self._member.decompress(b"", _CHUNK)
        except zlib.error:
            return b""
        self.between = self._member.eof
        return out


class _Zstandard:
    """Frames of Zstandard, one after another, and skippable ones (RFC 8878)."""

    chunk = _ZSTD_CHUNK

    def __init__(self) -> None:
        import zstandard

        self._library = zstandard
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self.between = True
        self._frame = self._context.decompressobj()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return decompressed bytes, and the input that is still to be given."""
        if self.between:
            self._frame = self._context.decompressobj()
            self.between = False
        try:
            out = self._frame.decompress(data[: self.chunk])
        except self._library.ZstdError as problem:
            raise ValueError(str(problem)) from problem
        if self._frame.eof:
            self.between = True
            return out, self._frame.unused_data + data[self.chunk :]
        return out, data[self.chunk :]

    def drain(self) -> bytes:
        """Return nothing: this decoder holds nothing back."""
        return b""
