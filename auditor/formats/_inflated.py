"""Shows what a compressed stream holds as a view: decompressed forward, in bounded memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from auditor.evidence.base import GapReason
from auditor.formats._budget import Budget
from auditor.formats._view import View
from auditor.formats._zlib_stream import Deflate

# Input and output of one step of a decompressor, and what is kept of the output: its beginning
# for those who ask what it is, and the newest bytes for those who read on.
_INPUT = 64 << 10
_OUTPUT = 256 << 10
_HEAD = 64 << 10
_WINDOW = 2 << 20
# `xz -9` asks for a dictionary of 64 MiB.
MAX_DICTIONARY = 64 << 20
_MEMORY = MAX_DICTIONARY + (16 << 20)
# Tapes pad a stream with zeros; more of them than this are bytes behind the stream.
_PADDING = 64 << 10


class Decoder(Protocol):
    """A decompressor of one stream, as `bz2` and `lzma` have them."""

    @property
    def eof(self) -> bool:
        """Whether the stream's end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether there is no more output without more input."""

    @property
    def unused_data(self) -> bytes:
        """The input behind the stream's end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes."""


Opener = Callable[[], Decoder]


def deflate() -> Decoder:
    """Return a decompressor of raw deflate (RFC 1951), as zip members have it."""
    return Deflate()


def bzip2() -> Decoder:
    """Return a decompressor of one bzip2 stream."""
    return bz2.BZ2Decompressor()


def xz() -> Decoder:
    """Return a decompressor of one .xz stream; dictionaries beyond `xz -9` are refused."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)


def lzma_alone() -> Decoder:
    """Return a decompressor of the older .lzma files; large dictionaries are refused."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)


class Inflated:
    """The bytes that come out of a compressed stream; each is charged to the file's budget.

    `size` runs through the stream once, unless it was `claimed`. What was passed is forgotten
    (all but the first 64 KiB and the newest 2 MiB); reading it again starts over, and is charged
    again. `joined` reads several streams one behind the other as one, as gzip(1) does.
    Nothing is raised for a broken stream: it ends there, and `trouble` says why.
    """

    def __init__(  # noqa: PLR0913 - what a stream is, by name
        self, source: View, opener: Opener, budget: Budget, *, begin: int = 0,
        claimed: int | None = None, joined: bool = False,
    ) -> None:  # fmt: skip
        """Read `source` from `begin` on."""
        self._source = source
        self._opener = opener
        self._budget = budget
        self._begin = begin
        self._joined = joined
        self._size = claimed
        self._head = b""
        self._summed = 0
        self.crc = 0
        self.trouble = ""
        self.trouble_kind: GapReason = "malformed"
        # Where the stream ends in the source, once its end was seen.
        self.end = -1
        self._rewind()

    @property
    def size(self) -> int:
        """How many bytes come out of the stream."""
        if self._size is None:
            self._size = self.run_through()
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        """Say how many bytes there are, where the truth was found out."""
        self._size = size

    @property
    def end_is_far(self) -> bool:
        """Whether the last bytes cannot be had without decompressing much that lies before."""
        return not self._over

    def run_through(self, at_most: int | None = None) -> int:
        """Return how many bytes come out; stops in the step that passes `at_most`."""
        while not self._over and (at_most is None or self._reached <= at_most):
            self._forget(self._reached)
            self._more()
        return self._reached

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on."""
        if self._size is not None:
            length = min(length, self._size - offset)
        if offset < 0 or length <= 0:
            return b""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if offset < self._reached - len(self._kept):
            self._rewind()
        while self._reached < offset + length and not self._over:
            self._forget(offset)
            self._more()
        begin = offset - (self._reached - len(self._kept))
        return bytes(self._kept[begin : begin + length])

    def _rewind(self) -> None:
        self._decoder = self._opener()
        self._fed = self._begin
        self._reached = 0
        self._kept = bytearray()
        self._over = False

    def _forget(self, needed: int) -> None:
        """Drop what lies before `needed` once there is much of it."""
        begin = self._reached - len(self._kept)
        surplus = min(len(self._kept) - _WINDOW, needed - begin)
        if surplus > _WINDOW:
            del self._kept[:surplus]

    def _more(self) -> None:
        """Decompress one step."""
        if self._decoder.eof and not self._next_stream():
            self._over = True
            return
        data = self._source.at(self._fed, _INPUT) if self._decoder.needs_input else b""
        starved = self._decoder.needs_input and not data
        self._fed += len(data)
        try:
            out = self._decoder.decompress(data, _OUTPUT)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
            self._stop(f"the compressed stream is broken: {error}", error)
            return
        if out:
            self._take(out)
        elif starved and not self._decoder.eof:
            self._stop("the compressed stream ends before its end", None)

    def _take(self, out: bytes) -> None:
        self._budget.inflate(len(out))
        if self._summed == self._reached:
            self.crc = zlib.crc32(out, self.crc)
            self._summed += len(out)
        if self._reached < _HEAD and len(self._head) == self._reached:
            self._head += out[: _HEAD - self._reached]
        self._reached += len(out)
        self._kept += out

    def _stop(self, why: str, error: Exception | None) -> None:
        self._over = True
        self.trouble = why
        refused = isinstance(error, MemoryError) or "Memory usage limit" in str(error)
        self.trouble_kind = "limit" if refused else "malformed"

    def _next_stream(self) -> bool:
        """Go on with the stream behind the one that ended; padding of zeros is passed over."""
        self.end = self._fed - len(self._decoder.unused_data)
        if not self._joined:
            return False
        following = self._source.at(self.end, _PADDING)
        padding = len(following) - len(following.lstrip(b"\0"))
        if padding == len(following) and self.end + padding >= self._source.size:
            self.end += padding
        if not following[padding:].startswith(self._source.at(self._begin, 2)):
            return False
        self._decoder = self._opener()
        self._fed = self.end + padding
        return True
