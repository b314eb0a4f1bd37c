"""Reads flatbuffers over a view: tables, vectors and texts, every offset checked."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._view import View

# flatbuffers.dev, internals: a table begins with the signed distance back to its vtable, whose
# two sizes of 16 bits are followed by one offset a slot; 0 is a slot that is not there.
_MOST_TEXT = 1 << 16
# Writers put the root right behind the header: further away, the bytes before it are something
# else's. As no opcode of pickle is a multiple of four that takes three zeros after it, a root
# this near also tells that the file is no pickle.
_FURTHEST_ROOT = 252


class Table:
    """A table of a flatbuffer: fields by their slot, defaults where they are not there."""

    __slots__ = ("_at", "_budget", "_slots", "_view")

    def __init__(self, view: View, budget: Budget, at: int) -> None:
        """Read the table at an offset; raises `FormatError` where it or its slots lie outside."""
        budget.step(4)
        self._view = view
        self._budget = budget
        self._at = at
        (back,) = _unpack(view, "<i", at)
        vtable = at - back
        if vtable < 0:
            raise FormatError("a table's slots lie before the file", offset=at)
        length, size = _unpack(view, "<HH", vtable)
        if length < 4 or length % 2 or size < 4:  # noqa: PLR2004 - two sizes of 16 bits
            raise FormatError("a table has no valid list of slots", offset=vtable)
        self._slots = _unpack(view, f"<{length // 2 - 2}H", vtable + 4)
        if any(slot >= size for slot in self._slots) or at + size > view.size:
            raise FormatError("a table's slot lies outside of it", offset=at)

    @property
    def offset(self) -> int:
        """Where the table begins."""
        return self._at

    def has(self, slot: int) -> bool:
        """Return whether a slot is there."""
        return slot < len(self._slots) and self._slots[slot] > 0

    def number(self, slot: int, code: str, default: int = 0) -> int:
        """Return a number; `code` as in `struct`."""
        if not self.has(slot):
            return default
        (value,) = _unpack(self._view, f"<{code}", self._at + self._slots[slot])
        return int(value)

    def text(self, slot: int, most: int = _MOST_TEXT) -> str:
        """Return a text, `` where there is none; bytes that are no UTF-8 are malformed."""
        raw = self.octets(slot, most)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError("a text is not UTF-8", offset=self._at) from error

    def octets(self, slot: int, most: int = _MOST_TEXT) -> bytes:
        """Return a vector of bytes; raises `FormatError` (`limit`) for more than `most`."""
        start, count = self.vector(slot, 1)
        if count > most:
            raise FormatError(
                f"a text has more than {most} bytes", "limit", rule="limit-text", offset=start
            )
        return self._view.at(start, count)

    def vector(self, slot: int, width: int) -> tuple[int, int]:
        """Return where a vector's elements of `width` bytes begin, and how many there are."""
        if not self.has(slot):
            return 0, 0
        at = self._target(self._at + self._slots[slot])
        (count,) = _unpack(self._view, "<I", at)
        if at + 4 + count * width > self._view.size:
            raise FormatError("a vector ends beyond the file", offset=at)
        return at + 4, count

    def numbers(self, slot: int, code: str) -> Iterator[int]:
        """Yield a vector's numbers; `code` as in `struct`."""
        width = struct.calcsize(f"<{code}")
        start, count = self.vector(slot, width)
        for index in range(count):
            self._budget.step()
            (value,) = _unpack(self._view, f"<{code}", start + index * width)
            yield int(value)

    def table(self, slot: int) -> Table | None:
        """Return the table that a slot points to."""
        if not self.has(slot):
            return None
        return Table(self._view, self._budget, self._target(self._at + self._slots[slot]))

    def tables(self, slot: int) -> Iterator[Table]:
        """Yield the tables of a vector."""
        start, count = self.vector(slot, 4)
        for index in range(count):
            yield Table(self._view, self._budget, self._target(start + 4 * index))

    def _target(self, at: int) -> int:
        (forward,) = _unpack(self._view, "<I", at)
        if not forward or at + forward >= self._view.size:
            raise FormatError("an offset leads beyond the file", offset=at)
        return at + int(forward)


def root(view: View, budget: Budget) -> Table:
    """Return the first table; one that does not follow right behind the header is malformed."""
    (offset,) = _unpack(view, "<I", 0)
    if offset > _FURTHEST_ROOT or offset % 4:
        raise FormatError(
            "the first table is far from the header: the file may be something else as well",
            rule="flatbuffer-root", offset=0,
        )  # fmt: skip
    return Table(view, budget, offset)


def _unpack(view: View, code: str, at: int) -> tuple[int, ...]:
    data = view.at(at, struct.calcsize(code))
    if len(data) < struct.calcsize(code):
        raise FormatError("the file ends within a table", offset=at)
    return struct.unpack(code, data)
