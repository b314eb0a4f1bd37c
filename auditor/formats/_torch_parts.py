"""Finds the archives of a checkpoint that torch.distributed wrote end to end into one file.

`FileSystemWriter` writes one `torch.save` behind the other, `FileSystemReader` hands each stretch
to `torch.load` (torch/distributed/checkpoint/filesystem.py).
"""

from __future__ import annotations

from auditor.formats import Context, FormatError, Part, View
from auditor.formats._polyglot import MOST_ENDS, TAIL
from auditor.formats._zip_records import (
    END,
    END64,
    END_SIZE,
    ENTRY,
    LOCAL,
    LOCATOR,
    LOCATOR_SIZE,
    End,
    places_of_entries,
    read_end,
)

MOST_PARTS = 10_000
# Steps to find one.
_FOUND = 8
# What of a directory is looked at: torch's has seven entries, or few more.
_DIRECTORY = 1 << 20


def parts_of(view: View, context: Context) -> list[Part]:
    """Return the archives that fill a file from its first byte to its last, in order.

    They are found from behind: an archive's end says how far before it the archive begins, and
    there the one before it has to end. [] where they do not fill the file, or where it is only
    one: then it is an archive like any other. Raises `FormatError` where there are too many.
    """
    found: list[Part] = []
    last = behind = view.size
    while last > 0:
        context.budget.step(_FOUND)
        end = _end_of(view, last)
        begin = last if end is None else end.at - end.size - end.offset
        if end is None or not 0 <= begin < end.at or view.at(begin, 4) != LOCAL:
            return []
        if len(found) == MOST_PARTS:
            detail = f"more than {MOST_PARTS} archives lie end to end"
            raise FormatError(detail, "limit", rule="limit-members")
        found.append(Part(view, begin, last - begin))
        last, behind = begin, last
    return found[::-1] if behind < view.size else []


def told_otherwise(view: View, first: View) -> int:
    """Return where a reader of the whole file finds an archive that is none of its parts, or -1.

    The last archive's end counts from where that archive begins: a reader that counts from the
    file's beginning finds nothing there, or the directory of the `first` part. A reader that
    takes any end whose comment reaches to the file's end finds none but the last one.
    """
    end, begins = _end_of(view, view.size), _end_of(first, first.size)
    if end is None or begins is None:
        return 0
    start = begins.at - begins.size
    known = {start + place for place in places_of_entries(first.at(start, _DIRECTORY))[:-1]}
    if view.at(end.offset, 4) == ENTRY and end.offset not in known:
        return end.offset
    locator = view.at(end.record - LOCATOR_SIZE, LOCATOR_SIZE)
    if locator[:4] == LOCATOR:
        wide = int.from_bytes(locator[8:16], "little")
        if view.at(wide, 4) == END64 and wide != begins.at:
            return wide
    return _other_end(view)


def _end_of(view: View, last: int) -> End | None:
    """Return the end of the archive whose last byte is the one before `last`: no comment there."""
    at = last - END_SIZE
    if view.at(at, 4) != END or view.at(last - 2, 2) != b"\0\0":
        return None
    end = read_end(Part(view, 0, last))
    return end if end is not None and end.record == at else None


def _other_end(view: View) -> int:
    begin = max(0, view.size - TAIL)
    tail = view.at(begin, TAIL)
    if tail.count(END) > MOST_ENDS:
        return begin + tail.find(END)
    at = tail.rfind(END, 0, len(tail) - END_SIZE)
    while at >= 0:
        length = int.from_bytes(tail[at + 20 : at + END_SIZE], "little")
        if at + END_SIZE + length == len(tail):
            return begin + at
        at = tail.rfind(END, 0, at)
    return -1
