"""Steps through the bytes of a GGUF header, never beyond them and never deep."""

from __future__ import annotations

import struct

from auditor.formats._errors import FormatError

Value = str | int | float | bool | None

_STRING, _ARRAY = 8, 9
# Value types of fixed width (ggml/docs/gguf.md): the struct code of each.
_FIXED = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_DEEPEST = 4
# Most strings that are stepped over one by one in a header: a second of work.
_MOST_STRINGS = 4_000_000


class Exhausted(Exception):  # noqa: N818 - not an error: more of the file may have to be read
    """The bytes at hand end before the header does."""


class Cursor:
    """A place in the header. Version 1 counts in 32 bits, later ones in 64."""

    def __init__(self, data: bytes, *, offset: int, big_endian: bool) -> None:
        """Start at `offset`; `version` is set once it is known."""
        self._data = data
        self.offset = offset
        self.version = 3
        self._order = ">" if big_endian else "<"
        self._strings = 0

    def u32(self) -> int:
        """Return an unsigned 32-bit number."""
        return int(self._number("I"))

    def u64(self) -> int:
        """Return an unsigned 64-bit number."""
        return int(self._number("Q"))

    def count(self) -> int:
        """Return a count or length: 32 bits wide in version 1."""
        return self.u32() if self.version == 1 else self.u64()

    def string(self, most: int) -> str:
        """Return a string of at most `most` bytes; what is not UTF-8 becomes U+FFFD."""
        length = self.count()
        if length > most:
            raise FormatError(f"a name of {length} bytes")
        return self._take(length).decode("utf-8", "replace")

    def value(self) -> Value:
        """Return a value with its type before it: arrays are stepped over and give `None`."""
        kind = self.u32()
        if kind == _STRING:
            return self._take(self.count()).decode("utf-8", "replace")
        if kind == _ARRAY:
            self._skip_array(1)
            return None
        if kind not in _FIXED:
            raise FormatError(f"a value of the unknown type {kind}")
        return self._number(_FIXED[kind])

    def _skip_array(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise FormatError("arrays lie too deep in each other")
        kind, length = self.u32(), self.count()
        if kind in _FIXED:
            self._skip(struct.calcsize(f"<{_FIXED[kind]}") * length)
            return
        if kind not in (_STRING, _ARRAY):
            raise FormatError(f"an array of the unknown type {kind}")
        self._strings += length
        if self._strings > _MOST_STRINGS:
            raise FormatError(f"more than {_MOST_STRINGS} strings in arrays", "limit")
        for _ in range(length):
            if kind == _STRING:
                self._skip(self.count())
            else:
                self._skip_array(depth + 1)

    def _number(self, code: str) -> int | float | bool:
        layout = struct.Struct(self._order + code)
        number: int | float | bool = layout.unpack(self._take(layout.size))[0]
        return number

    def _take(self, length: int) -> bytes:
        begin = self.offset
        self._skip(length)
        return self._data[begin : self.offset]

    def _skip(self, length: int) -> None:
        if length > len(self._data) - self.offset:
            raise Exhausted
        self.offset += length
