"""Reads HDF5's dataspaces, datatypes and attributes, and strings in the global heap."""

from __future__ import annotations

import math
from typing import NamedTuple

from auditor.formats import FormatError
from auditor.formats._hdf5_file import Cursor, File, Message

_MAX_RANK = 32
_MAX_TEXT = 16 << 20
_LARGEST = 1 << 62
_MOST_COLLECTION = 64 << 20
_INTEGER, _FLOAT, _STRING, _BITS, _OPAQUE, _COMPOUND, _REFERENCE, _ENUM, _VARIABLE, _ARRAY = (
    0, 1, 3, 4, 5, 6, 7, 8, 9, 10,
)  # fmt: skip
_BRAIN_FLOAT = 7
_UTF8_MOST = 200


class Kind(NamedTuple):
    """A datatype (IV.A.2.d): its class, the bytes of an element, a short name."""

    kind: int
    width: int
    name: str
    is_variable_string: bool = False


class Attribute(NamedTuple):
    """An attribute: its name and, for strings and raw bytes, its value as bytes."""

    name: str
    value: bytes | None


def shape(data: bytes, file: File) -> tuple[int, ...]:
    """Return a dataspace's dimensions (IV.A.2.b); none for a scalar, `(0,)` for nothing."""
    cursor = Cursor(data, file)
    version, rank, _flags = cursor.number(1), cursor.number(1), cursor.number(1)
    if version not in (1, 2):
        raise FormatError(f"a dataspace of version {version}", "unsupported")
    kind = cursor.number(1) if version == 2 else cursor.number(5) * 0  # noqa: PLR2004 - as above
    if rank > _MAX_RANK:
        raise FormatError("a dataspace of too many dimensions", rule="hdf5-malformed")
    if version == 2 and kind == 2:  # noqa: PLR2004 - the null dataspace
        return (0,)
    dimensions = tuple(cursor.length() for _ in range(rank))
    if math.prod(dimensions) > _LARGEST:
        raise FormatError("a dataset is larger than any file", rule="hdf5-malformed")
    return dimensions


def datatype(data: bytes, file: File) -> Kind:
    """Return a datatype."""
    cursor = Cursor(data, file)
    first = cursor.number(1)
    bits = cursor.number(3)
    width = cursor.number(4)
    kind = first & 0xF
    if not 1 <= first >> 4 <= 5:  # noqa: PLR2004 - versions
        raise FormatError(f"a datatype of version {first >> 4}", "unsupported")
    if kind == _INTEGER:
        name = f"{'I' if bits & 8 else 'U'}{width * 8}"
    elif kind == _FLOAT:
        cursor.take(6)
        cursor.take(1)
        name = "BF16" if width == 2 and cursor.number(1) == _BRAIN_FLOAT else f"F{width * 8}"  # noqa: PLR2004 - bytes
    else:
        name = {_STRING: "text", _ENUM: "BOOL" if width == 1 else "enum"}.get(kind, f"class {kind}")
    return Kind(kind, width, name, is_variable_string=kind == _VARIABLE and bits & 0xF == 1)


def shared(message: Message, file: File) -> bytes:
    """Return a message's bytes, those of the object that it points to where it is shared."""
    if not message.is_shared:
        return message.data
    return _pointed_to(message.data, message.kind, file)


def _pointed_to(data: bytes, kind: int, file: File) -> bytes:
    cursor = Cursor(data, file)
    version, where = cursor.number(1), cursor.number(1)
    if version == 1:
        cursor.take(6)
    elif where == 1:
        raise FormatError("messages lie in a heap of their own", "unsupported")
    address = cursor.address()
    if address is None:
        raise FormatError("a shared message is nowhere", rule="hdf5-malformed")
    for message in file.messages(address):
        if message.kind == kind and not message.is_shared:
            return message.data
    raise FormatError("a shared message is not where it should be", rule="hdf5-malformed")


def attribute(data: bytes, file: File) -> Attribute:
    """Return an attribute (IV.A.2.m)."""
    cursor = Cursor(data, file)
    version, flags = cursor.number(1), cursor.number(1)
    if version not in (1, 2, 3):
        raise FormatError(f"an attribute of version {version}", "unsupported")
    sizes = [cursor.number(2) for _ in range(3)]
    if version == 3:  # noqa: PLR2004 - as above
        cursor.take(1)

    def part(size: int) -> bytes:
        taken = cursor.take(size)
        if version == 1:
            cursor.take(min(-size % 8, cursor.left))
        return taken

    name = part(sizes[0]).rstrip(b"\0").decode("utf-8", "replace")
    raw_type, raw_space = part(sizes[1]), part(sizes[2])
    has_flags = version > 1
    kind = datatype(_pointed_to(raw_type, 3, file) if has_flags and flags & 1 else raw_type, file)
    space = shape(_pointed_to(raw_space, 1, file) if has_flags and flags & 2 else raw_space, file)
    return Attribute(name, _value(kind, math.prod(space), cursor, file))


def _value(kind: Kind, count: int, cursor: Cursor, file: File) -> bytes | None:
    """Return a string or raw bytes, several joined; `None` for numbers."""
    if kind.is_variable_string or kind.kind == _VARIABLE:
        width = 4 + file.offset_width + 4
        count = min(count, cursor.left // width)
        return b"".join(_in_heap(cursor, file) for _ in range(min(count, 1_000)))
    if kind.kind in (_STRING, _OPAQUE) or (kind.kind == _INTEGER and kind.width == 1):
        return cursor.take(min(kind.width * count, cursor.left)).rstrip(b"\0")
    return None


def _in_heap(cursor: Cursor, file: File) -> bytes:
    """Return an object of the global heap (III.E) by the identifier that comes next."""
    length, address, number = cursor.number(4), cursor.address(), cursor.number(4)
    if not length or not address:
        return b""
    if length > _MAX_TEXT:
        raise FormatError(f"an attribute of {length} bytes", "limit")
    head = file.cursor(address, 8 + file.length_width)
    head.expect(b"GCOL")
    head.take(4)
    size = head.length()
    if size > _MOST_COLLECTION:
        raise FormatError(f"a heap of {size} bytes", "limit")
    place, end = address + 8 + file.length_width, address + size
    step = 8 + file.length_width
    while place + step <= end:
        entry = file.cursor(place, step)
        index = entry.number(2)
        entry.take(6)
        held = entry.length()
        if index == number:
            return file.at(place + step, min(length, held))
        if index == 0:
            break
        place += step + -(-held // 8) * 8
    raise FormatError("an attribute's text is not in its heap", rule="hdf5-malformed")
