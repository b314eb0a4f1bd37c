"""Writes protocol buffers and flatbuffers for the samples and their tests."""

from __future__ import annotations

import struct


def varint(value: int) -> bytes:
    value %= 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value) -> bytes:
    """Return one field: a number as a varint, text and bytes with their length."""
    if isinstance(value, bool | int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def message(*fields: tuple[int, object]) -> bytes:
    return b"".join(field(number, value) for number, value in fields)


class Flat:
    """Writes a flatbuffer front to back: every table after the one that points to it.

    A table is a list of slots; a slot is `None`, `(format, number)`, text, `bytes` (a vector of
    bytes), a `Flat.table` list, or `("vector", format, numbers)` / `("tables", lists)`.
    """

    def __init__(self, identifier: bytes = b"") -> None:
        self.data = bytearray(b"\0\0\0\0" + identifier)
        self._pending: list[tuple[int, object]] = []

    def build(self, root) -> bytes:
        self._pending = [(0, root)]
        while self._pending:
            at, value = self._pending.pop(0)
            self._align(8)
            where = self._write(value)
            struct.pack_into("<I", self.data, at, where - at)
        return bytes(self.data)

    def _align(self, size: int) -> None:
        self.data += b"\0" * (-len(self.data) % size)

    def _write(self, value) -> int:
        if isinstance(value, str | bytes):
            raw = value.encode() if isinstance(value, str) else value
            where = len(self.data)
            self.data += struct.pack("<I", len(raw)) + raw + b"\0"
            return where
        if isinstance(value, tuple):
            return self._vector(*value)
        return self._table(value)

    def _vector(self, kind, *rest) -> int:
        if kind == "tables":
            (items,) = rest
            where = len(self.data)
            self.data += struct.pack("<I", len(items))
            for item in items:
                self._pending.append((len(self.data), item))
                self.data += b"\0\0\0\0"
            return where
        code, numbers = rest
        # The length stands right before the numbers, which are aligned.
        while (len(self.data) + 4) % struct.calcsize(code):
            self.data += b"\0" * 4
        where = len(self.data)
        self.data += struct.pack("<I", len(numbers)) + struct.pack(
            f"<{len(numbers)}{code}", *numbers
        )
        return where

    def _table(self, slots) -> int:
        vtable = len(self.data)
        size = 4 + 2 * len(slots) + 2
        size += -size % 8
        self.data += b"\0" * size
        where = len(self.data)
        self.data += struct.pack("<i", where - vtable)
        offsets = []
        for slot in slots:
            if slot is None:
                offsets.append(0)
            elif isinstance(slot, tuple) and slot[0] not in ("vector", "tables"):
                code, number = slot
                while (len(self.data) - where) % struct.calcsize(code):
                    self.data += b"\0"
                offsets.append(len(self.data) - where)
                self.data += struct.pack(f"<{code}", number)
            else:
                while (len(self.data) - where) % 4:
                    self.data += b"\0"
                offsets.append(len(self.data) - where)
                self._pending.append((len(self.data), slot))
                self.data += b"\0\0\0\0"
        struct.pack_into(
            f"<{2 + len(slots)}H",
            self.data,
            vtable,
            4 + 2 * len(slots),
            len(self.data) - where,
            *offsets,
        )
        return where
