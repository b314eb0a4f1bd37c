"""Decompresses zlib and gzip streams so that a wrong checksum does not hide what it is about."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Literal

_TAKEN = 64 << 10
_GZIP_HEADER = 10
_HEADER_CRC, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16


class Deflate:
    """Raw deflate with the manners of the decompressors of `bz2` and `lzma`."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        self._full = False

    @property
    def eof(self) -> bool:
        """Whether the stream's end was reached."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Whether there is no more output without more input."""
        return not self._full and not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """The input behind the stream's end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes; raises `zlib.error`."""
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self._full = len(out) == max_length
        return out


class Wrapped:
    """Deflate between a header and a checksum: the checksum is held against what came out.

    The standard library's own decompressor raises in the step that ends the stream, and what
    that step gave is lost: a whole file, where it is small.
    """

    def __init__(
        self, header: Callable[[bytes], int], checksum: Callable[[bytes, int], int], *,
        start: int, order: Literal["big", "little"], trailer: int,
    ) -> None:  # fmt: skip
        """Begin a stream whose `header` gives its length, 0 where more of it is needed."""
        self._header = header
        self._checksum = checksum
        self._sum = start
        self._order = order
        self._trailer = trailer
        self._length = 0
        self._inner: Deflate | None = None
        self._held = b""
        self._wrong = False
        self.eof = False

    @property
    def needs_input(self) -> bool:
        """Whether there is no more output without more input."""
        return self._inner is None or self._inner.eof or self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        """The input behind the stream's end."""
        return self._held if self.eof else b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes; raises `zlib.error`."""
        if self._wrong:
            raise zlib.error("incorrect data check")
        if self._inner is None:
            self._held += data
            length = self._header(self._held)
            if not length:
                if len(self._held) > _TAKEN:
                    raise zlib.error("the header is too long")
                return b""
            self._inner, data, self._held = Deflate(), self._held[length:], b""
        out = b""
        if self._inner.eof:
            self._held += data
        else:
            out = self._inner.decompress(data, max_length)
            self._sum = self._checksum(out, self._sum)
            self._length += len(out)
            self._held = self._inner.unused_data
        if self._inner.eof and len(self._held) >= self._trailer:
            self._finish()
        return out

    def _finish(self) -> None:
        said = int.from_bytes(self._held[:4], self._order)
        length = int.from_bytes(self._held[4 : self._trailer], self._order)
        sized = self._trailer == 4 or length == self._length & 0xFFFFFFFF  # noqa: PLR2004 - no size
        if said == self._sum and sized:
            self.eof = True
            self._held = self._held[self._trailer :]
        else:
            self._wrong = True


def zlib_stream() -> Wrapped:
    """Return a decompressor of zlib streams (RFC 1950)."""
    return Wrapped(_zlib_header, zlib.adler32, start=1, order="big", trailer=4)


def gzip_member() -> Wrapped:
    """Return a decompressor of one gzip member (RFC 1952)."""
    return Wrapped(_gzip_header, zlib.crc32, start=0, order="little", trailer=8)


def _zlib_header(data: bytes) -> int:
    if len(data) < 2:  # noqa: PLR2004 - RFC 1950 2.2
        return 0
    if data[0] & 0x0F != zlib.DEFLATED or (data[0] << 8 | data[1]) % 31 or data[1] & 0x20:
        raise zlib.error("incorrect header, or a dictionary is asked for")
    return 2


def _gzip_header(data: bytes) -> int:
    """Return the header's length with its optional fields, 0 where more bytes are needed."""
    if len(data) < _GZIP_HEADER:
        return 0
    if data[:3] != b"\x1f\x8b\x08" or data[3] & 0xE0:
        raise zlib.error("incorrect header")
    flags, at = data[3], _GZIP_HEADER
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            at = data.find(b"\0", at) + 1 or len(data) + 1
    length = at + 2 if flags & _HEADER_CRC else at
    if length > len(data):
        return 0
    if flags & _HEADER_CRC and data[at:length] != (zlib.crc32(data[:at]) & 0xFFFF).to_bytes(
        2, "little"
    ):
        raise zlib.error("incorrect header check")
    return length
