"""Steps through UBJSON, the binary JSON that XGBoost writes: bounded, arrays of numbers skipped."""

from __future__ import annotations

import struct

from auditor.formats import Context, FormatError, View

# Markers of ubjson.org/type-reference, with the struct code of each number (big-endian).
_NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
_WORDS: dict[str, bool | None] = {"Z": None, "T": True, "F": False}
_KEPT = 64
_MOST_TEXT = 1 << 16
_DEEPEST = 64
_WINDOW = 1 << 18

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


class Reader:
    """A place in a UBJSON document."""

    def __init__(self, view: View, context: Context) -> None:
        """Start at the first byte."""
        self._view = view
        self._context = context
        self._begin = 0
        self._data = b""
        self.place = 0

    def document(self) -> Value:
        """Return the document: of long arrays and texts only the beginning is kept.

        Raises `FormatError` for anything that is not UBJSON, and for bytes behind it.
        """
        value = self._value(self._marker(), 0)
        if self.place != self._view.size:
            raise FormatError(f"bytes follow the document at byte {self.place}", offset=self.place)
        return value

    def _take(self, length: int) -> bytes:
        begin = self.place - self._begin
        if begin + length > len(self._data):
            self._begin, begin = self.place, 0
            self._data = self._view.at(self.place, max(length, _WINDOW))
            if len(self._data) < length:
                raise FormatError("the document ends early", offset=self.place)
        self.place += length
        return self._data[begin : begin + length]

    def _marker(self) -> str:
        while True:
            mark = chr(self._take(1)[0])
            if mark != "N":
                return mark

    def _value(self, mark: str, depth: int) -> Value:
        self._context.budget.step()
        if mark in _WORDS:
            return _WORDS[mark]
        if mark in _NUMBERS:
            code = _NUMBERS[mark]
            number: int | float = struct.unpack(code, self._take(struct.calcsize(code)))[0]
            return number
        if mark == "C":
            return chr(self._take(1)[0])
        if mark in "SH":
            return self._text(self._length())
        if depth == _DEEPEST:
            raise FormatError("it lies too deep in itself", "limit", offset=self.place)
        if mark == "[":
            return self._array(depth + 1)
        if mark == "{":
            return self._object(depth + 1)
        raise FormatError(f"the unknown mark {mark!a}", offset=self.place - 1)

    def _length(self) -> int:
        mark = self._marker()
        if mark not in "iUIlL":
            raise FormatError(f"a length of the kind {mark!a}", offset=self.place)
        number = self._value(mark, 0)
        if not isinstance(number, int) or not 0 <= number <= self._view.size:
            raise FormatError("a length is larger than the file", offset=self.place)
        return number

    def _text(self, length: int) -> str:
        if length > _MOST_TEXT:
            self._skip(length)
            return ""
        return self._take(length).decode("utf-8", "replace")

    def _skip(self, length: int) -> None:
        if length > self._view.size - self.place:
            raise FormatError("the document ends early", offset=self.place)
        self.place += length

    def _header(self) -> tuple[str, int | None, str]:
        """Return the type and count that a container begins with, and the mark behind them."""
        kind, count = "", None
        mark = self._marker()
        if mark == "$":
            kind, mark = chr(self._take(1)[0]), self._marker()
            if mark != "#":
                raise FormatError("a type without a count", offset=self.place)
        if mark == "#":
            count = self._length()
            mark = ""
        return kind, count, mark

    def _array(self, depth: int) -> Value:
        kind, count, mark = self._header()
        if kind in _NUMBERS and count is not None:
            self._skip(count * struct.calcsize(_NUMBERS[kind]))
            return []
        kept: list[Value] = []
        left = count
        while left is None or left > 0:
            if left is None:
                if mark == "]":
                    break
            else:
                left -= 1
                mark = kind or self._marker()
            value = self._value(mark, depth)
            if len(kept) < _KEPT:
                kept.append(value)
            mark = self._marker() if left is None else ""
        return kept

    def _object(self, depth: int) -> Value:
        kind, count, mark = self._header()
        kept: dict[str, Value] = {}
        left = count
        while left is None or left > 0:
            if left is None:
                if mark == "}":
                    break
                self.place -= 1
            else:
                left -= 1
            key = self._text(self._length())
            if key in kept:
                raise FormatError("a name stands twice in it", offset=self.place)
            value = self._value(kind or self._marker(), depth)
            if len(kept) < _KEPT:
                kept[key] = value
            mark = self._marker() if left is None else ""
        return kept
