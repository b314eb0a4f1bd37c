"""Walks the wire format of protocol buffers over a view, a field at a time, within the budget."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._tally import MAX_RANK
from auditor.formats._view import View

# Wire types (protobuf.dev/programming-guides/encoding). Groups, 3 and 4, are in no model format.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
# protobuf's own default of how deep messages may lie in each other.
MAX_NESTING = 100
MAX_TEXT = 1 << 20
# So many bytes are read at once, fewer for small messages.
_CHUNK = 32 * 1024
# The longest tag (5 bytes: field numbers have 29 bits) with the longest varint.
_LONGEST = 15
_MAX_TAG_BYTES = 5
_MAX_VARINT_BYTES = 10
_WORD = 1 << 64
_TOP = 1 << 63


class Field(NamedTuple):
    """One field: its number and wire type, a number's value, and where the payload lies."""

    number: int
    wire: int
    value: int
    start: int
    size: int

    @property
    def signed(self) -> int:
        """Return the value as an int64."""
        return self.value - _WORD if self.value >= _TOP else self.value


class Message:
    """A stretch of a view that holds a message.

    With `clipped` a field that is longer than the message ends with it: whoever recognises a
    format takes one whose end is missing for what it is. Whoever inspects never asks for that.
    """

    __slots__ = ("budget", "clipped", "end", "nesting", "start", "view")

    def __init__(
        self,
        view: View,
        budget: Budget,
        span: tuple[int, int] = (0, -1),
        *,
        nesting: int = 0,
        clipped: bool = False,
    ) -> None:
        """Read the bytes from the span's first number to its second; -1 is the view's end."""
        start, end = span
        self.clipped = clipped
        self.view = view
        self.budget = budget
        self.start = start
        self.end = view.size if end < 0 else end
        self.nesting = nesting

    @property
    def size(self) -> int:
        """How many bytes the message has."""
        return self.end - self.start

    def fields(self) -> Iterator[Field]:
        """Yield the fields in their order; raises `FormatError` where the bytes are none."""
        at = base = self.start
        data = b""
        while at < self.end:
            if at + _LONGEST > base + len(data):
                base, data = at, self.view.at(at, min(self.end - at, _CHUNK))
            self.budget.step()
            index = at - base
            tag, index = _varint(data, index, at, _MAX_TAG_BYTES)
            number, wire = tag >> 3, tag & 7
            value = size = 0
            if wire == VARINT:
                begin = index
                value, index = _varint(data, index, at, _MAX_VARINT_BYTES)
                size = index - begin
            elif wire == BYTES:
                size, index = _varint(data, index, at, _MAX_VARINT_BYTES)
            elif wire in _FIXED:
                size = _FIXED[wire]
                value = int.from_bytes(data[index : index + size], "little")
            else:
                raise FormatError(f"a field has the wire type {wire}", offset=at)
            start = base + index - (size if wire == VARINT else 0)
            if not number:
                raise FormatError("a field has the number 0", offset=at)
            if start + size > self.end and self.clipped and wire == BYTES:
                size = self.end - start
            if start + size > self.end:
                raise FormatError("a field ends beyond the message that holds it", offset=at)
            yield Field(number, wire, value, start, size)
            at = start + size

    def inner(self, field: Field) -> Message:
        """Return the message that a field holds; raises `FormatError` for another wire type."""
        self._must_be(field, BYTES)
        self.budget.step()
        if self.nesting == MAX_NESTING:
            raise FormatError(
                f"messages lie more than {MAX_NESTING} deep in each other", "limit",
                rule="limit-depth", offset=field.start,
            )  # fmt: skip
        span = field.start, field.start + field.size
        return Message(self.view, self.budget, span, nesting=self.nesting + 1, clipped=self.clipped)

    def raw(self, field: Field, most: int = MAX_TEXT) -> bytes:
        """Return a field's bytes; raises `FormatError` (`limit`) for more than `most`."""
        self._must_be(field, BYTES)
        if field.size > most:
            raise FormatError(
                f"a text has more than {most} bytes", "limit", rule="limit-text", offset=field.start
            )
        data = self.view.at(field.start, field.size)
        if len(data) < field.size:
            raise FormatError("the file ends within a field", offset=field.start)
        return data

    def text(self, field: Field, most: int = MAX_TEXT) -> str:
        """Return a field's text; bytes that are no UTF-8 are malformed."""
        try:
            return self.raw(field, most).decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError("a text is not UTF-8", offset=field.start) from error

    def number(self, field: Field) -> int:
        """Return a field's value as an int64; raises `FormatError` for another wire type."""
        self._must_be(field, VARINT)
        return field.signed

    def numbers(self, field: Field) -> Iterator[int]:
        """Yield the int64 values of a repeated field, whether they are packed or not."""
        if field.wire == VARINT:
            yield field.signed
            return
        self._must_be(field, BYTES)
        at, end = field.start, field.start + field.size
        base, data = at, b""
        while at < end:
            if at + _MAX_VARINT_BYTES > base + len(data):
                base, data = at, self.view.at(at, min(end - at, _CHUNK))
            self.budget.step()
            value, index = _varint(data, at - base, at, _MAX_VARINT_BYTES)
            at = base + index
            yield value - _WORD if value >= _TOP else value
        if at != end:
            raise FormatError("a list of numbers ends within a number", offset=at)

    def shape(self, field: Field) -> Iterator[int]:
        """Yield a repeated field's numbers, as many as a shape may have and one more."""
        return islice(self.numbers(field), MAX_RANK + 1)

    @staticmethod
    def _must_be(field: Field, wire: int) -> None:
        if field.wire != wire:
            raise FormatError(
                f"field {field.number} has the wire type {field.wire}", offset=field.start
            )


def _varint(data: bytes, index: int, at: int, most: int) -> tuple[int, int]:
    """Return a variable-length number and the index after it."""
    value = shift = 0
    for place in range(index, min(index + most, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte
            return value % _WORD, place + 1
        shift += 7
    raise FormatError("a number is too long, or the file ends within it", offset=at)
