"""Sees the zip archive that another reader finds at the end of a file of some other format."""

from __future__ import annotations

import struct

from auditor.formats._budget import pay_later
from auditor.formats._inflated import Inflated
from auditor.formats._view import View

_END = b"PK\5\6"
_ENTRY = b"PK\1\2"
_END_SIZE = 22
# An archive's last record and its comment, which is no longer than 65,535 bytes.
TAIL = _END_SIZE + 0xFFFF
_COUNTS = struct.Struct("<HHHHII")
# Of more records than this none is looked at: no file has them by chance.
MOST_ENDS = 500
# Steps for each.
_LOOK = 8


def zip_at_the_end(view: View) -> int:
    """Return where the end record of a zip archive stands in the file's last 65,557 bytes.

    -1 where there is none that leads to a directory with entries. Zip readers look for that
    record from the end backwards and ask for nothing before it (APPNOTE.TXT 4.3.16). No stream
    is decompressed to its end for this: nobody looks for an archive in one without doing so.
    Where there are hundreds of records, which of them leads somewhere is not asked.
    """
    if isinstance(view, Inflated) and view.end_is_far:
        return -1
    begin = max(0, view.size - TAIL)
    tail = view.at(begin, TAIL)
    at = tail.rfind(_END)
    ends = tail.count(_END) if at >= 0 else 0
    if ends > MOST_ENDS:
        return begin + at
    if ends > 1:
        pay_later(view, _LOOK * ends)
    while at >= 0:
        if at + _END_SIZE <= len(tail) and _leads_to_entries(view, begin + at, tail[at:]):
            return begin + at
        at = tail.rfind(_END, 0, at)
    return -1


def _leads_to_entries(view: View, at: int, record: bytes) -> bool:
    # The count may be a lie: CPython's reader does not look at it.
    _, _, _, _, size, offset = _COUNTS.unpack_from(record, 4)
    return any(view.at(place, 4) == _ENTRY for place in (at - size, offset, at - size - 76))
