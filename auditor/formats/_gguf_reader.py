"""Steps through the bytes of a GGUF header, never beyond them and never deep."""

from __future__ import annotations

import re
import struct
from functools import cache

from auditor.formats._errors import FormatError

Value = str | int | float | bool | list[str] | None

_STRING, _ARRAY = 8, 9
# Value types of fixed width (ggml/docs/gguf.md): the struct code of each.
_FIXED = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_DEEPEST = 4
_KEY = 1 << 16
# Most strings that are stepped over one by one in a header: a second of work.
_MOST_STRINGS = 4_000_000
# Arrays of strings that are kept where they are asked for; a vocabulary is longer.
_KEPT = 64
_RUN = 128
_SHORT = 64


@cache
def _run_of_strings() -> re.Pattern[bytes]:
    """Return what a run of short strings looks like, each with its length in 64 bits.

    Vocabularies have 30,000 to 260,000 strings: this steps over them three times faster than
    a loop does, and never backtracks, since each length is one alternative.
    """
    usual_first = sorted(range(_SHORT), key=lambda length: abs(length - 6))
    each = (re.escape(bytes([n])) + bytes(7) + b"." * n for n in usual_first)
    return re.compile(b"(?:%b){%d}+" % (b"|".join(each), _RUN), re.DOTALL)


@cache
def _layout(code: str) -> struct.Struct:
    return struct.Struct(code)


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
        self._counted = 0

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

    def value(self, *, keep: bool = False) -> Value:
        """Return a value with its type before it.

        Arrays are stepped over and give `None`; those of up to 64 strings are kept if asked.
        """
        kind = self.u32()
        if kind == _STRING:
            return self._take(self.count()).decode("utf-8", "replace")
        if kind == _ARRAY:
            if keep and self._is_short():
                return self._strings()
            self._skip_array(1)
            return None
        if kind not in _FIXED:
            raise FormatError(f"a value of the unknown type {kind}")
        return self._number(_FIXED[kind])

    def _is_short(self) -> bool:
        begin = self.offset
        kind, length = self.u32(), self.count()
        self.offset = begin
        return kind == _STRING and length <= _KEPT

    def _strings(self) -> list[str]:
        self.u32()
        return [self.string(_KEY) for _ in range(self.count())]

    def _skip_array(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise FormatError("arrays lie too deep in each other")
        kind, length = self.u32(), self.count()
        if kind in _FIXED:
            self._skip(struct.calcsize(f"<{_FIXED[kind]}") * length)
            return
        if kind not in (_STRING, _ARRAY):
            raise FormatError(f"an array of the unknown type {kind}")
        self._counted += length
        if self._counted > _MOST_STRINGS:
            raise FormatError(f"more than {_MOST_STRINGS} strings in arrays", "limit")
        if kind == _STRING:
            self._skip_strings(length)
            return
        for _ in range(length):
            self._skip_array(depth + 1)

    def _skip_strings(self, left: int) -> None:
        length_of = _layout(self._order + ("I" if self.version == 1 else "Q"))
        runs = _run_of_strings() if length_of.format == "<Q" else None
        data, end, width, unpack = (
            self._data,
            len(self._data),
            length_of.size,
            length_of.unpack_from,
        )
        offset = self.offset
        while left > 0:
            run = min(left, _RUN)
            left -= run
            found = runs.match(data, offset) if runs is not None and run == _RUN else None
            if found is not None:
                offset = found.end()
                continue
            for _ in range(run):
                if offset + width > end:
                    raise Exhausted
                offset += width + unpack(data, offset)[0]
            if offset > end:
                raise Exhausted
        self.offset = offset

    def _number(self, code: str) -> int | float | bool:
        layout = _layout(self._order + code)
        begin = self.offset
        self._skip(layout.size)
        number: int | float | bool = layout.unpack_from(self._data, begin)[0]
        return number

    def _take(self, length: int) -> bytes:
        begin = self.offset
        self._skip(length)
        return self._data[begin : self.offset]

    def _skip(self, length: int) -> None:
        if length > len(self._data) - self.offset:
            raise Exhausted
        self.offset += length
