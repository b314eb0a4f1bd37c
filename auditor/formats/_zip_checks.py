"""Holds what a zip archive says in two places against each other: any difference is a reason."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, View
from auditor.formats._names import folded, shown, unsafe
from auditor.formats._zip_records import DEFERRED, DESCRIPTOR, END, UTF8, End, Entry

_UNIX = 3
_SPECIAL = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
# What deflate makes of nothing: the folders of many Java archives have it.
_NOTHING_PACKED = 2
# Bits 1 and 2 tell how hard the writer tried; they change nothing.
_OPTIONS = 0b110
_NARROW, _WIDE = struct.Struct("<III"), struct.Struct("<IQQ")


def malformed(context: Context, rule: str, detail: str, offset: int = -1) -> VerdictReason:
    """Return a reason of the verdict `malformed`."""
    return context.reason(rule, "malformed", detail, offset=offset)


def of_end(end: End, view: View, context: Context) -> Iterator[VerdictReason]:
    """Yield what is wrong with the archive's end."""
    if end.tail != view.size:
        words = "bytes follow" if end.tail < view.size else "the file ends within"
        yield malformed(context, "zip-tail", f"{words} the archive's end", end.tail)
    if end.disks:
        yield malformed(
            context, "zip-disks", "the end speaks of several disks or of two counts", end.record
        )
    if end.wide_differs:
        yield malformed(
            context, "zip64-differs", "the two ends of the archive differ, 32 and 64 bits wide",
            end.record,
        )  # fmt: skip
    if end.wide_missing:
        yield malformed(
            context, "zip64-missing", "the end points to a 64-bit end that is not there", end.record
        )
    if b"PK" in end.comment and any(word in end.comment for word in (END, b"PK\1\2", b"PK\3\4")):
        yield malformed(
            context, "zip-two-ends", "the comment holds records of a second archive", end.record
        )


def of_names(entries: list[Entry], context: Context) -> Iterator[VerdictReason]:
    """Yield unsafe names, and names that are the same to some file system."""
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.text
        wrong = unsafe(name)
        if wrong:
            yield malformed(
                context, "zip-name-unsafe", f"the member {shown(name)} {wrong}", entry.offset
            )
        same = seen.setdefault(folded(name), name)
        if same is not name and not _are_arrays(same, name):
            detail = f"{shown(name)} stands twice in the archive"
            if same != name:
                detail = f"{shown(same)} and {shown(name)} are one file to some systems"
            yield malformed(context, "zip-duplicate", detail, entry.offset)


def of_entry(entry: Entry, context: Context) -> Iterator[VerdictReason]:
    """Yield what is wrong with an entry by itself."""
    if entry.is_encrypted:
        detail = f"{shown(entry.text)} is encrypted"
        yield context.reason("zip-encrypted", "not-inspectable", detail, offset=entry.offset)
    if entry.name.endswith(b"/") and (entry.size or entry.packed > _NOTHING_PACKED):
        detail = f"the folder {shown(entry.text)} has content"
        yield malformed(context, "zip-folder-data", detail, entry.offset)
    if entry.system == _UNIX and stat.S_IFMT(entry.attributes >> 16) in _SPECIAL:
        detail = f"{shown(entry.text)} is a link or a special file"
        yield malformed(context, "zip-link", detail, entry.offset)
    if not entry.wide or not entry.extra_fits:
        detail = f"the extra fields of {shown(entry.text)} do not fit"
        yield malformed(context, "zip-extra", detail, entry.offset)
    if entry.other_name and entry.other_name != _as_utf8(entry):
        detail = f"an extra field calls {shown(entry.text)} otherwise"
        yield malformed(context, "zip-name-differs", detail, entry.offset)
    if entry.method == 0 and entry.packed != entry.size and not entry.is_encrypted:
        detail = f"{shown(entry.text)} is stored as it is but has two sizes"
        yield malformed(context, "zip-size", detail, entry.offset)


def of_local(entry: Entry, local: Entry, context: Context) -> Iterator[VerdictReason]:
    """Yield where the local header differs from the directory's entry."""
    if local.name != entry.name:
        detail = f"{shown(entry.text)} is called {shown(local.text)} in its local header"
        yield malformed(context, "zip-name-differs", detail, entry.offset)
    differing = [word for word, differs in _differences(entry, local) if differs]
    if differing:
        words = ", ".join(differing)
        detail = f"the directory and the local header of {shown(entry.text)} differ in {words}"
        yield malformed(context, "zip-local-differs", detail, entry.offset)
    if not local.wide or not local.extra_fits:
        detail = f"the local extra fields of {shown(entry.text)} do not fit"
        yield malformed(context, "zip-extra", detail, entry.offset)
    if local.other_name and local.other_name != _as_utf8(local):
        detail = f"a local extra field calls {shown(entry.text)} otherwise"
        yield malformed(context, "zip-name-differs", detail, entry.offset)


def _differences(entry: Entry, local: Entry) -> tuple[tuple[str, bool], ...]:
    # Where the values come behind the data, the header has zeros in their place.
    later = bool(local.flags & DEFERRED)

    def differs(mine: int, theirs: int) -> bool:
        return mine != theirs and not (later and theirs == 0)

    return (
        ("flags", bool((entry.flags ^ local.flags) & ~_OPTIONS)),
        ("method", entry.method != local.method),
        ("checksum", differs(entry.crc, local.crc)),
        ("packed size", differs(entry.packed, local.packed)),
        ("size", differs(entry.size, local.size)),
    )


def descriptor_length(entry: Entry, view: View, at: int) -> int:
    """Return how long the descriptor behind a member's data is, -1 where it does not fit (4.3.9).

    It has the signature or not, and sizes of 4 or of 8 bytes.
    """
    raw = view.at(at, 24)
    fields = (entry.crc, entry.packed, entry.size)
    narrow = b"" if (entry.packed | entry.size) >> 32 else _NARROW.pack(*fields)
    wide = _WIDE.pack(*fields)
    for mark in (DESCRIPTOR, b""):
        for values in (narrow, wide):
            if values and raw.startswith(mark + values):
                return len(mark + values)
    return -1


def _are_arrays(one: str, other: str) -> bool:
    """Return whether two names are arrays of NumPy's, whose case tells them apart: `w`, `W`."""
    arrays = one.endswith(".npy") and other.endswith(".npy")
    return arrays and one != other and one.casefold() == other.casefold()


def _as_utf8(entry: Entry) -> bytes:
    return entry.name if entry.flags & UTF8 or entry.name.isascii() else entry.text.encode()
