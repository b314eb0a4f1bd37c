"""Gives the readers the bytes of a file, or of a part of one, at any offset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

_PAGE = 64 * 1024
_PAGES = 8


class View(Protocol):
    """Bytes that can be read anywhere. What lies beyond the end is not there: no error."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on, fewer where the bytes end."""


class Memory:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        """Keep the bytes."""
        self._data = data

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on."""
        return self._data[offset : offset + length] if offset >= 0 and length > 0 else b""


class Part:
    """A stretch of another view: a member of an archive that lies there as it is."""

    def __init__(self, whole: View, offset: int, size: int) -> None:
        """Show `size` bytes of `whole` from `offset` on, no more than there are."""
        self._whole = whole
        self._offset = offset
        self._size = max(0, min(size, whole.size - offset))

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on."""
        if offset < 0 or offset >= self._size or length <= 0:
            return b""
        return self._whole.at(self._offset + offset, min(length, self._size - offset))


class Paged:
    """Bytes read from a file through `read(offset, length)`; small reads share pages.

    `read` may return fewer bytes only at the end of the file. At most 512 KiB are kept.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        """Read through `read` a file of `size` bytes."""
        self._read = read
        self._size = size
        self._pages: dict[int, bytes] = {}
        self._only: bytes | None = None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on."""
        if offset < 0 or offset >= self._size or length <= 0:
            return b""
        if self._only is not None:
            return self._only[offset : offset + length]
        if self._size <= _PAGE:
            self._only = self._whole(0, self._size)
            return self._only[offset : offset + length]
        length = min(length, self._size - offset)
        if length > _PAGE:
            return self._whole(offset, length)
        number, begin = divmod(offset, _PAGE)
        data = self._page(number)[begin : begin + length]
        if len(data) < length and begin + length > _PAGE:
            data += self._page(number + 1)[: length - len(data)]
        return data

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) == _PAGES:
                del self._pages[next(iter(self._pages))]
            start = number * _PAGE
            page = self._whole(start, min(_PAGE, self._size - start))
            self._pages[number] = page
        return page

    def _whole(self, offset: int, length: int) -> bytes:
        """Read until there is nothing more: pread(2) may give less than it was asked for."""
        parts: list[bytes] = []
        while length > 0:
            part = self._read(offset, length)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)
