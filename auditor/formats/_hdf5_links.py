"""Lists what an HDF5 group holds: symbol tables, link messages and dense link storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.formats import FormatError
from auditor.formats._hdf5_file import Cursor, File
from auditor.formats._hdf5_heap import dense_objects

_MAX_NAME = 4096
_MAX_DEPTH = 64
_EXTERNAL = 64
_SOFT = 1


class Link(NamedTuple):
    """A name in a group: the object's address, or the file that an external link leads to."""

    name: str
    address: int | None
    external: str | None = None
    is_unknown: bool = False


def of_symbol_table(data: bytes, file: File) -> Iterator[Link]:
    """Yield the links of an old group: B-tree, symbol nodes and a heap of names (III.A-D)."""
    cursor = Cursor(data, file)
    tree, heap = cursor.address(), cursor.address()
    if tree is None or heap is None:
        raise FormatError("a group without its table", rule="hdf5-malformed")
    names = _names(heap, file)
    for node in _leaves(tree, file):
        entries = file.cursor(node, 8)
        entries.expect(b"SNOD")
        entries.take(2)
        count = entries.number(2)
        width = 2 * file.offset_width + 24
        table = file.cursor(node + 8, count * width)
        for _ in range(count):
            name_offset, address = table.number(file.offset_width), table.address()
            cached = table.number(4)
            table.take(20)
            # A cached soft link (2) leads to a name in this file.
            yield Link(_named(names, name_offset), None if cached == 2 else address)  # noqa: PLR2004


def _names(heap: int, file: File) -> bytes:
    head = file.cursor(heap, 8 + 2 * file.length_width + file.offset_width)
    head.expect(b"HEAP")
    head.take(4)
    size, _, data = head.length(), head.length(), head.address()
    if data is None or size > 16 << 20:
        raise FormatError("a group's names are too long or nowhere", "limit")
    return file.at(data, size)


def name_in_heap(heap: int, offset: int, file: File) -> str:
    """Return a name of a local heap (III.D)."""
    return _named(_names(heap, file), offset)


def _named(names: bytes, offset: int) -> str:
    end = names.find(b"\0", offset, offset + _MAX_NAME)
    if offset >= len(names) or end < 0:
        raise FormatError("a name lies outside its heap", rule="hdf5-malformed")
    return names[offset:end].decode("utf-8", "replace")


def _leaves(tree: int, file: File) -> Iterator[int]:
    """Yield the symbol nodes under a B-tree of version 1."""
    waiting = [(tree, _MAX_DEPTH)]
    seen: set[int] = set()
    while waiting:
        address, highest = waiting.pop()
        if address in seen:
            raise FormatError("a tree holds itself", rule="hdf5-malformed")
        seen.add(address)
        node = file.cursor(address, 8 + 2 * file.offset_width)
        node.expect(b"TREE")
        kind, level, count = node.number(1), node.number(1), node.number(2)
        if kind or level >= highest:
            raise FormatError("a tree that is not one of a group", rule="hdf5-malformed")
        width = file.length_width + file.offset_width
        body = file.cursor(address + 8 + 2 * file.offset_width, count * width)
        for _ in range(count):
            body.length()
            child = body.address()
            if child is None:
                raise FormatError("a tree leads nowhere", rule="hdf5-malformed")
            if level:
                waiting.append((child, level))
            else:
                yield child


def of_link_info(data: bytes, file: File) -> Iterator[Link]:
    """Yield the links that lie in a fractal heap (IV.A.2.c), none where they are messages."""
    cursor = Cursor(data, file)
    if cursor.number(1):
        raise FormatError("link storage of unknown version", "unsupported")
    if cursor.number(1) & 1:
        cursor.take(8)
    heap, index = cursor.address(), cursor.address()
    if heap is None:
        return
    if index is None:
        raise FormatError("links without an index", rule="hdf5-malformed")
    for message in dense_objects(heap, index, file, id_at=4):
        yield of_message(message, file)


def of_message(data: bytes, file: File) -> Link:
    """Return the link that a message is (IV.A.2.g)."""
    cursor = Cursor(data, file)
    if cursor.number(1) != 1:
        raise FormatError("a link of unknown version", "unsupported")
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 8 else 0
    cursor.take((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = cursor.take(cursor.number(1 << (flags & 3))).decode("utf-8", "replace")
    if kind == 0:
        return Link(name, cursor.address())
    value = cursor.take(cursor.number(2))
    if kind == _SOFT:
        return Link(name, None)
    if kind == _EXTERNAL:
        return Link(name, None, external=value[1:].partition(b"\0")[0].decode("utf-8", "replace"))
    return Link(name, None, is_unknown=True)
