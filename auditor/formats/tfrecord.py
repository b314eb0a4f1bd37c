"""Reads TFRecord files: records, each with the checksums of its length and of its bytes."""

from __future__ import annotations

from functools import cache

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._pickle_file import looks_like

# tensorflow/core/lib/io/record_writer.h: length (8), its checksum (4), bytes, their checksum (4).
_HEAD = 12
_AROUND = 16
_MASK = 0xA282EAD8
_WORD = 0xFFFFFFFF
_MOST_LOOKED_AT = 10_000
_FIRST_CHECKED = 64 << 10


@cache
def _table() -> tuple[int, ...]:
    """Return the table of CRC-32C (Castagnoli's polynomial, reversed)."""
    entries = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


def masked_checksum(data: bytes) -> int:
    """Return the masked CRC-32C of some bytes, as TFRecord writes it."""
    table, value = _table(), _WORD
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= _WORD
    return ((value >> 15 | value << 17) + _MASK) & _WORD


def _length(head: bytes) -> int | None:
    """Return the length that a record's head tells, `None` where its checksum is not right."""
    right = masked_checksum(head[:8]) == int.from_bytes(head[8:_HEAD], "little")
    return int.from_bytes(head[:8], "little") if len(head) >= _HEAD and right else None


def recognises(head: bytes, view: View) -> bool:
    """Return whether the checksum of the first length is right, and it is no pickle as well."""
    if len(head) < _AROUND or int.from_bytes(head[:8], "little") > view.size - _AROUND:
        return False
    return _length(head[:_HEAD]) is not None and not looks_like(head, view)


def inspect(view: View, context: Context) -> Inspection:
    """Return whether the first ten thousand records are whole; raises `FormatError`.

    What the records hold is not read.
    """
    place = 0
    for number in range(_MOST_LOOKED_AT):
        if place == view.size:
            break
        context.budget.step(20)
        length = _length(view.at(place, _HEAD))
        if length is None or place + length + _AROUND > view.size:
            what = "has a wrong checksum" if length is None else "ends beyond the file"
            raise FormatError(f"record {number} {what}", rule="tfrecord-record", offset=place)
        if not number and length <= _FIRST_CHECKED:
            data = view.at(_HEAD, length + 4)
            if masked_checksum(data[:-4]) != int.from_bytes(data[-4:], "little"):
                raise FormatError("record 0 has a wrong checksum", rule="tfrecord-record", offset=0)
        place += length + _AROUND
    return Inspection(
        model_format="tfrecord",
        role="dataset",
        header=ModelHeader(),
    )


FORMAT = ModelFormat(title="TFRecord", recognises=recognises, inspect=inspect, rank=4)
