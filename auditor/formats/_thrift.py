"""Steps through Thrift's compact protocol, in which Parquet writes its footer."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError

# thrift/doc/specs/thrift-compact-protocol.md
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = range(1, 14)
_WIDTHS = {BYTE: 1, DOUBLE: 8, UUID: 16}
_DEEPEST = 64
_LONG_LIST = 15
_MOST_BYTES = 10


class Compact:
    """A place in bytes of the compact protocol; every field and element is a step."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        """Start at the first byte."""
        self._data = data
        self._budget = budget
        self.place = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of a struct's fields; each has to be read before the next."""
        number = 0
        while True:
            self._budget.step()
            head = self._byte()
            if not head:
                return
            delta, kind = head >> 4, head & 0xF
            number = number + delta if delta else self.number()
            yield number, kind

    def elements(self) -> tuple[int, int]:
        """Return how many elements a list has, and their type."""
        head = self._byte()
        count = head >> 4
        if count == _LONG_LIST:
            count = self._varint()
        if count > len(self._data):
            raise FormatError("a list is longer than its bytes", offset=self.place)
        return count, head & 0xF

    def number(self) -> int:
        """Return an integer."""
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def binary(self) -> bytes:
        """Return bytes or a text."""
        return self._take(self._varint())

    def skip(self, kind: int, depth: int = 0) -> None:  # noqa: C901 - one case a type
        """Step over a value."""
        self._budget.step()
        if depth == _DEEPEST:
            raise FormatError("the footer lies too deep in itself", "limit")
        if kind in (I16, I32, I64):
            self._varint()
        elif kind in _WIDTHS:
            self._take(_WIDTHS[kind])
        elif kind == BINARY:
            self.binary()
        elif kind in (LIST, SET):
            count, inner = self.elements()
            for _ in range(count):
                self.skip(BYTE if inner in (TRUE, FALSE) else inner, depth + 1)
        elif kind == MAP:
            self._skip_map(depth)
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind not in (TRUE, FALSE):
            raise FormatError(f"a value of the unknown type {kind}", offset=self.place)

    def _skip_map(self, depth: int) -> None:
        count = self._varint()
        if not count:
            return
        if count > len(self._data):
            raise FormatError("a map is longer than its bytes", offset=self.place)
        kinds = self._byte()
        for _ in range(count):
            for kind in (kinds >> 4, kinds & 0xF):
                self.skip(BYTE if kind in (TRUE, FALSE) else kind, depth + 1)

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, length: int) -> bytes:
        end = self.place + length
        if end > len(self._data):
            raise FormatError("the footer ends early", offset=self.place)
        self.place = end
        return self._data[end - length : end]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 7 * _MOST_BYTES, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the last byte's top bit is not set
                return value
        raise FormatError("a number is too long", offset=self.place)
