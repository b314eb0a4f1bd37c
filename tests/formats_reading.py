"""Views over made-up files: in memory, and with a size that the bytes do not have."""

from __future__ import annotations

from auditor.formats import Budget, Context, Memory


class Claimed:
    """Bytes of a file that says to be larger (or smaller) than what can be read of it."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self.size = size
        self.asked: list[tuple[int, int]] = []

    def at(self, offset: int, length: int) -> bytes:
        self.asked.append((offset, length))
        return self._data[offset : offset + length]


def inspect(format_module, data: bytes, size: int | None = None):
    """Return what a format's module says of the bytes; raises `FormatError`."""
    view = Memory(data) if size is None else Claimed(data, size)
    return format_module.inspect(view, Context(budget=Budget()))
