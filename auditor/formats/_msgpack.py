"""Reads MessagePack item by item, without holding what they are (msgpack.org, spec.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._view import View

MAX_DEPTH = 64
Kind = Literal["map", "array", "text", "bytes", "extension", "number", "other"]
# What begins with these bytes has its length behind them, in so many bytes.
_SIZED: dict[int, tuple[Kind, int]] = {
    0xC4: ("bytes", 1), 0xC5: ("bytes", 2), 0xC6: ("bytes", 4),
    0xC7: ("extension", 1), 0xC8: ("extension", 2), 0xC9: ("extension", 4),
    0xD9: ("text", 1), 0xDA: ("text", 2), 0xDB: ("text", 4),
    0xDC: ("array", 2), 0xDD: ("array", 4), 0xDE: ("map", 2), 0xDF: ("map", 4),
}  # fmt: skip
_NUMBERS = {0xCA + place: struct.Struct(f">{letter}") for place, letter in enumerate("fdBHIQbhiq")}
_FIXED = range(0xD4, 0xD9)
# Below are the heads of one byte, and above _LAST_WITH_A_HEAD: numbers, maps, arrays and texts.
_NIL, _NEVER, _LAST_WITH_A_HEAD = 0xC0, 0xC1, 0xDF
_SHORT_MAP, _SHORT_ARRAY, _SHORT_TEXT = 0x80, 0x90, 0xA0
_LONGEST_HEAD = 9


class Item(NamedTuple):
    """One item: what it is and where its content begins.

    `length` counts the bytes of a text, of bytes and of an extension, the items of an array and
    the pairs of a map. `number` is a number's value, `code` an extension's type. `key` is whether
    it stands as a map's key, `depth` in how many others it lies, `end` the byte behind its head,
    and behind its content where that holds no items.
    """

    kind: Kind
    begin: int
    length: int
    number: float
    code: int
    end: int
    key: bool = False
    depth: int = 0


def item_at(view: View, at: int) -> Item:
    """Return the item whose first byte is at an offset; raises `FormatError`."""
    head = view.at(at, _LONGEST_HEAD)
    if not head:
        raise FormatError("it ends where an item has to be", offset=at)
    first = head[0]
    if first < _NIL or first > _LAST_WITH_A_HEAD:
        return _short(view, first, at + 1)
    if first in _NUMBERS:
        return _number(head, _NUMBERS[first], at)
    if first in _SIZED:
        return _long(view, head, at)
    if first in _FIXED:
        return _extension(view, head, at, 1, 1 << first - _FIXED[0])
    if first == _NEVER:
        raise FormatError("a byte that begins no item", offset=at)
    return Item("other", at + 1, 0, 0, 0, at + 1)


def _short(view: View, first: int, begin: int) -> Item:
    """Return an item whose first byte is its whole head."""
    if first < _SHORT_MAP or first > _LAST_WITH_A_HEAD:
        return Item("number", begin, 0, first if first < _SHORT_MAP else first - 256, 0, begin)
    if first >= _SHORT_TEXT:
        return _content(view, "text", begin, first & 31)
    return Item("map" if first < _SHORT_ARRAY else "array", begin, first & 15, 0, 0, begin)


def _number(head: bytes, form: struct.Struct, at: int) -> Item:
    end = at + 1 + form.size
    if len(head) <= form.size:
        raise FormatError("it ends within a number", offset=at)
    return Item("number", end, 0, form.unpack_from(head, 1)[0], 0, end)


def _long(view: View, head: bytes, at: int) -> Item:
    """Return an item whose length stands behind its first byte."""
    kind, width = _SIZED[head[0]]
    if len(head) <= width:
        raise FormatError("it ends within a length", offset=at)
    length = int.from_bytes(head[1 : 1 + width])
    if kind == "extension":
        return _extension(view, head, at, 1 + width, length)
    begin = at + 1 + width
    if kind in ("map", "array"):
        return Item(kind, begin, length, 0, 0, begin)
    return _content(view, kind, begin, length)


def _extension(view: View, head: bytes, at: int, place: int, length: int) -> Item:
    if len(head) <= place:
        raise FormatError("it ends within an extension's type", offset=at)
    return _content(view, "extension", at + place + 1, length, head[place])


def _content(view: View, kind: Kind, begin: int, length: int, code: int = 0) -> Item:
    if begin + length > view.size:
        raise FormatError(f"it ends within the content of an item ({kind})", offset=begin)
    return Item(kind, begin, length, 0, code, begin + length)


def items(view: View, budget: Budget) -> Iterator[Item]:
    """Yield the items of the one value that a view has to be, outer before inner, in order.

    A step is charged for each. Raises `FormatError` for what is cut, too deep, or has bytes
    behind it.
    """
    at = 0
    # How many items each that is open still takes, and whether it is a map.
    missing: list[int] = []
    maps: list[bool] = []
    while not at or missing:
        budget.step(2)
        if missing and not missing[-1]:
            missing.pop()
            maps.pop()
            continue
        found = item_at(view, at)
        key = bool(missing) and maps[-1] and not missing[-1] & 1
        yield found._replace(key=key, depth=len(missing))
        at = found.end
        if missing:
            missing[-1] -= 1
        if found.kind in ("map", "array"):
            if len(missing) == MAX_DEPTH:
                detail = f"items lie more than {MAX_DEPTH} deep in each other"
                raise FormatError(detail, "limit", rule="limit-depth", offset=at)
            missing.append(found.length * (2 if found.kind == "map" else 1))
            maps.append(found.kind == "map")
    if at < view.size:
        raise FormatError(f"{view.size - at} bytes lie behind it", rule="msgpack-tail", offset=at)
