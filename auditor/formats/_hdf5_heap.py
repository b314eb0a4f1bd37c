"""Reads what HDF5 keeps densely: objects of a fractal heap, through a B-tree of version 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.formats import FormatError
from auditor.formats._hdf5_file import File

_MAX_DEPTH = 16
_MAX_NODE = 1 << 20
_HUGE, _TINY = 1, 2
_NODE_OVERHEAD = 10  # signature, version, type, checksum


class _Heap(NamedTuple):
    """A fractal heap (III.G): where its blocks are and how they grow."""

    identifier: int
    address_bytes: int
    length_bytes: int
    width: int
    first: int
    largest: int
    root: int | None
    rows: int
    huge: int | None


class _Tree(NamedTuple):
    """A B-tree of version 2 (III.A.2)."""

    node: int
    record: int
    depth: int
    root: int | None
    records: int


def dense_objects(heap: int, index: int, file: File, *, id_at: int) -> Iterator[bytes]:
    """Yield the objects that an index names; the heap's identifier begins at byte `id_at`."""
    store = _heap(heap, file)
    huge = _huge_objects(store, file)
    for record in _records(_tree(index, file), file):
        yield _object(record[id_at:], store, huge, file)


def _heap(address: int, file: File) -> _Heap:
    offset, length = file.offset_width, file.length_width
    head = file.cursor(address, 22 + 12 * length + 3 * offset)
    head.expect(b"FRHP")
    if head.number(1):
        raise FormatError("a heap of unknown version", "unsupported")
    identifier = head.number(2)
    if head.number(2):
        raise FormatError("links or attributes are compressed", "unsupported")
    head.take(1)
    largest_object = head.number(4)
    head.take(length)
    huge = head.address()
    head.take(length + offset + 8 * length)
    width, first, largest = head.number(2), head.length(), head.length()
    bits = head.number(2)
    head.take(2)
    root, rows = head.address(), head.number(2)
    if not width or not first or bits > 64 or first & (first - 1):  # noqa: PLR2004 - addresses
        raise FormatError("a heap without blocks", rule="hdf5-malformed")
    most = min(largest, largest_object)
    return _Heap(
        identifier,
        -(-bits // 8),
        (most.bit_length() + 7) // 8,
        width,
        first,
        largest,
        root,
        rows,
        huge,
    )


def _huge_objects(heap: _Heap, file: File) -> dict[int, tuple[int, int]]:
    """Return address and length of the objects that are too large for the blocks, by number."""
    if heap.huge is None:
        return {}
    tree = _tree(heap.huge, file)
    offset, length = file.offset_width, file.length_width
    if tree.record != offset + 2 * length:
        raise FormatError("large links or attributes are compressed", "unsupported")
    found = {}
    for record in _records(tree, file):
        begin, size, number = record[:offset], record[offset:-length], record[-length:]
        place = int.from_bytes(begin, "little"), int.from_bytes(size, "little")
        found[int.from_bytes(number, "little")] = place
    return found


def _object(identifier: bytes, heap: _Heap, huge: dict[int, tuple[int, int]], file: File) -> bytes:
    kind = identifier[0] >> 4 & 3
    if kind == _TINY:
        return identifier[1 : 2 + (identifier[0] & 0xF)]
    if kind == _HUGE:
        number = int.from_bytes(identifier[1 : heap.identifier], "little")
        if number not in huge:
            raise FormatError("a large link or attribute is nowhere", rule="hdf5-malformed")
        address, length = huge[number]
        if length > _MAX_NODE:
            raise FormatError(f"a link or attribute of {length} bytes", "limit")
        return file.at(address, length)
    if kind:
        raise FormatError("a link or attribute of an unknown kind", rule="hdf5-malformed")
    end = 1 + heap.address_bytes
    offset = int.from_bytes(identifier[1:end], "little")
    length = int.from_bytes(identifier[end : end + heap.length_bytes], "little")
    return file.at(_place(offset, heap, file), length)


def _place(offset: int, heap: _Heap, file: File) -> int:
    """Return the address of an offset in the heap, through its doubling tables."""
    block, rows = heap.root, heap.rows
    for _ in range(_MAX_DEPTH):
        if block is None:
            break
        if not rows:
            return block + offset
        row, column, offset, size = _cell(offset, heap)
        if row >= rows:
            break
        before = 5 + file.offset_width + heap.address_bytes
        number = row * heap.width + column
        child = file.cursor(block + before + number * file.offset_width, file.offset_width)
        # A row of blocks that are larger than any direct block holds tables again.
        inner = size > heap.largest
        block = child.address()
        rows = (size // heap.first // heap.width).bit_length() if inner else 0
    raise FormatError("a link or attribute lies in no block", rule="hdf5-malformed")


def _cell(offset: int, heap: _Heap) -> tuple[int, int, int, int]:
    """Return row, column, the offset within the block, and the block's size."""
    row = (offset // (heap.first * heap.width)).bit_length()
    size = heap.first << max(row - 1, 0)
    begin = size * heap.width if row else 0
    column, inner = divmod(offset - begin, size)
    return row, column, inner, size


def _tree(address: int, file: File) -> _Tree:
    head = file.cursor(address, 18 + file.offset_width)
    head.expect(b"BTHD")
    head.take(2)
    node, record, depth = head.number(4), head.number(2), head.number(2)
    head.take(2)
    root, records = head.address(), head.number(2)
    if not _NODE_OVERHEAD < node <= _MAX_NODE or depth > _MAX_DEPTH or not 8 <= record <= 64:  # noqa: PLR2004
        raise FormatError("an index of unusual size", rule="hdf5-malformed")
    return _Tree(node, record, depth, root, records)


def _records(tree: _Tree, file: File) -> Iterator[bytes]:
    if tree.root is None:
        return
    pointers = _pointer_widths(tree, file)
    waiting = [(tree.root, tree.records, tree.depth)]
    seen: set[int] = set()
    while waiting:
        address, count, depth = waiting.pop()
        if address in seen:
            raise FormatError("an index holds itself", rule="hdf5-malformed")
        seen.add(address)
        node = file.cursor(address, tree.node)
        node.expect(b"BTIN" if depth else b"BTLF")
        node.take(2)
        for _ in range(count):
            yield node.take(tree.record)
        if depth:
            counts, totals = pointers[depth - 1]
            for _ in range(count + 1):
                child = node.address()
                held = node.number(counts)
                node.take(totals)
                if child is None:
                    raise FormatError("an index leads nowhere", rule="hdf5-malformed")
                waiting.append((child, held, depth - 1))


def _pointer_widths(tree: _Tree, file: File) -> list[tuple[int, int]]:
    """Return, for children at each depth, the bytes of their count and of their total count."""
    most = (tree.node - _NODE_OVERHEAD) // tree.record
    counts = _bytes(most)
    total, widths = most, [(counts, 0)]
    for _ in range(1, tree.depth):
        pointer = file.offset_width + counts + widths[-1][1]
        most = (tree.node - _NODE_OVERHEAD - pointer) // (tree.record + pointer)
        total = (most + 1) * total + most
        widths.append((counts, _bytes(total)))
    return widths


def _bytes(number: int) -> int:
    return max(1, (number.bit_length() + 7) // 8)
