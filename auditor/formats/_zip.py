"""Opens a zip archive: every member that any reader could find in it, and what is not in order."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError, View
from auditor.formats._budget import MAX_HELD
from auditor.formats._names import shown
from auditor.formats._zip_checks import (
    descriptor_length,
    malformed,
    of_end,
    of_entry,
    of_local,
    of_names,
)
from auditor.formats._zip_records import (
    DEFERRED,
    ENTRY,
    LOCAL,
    End,
    Entry,
    length_of_entries,
    names_of_entries,
    places_of_entries,
    read_end,
    read_entries,
    read_local,
)

# How much of what the directory does not account for is searched for members.
MAX_SEARCHED = 64 << 20
_CHUNK = 1 << 20
_REASONS = 300
# Steps for a header that is read, and one more for so many bytes of its name, as a power of two.
_HEADER, _NAME = 8, 5
# A place where a header may be costs as much, in archives within archives more.
_LOOK = 4


class Member(Struct, frozen=True, kw_only=True):
    """A member: `entry` says how to read it, `begin` where its data is.

    Where directory and local header differ there is one member for each reading.
    """

    name: str
    entry: Entry
    begin: int


class Archive(Struct, frozen=True, kw_only=True):
    """A zip archive: its members, what is wrong with it, what stands before and behind it."""

    members: tuple[Member, ...]
    reasons: tuple[VerdictReason, ...]
    prefix: int = 0
    comment: bytes = b""


class _Opened:
    """What was found so far: members, the stretches that they fill, reasons (bounded)."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.filled: list[tuple[int, int]] = []
        self.reasons: list[VerdictReason] = []

    def tell(self, reasons: Iterator[VerdictReason]) -> None:
        for reason in reasons:
            if len(self.reasons) < _REASONS:
                self.reasons.append(reason)


def entry_names(view: View) -> list[str]:
    """Return the members' names as the directory has them, [] where there is no directory.

    For telling what kind of archive it is; at most 1 MiB of the directory is read.
    """
    end = read_end(view)
    if end is None:
        return []
    for start in _starts(end, view):
        names = names_of_entries(view.at(start, min(end.size, _CHUNK)))
        if names:
            return names
    return []


def open_zip(view: View, context: Context) -> Archive:
    """Return the archive with every member, those that the directory hides too.

    CPython's zipfile, the miniz that torch has and libzip find different members where an
    archive says two things; so each reading is a member, and the difference is `malformed`.
    Raises `FormatError` for more members than are read.
    """
    opened = _Opened()
    end = read_end(view)
    if end is None:
        lost = malformed(context, "zip-no-end", "the archive has no end, its members were searched")
        opened.tell(iter([lost]))
        _search(view, 0, view.size, opened, context)
        return _archive(opened, 0, b"")
    opened.tell(of_end(end, view, context))
    starts = _starts(end, view)
    _check_starts(end, starts, opened, context)
    for start in starts:
        _read_directory(view, end, start, opened, context)
    opened.filled.append((end.at, end.at))
    prefix = _search_holes(view, opened, context)
    if opened.reasons:
        _search(view, end.at, view.size, opened, context)
    return _archive(opened, prefix, end.comment)


def _archive(opened: _Opened, prefix: int, comment: bytes) -> Archive:
    return Archive(
        members=tuple(opened.members), reasons=tuple(opened.reasons), prefix=prefix,
        comment=comment,
    )  # fmt: skip


def _starts(end: End, view: View) -> list[int]:
    """Return where the directory could begin: before its end, or where its end says.

    A reader that knows of no 64-bit end looks before the plain one.
    """
    places = dict.fromkeys((end.at - end.size, end.offset))
    starts = [place for place in places if place >= 0 and view.at(place, 4) == ENTRY]
    plain = end.record - end.size
    if plain in places or plain < 0 or view.at(plain, 4) != ENTRY:
        return starts
    hides = not any(_continues(end, start, plain, view) for start in starts)
    return [*starts, plain] if hides else starts


def _continues(end: End, start: int, at: int, view: View) -> bool:
    """Return whether `at` is a later entry of the directory at `start`, and nothing but that.

    What begins there is seen already, but for members that the shifted offsets would lead to.
    """
    if not start < at < start + end.size or end.size > MAX_HELD:
        return False
    raw = view.at(start, end.size)
    if at - start not in places_of_entries(raw):
        return False
    shift = at - end.offset
    entries = read_entries(raw[at - start :])
    return all(view.at(entry.offset + shift, 4) != LOCAL for entry in entries)


def _check_starts(end: End, starts: list[int], opened: _Opened, context: Context) -> None:
    if end.offset + end.size != end.at:
        moved = malformed(
            context, "zip-offset", "the directory is not where the archive's end says", end.record
        )
        opened.tell(iter([moved]))
    if not starts and (end.count or end.size):
        lost = malformed(context, "zip-directory", "the directory is missing", end.record)
        opened.tell(iter([lost]))


def _read_directory(view: View, end: End, start: int, opened: _Opened, context: Context) -> None:
    if end.size > MAX_HELD:
        raise FormatError(
            f"the directory is longer than {MAX_HELD} bytes", "limit", rule="limit-members"
        )
    raw = view.at(start, end.size)
    entries = []
    for entry in read_entries(raw):
        context.budget.member()
        entries.append(entry)
    length = length_of_entries(raw)
    if length != end.size:
        broken = malformed(
            context, "zip-directory", "the directory's size is not its entries'", start + length
        )
        opened.tell(iter([broken]))
    if len(entries) != end.count:
        counted = malformed(
            context, "zip-count",
            f"the end counts {end.count} members, the directory has {len(entries)}", end.record,
        )  # fmt: skip
        opened.tell(iter([counted]))
    opened.filled.append((start, start + length))
    opened.tell(of_names(entries, context))
    shift = start - end.offset
    for entry in entries:
        _add(view, entry, shift, opened, context)


def _add(view: View, entry: Entry, shift: int, opened: _Opened, context: Context) -> None:
    """Add a member; `shift` is what some readers add to its offset."""
    opened.tell(of_entry(entry, context))
    found = False
    for at in dict.fromkeys((entry.offset + shift, entry.offset)):
        local = read_local(view, at)
        if local is None:
            continue
        found = True
        context.budget.step(_HEADER + (len(local.name) >> _NAME))
        opened.tell(of_local(entry, local, context))
        opened.members.append(Member(name=entry.text, entry=entry, begin=local.data))
        end = local.data + entry.packed
        if local.flags & DEFERRED or entry.flags & DEFERRED:
            length = descriptor_length(entry, view, end)
            if length < 0:
                detail = f"the values behind {shown(entry.text)} are not the directory's"
                opened.tell(iter([malformed(context, "zip-descriptor", detail, end)]))
            end += max(0, length)
        opened.filled.append((at, end))
        if _reads_differently(entry, local):
            opened.members.append(Member(name=entry.text, entry=local, begin=local.data))
    if not found:
        detail = f"{shown(entry.text)} has no local header"
        opened.tell(iter([malformed(context, "zip-local-missing", detail, entry.offset)]))


def _reads_differently(entry: Entry, local: Entry) -> bool:
    later = bool(local.flags & DEFERRED) and local.packed == 0
    return local.method != entry.method or (not later and local.packed != entry.packed)


def _search_holes(view: View, opened: _Opened, context: Context) -> int:
    """Look for members where the directory knows of none; return the length of what is in front."""
    reached = prefix = 0
    for begin, end in sorted(opened.filled):
        if begin < reached:
            detail = "two members, or a member and the directory, overlap"
            opened.tell(iter([malformed(context, "zip-overlap", detail, begin)]))
        elif begin > reached and _search(view, reached, begin, opened, context):
            if reached == 0:
                prefix = begin
            else:
                detail = f"{begin - reached} bytes lie between two members"
                opened.tell(iter([malformed(context, "zip-hole", detail, reached)]))
        reached = max(reached, end)
    return prefix


def _search(view: View, begin: int, end: int, opened: _Opened, context: Context) -> bool:
    """Add the members whose local headers stand in a stretch; `False` where it is all zeros."""
    content = False
    last = min(end, begin + MAX_SEARCHED)
    if last < end:
        detail = f"{end - begin} bytes that no member fills were not all searched"
        reason = context.reason("zip-hole", "not-inspectable", detail, offset=begin)
        opened.tell(iter([reason]))
    for chunk in range(begin, last, _CHUNK):
        # A header may begin in this chunk and end in the next one.
        raw = view.at(chunk, min(_CHUNK + len(LOCAL) - 1, last - chunk))
        context.budget.step(1 + (len(raw) >> 10))
        content = content or bool(raw.strip(b"\0"))
        at = raw.find(LOCAL)
        while at >= 0:
            _add_stray(view, chunk + at, end, opened, context)
            at = raw.find(LOCAL, at + 1)
    return content


def _add_stray(view: View, at: int, end: int, opened: _Opened, context: Context) -> None:
    context.budget.step(_LOOK)
    local = read_local(view, at)
    if local is None:
        return
    context.budget.member()
    context.budget.step(_HEADER + (len(local.name) >> _NAME))
    packed = local.packed
    if not packed or local.data + packed > view.size:
        packed = max(0, end - local.data)
    entry = Entry(
        name=local.name, flags=local.flags, method=local.method, crc=-1, packed=packed,
        size=local.size if local.packed else packed, offset=at,
    )  # fmt: skip
    opened.members.append(Member(name=local.text, entry=entry, begin=local.data))
