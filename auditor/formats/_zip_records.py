"""Reads the records of zip archives as bytes: entries, local headers, ends (APPNOTE.TXT 4.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from auditor.formats._polyglot import MOST_ENDS
from auditor.formats._view import View

LOCAL = b"PK\3\4"
ENTRY = b"PK\1\2"
END = b"PK\5\6"
END64 = b"PK\6\6"
LOCATOR = b"PK\6\7"
DESCRIPTOR = b"PK\7\x08"
END_SIZE = 22
END64_SIZE = 56
LOCATOR_SIZE = 20
LOCAL_SIZE = 30
ENTRY_SIZE = 46
MAX_COMMENT = 0xFFFF
FULL = 0xFFFFFFFF
_HALF_FULL = 0xFFFF

# Bits of the general purpose flag (4.4.4).
ENCRYPTED = 1 | 1 << 6 | 1 << 13
DEFERRED = 1 << 3
UTF8 = 1 << 11

# Writers put one to five extra fields: of more than this the rest is not read, and does not fit.
_MOST_EXTRAS = 64
_EXTRA_ZIP64 = 1
_EXTRA_PATH = 0x7075
_EXTRA_AES = 0x9901

_END = struct.Struct("<HHHHIIH")
_END64 = struct.Struct("<QHHIIQQQQ")
_ENTRY = struct.Struct("<BBHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<HHHHHIIIHH")
_FLAGS = struct.Struct("<H")


class Entry(Struct, frozen=True, kw_only=True):
    """A member as the directory or its local header has it; sizes and offsets in bytes.

    `offset` is the local header's, `data` the first byte behind it (-1 in the directory).
    `other_name` is what an extra field says the name is. `wide` is `False` where the 64-bit
    extra field does not fit the fields that it is for.
    """

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    data: int = -1
    system: int = 0
    attributes: int = 0
    other_name: bytes = b""
    wide: bool = True
    extra_fits: bool = True

    @property
    def text(self) -> str:
        """Return the name as text: UTF-8 where it says so and is so, else code page 437."""
        return as_text(self.name, self.flags)

    @property
    def is_encrypted(self) -> bool:
        """Whether a flag or the method (AES is 99) says that the content is encrypted."""
        return bool(self.flags & ENCRYPTED) or self.method == 99  # noqa: PLR2004 - AES


def as_text(name: bytes, flags: int) -> str:
    """Return a member's name as text; see `Entry.text`."""
    if name.isascii():
        return name.decode()
    try:
        return name.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        return name.decode("utf-8", "backslashreplace")


class End(Struct, frozen=True, kw_only=True):
    """What the record at an archive's end says, the 64-bit one where it is there.

    `at` is where the directory has to end: at the first of the end's records. `tail` is the byte
    behind the comment.
    """

    at: int
    record: int
    tail: int
    count: int
    size: int
    offset: int
    comment: bytes
    disks: bool
    wide_missing: bool
    wide_differs: bool


def read_end(view: View) -> End | None:
    """Return the archive's end: the last record whose comment reaches to the file's end.

    Where none does so, or there are hundreds, it is the last record of all; `None` where there is
    none.
    """
    at = _last_record(view)
    if at < 0:
        return None
    raw = view.at(at, END_SIZE)
    disk, first, here, count, size, offset, length = _END.unpack_from(raw, 4)
    end = End(
        at=at, record=at, tail=at + END_SIZE + length, count=count, size=size, offset=offset,
        comment=view.at(at + END_SIZE, length), disks=bool(disk or first or here != count),
        wide_missing=False, wide_differs=False,
    )  # fmt: skip
    saturated = count == _HALF_FULL or FULL in (size, offset)
    wide = _read_end64(view, at)
    if wide is None:
        return replace(end, wide_missing=saturated and FULL in (size, offset))
    begin, count64, size64, offset64, disks = wide
    differs = any(
        narrow not in (full, broad)
        for narrow, full, broad in (
            (count, _HALF_FULL, count64), (size, FULL, size64), (offset, FULL, offset64),
        )
    )  # fmt: skip
    return replace(
        end, at=begin, count=count64, size=size64, offset=offset64,
        disks=end.disks or disks, wide_differs=differs,
    )  # fmt: skip


def _last_record(view: View) -> int:
    plain = view.size - END_SIZE
    if view.at(plain, 4) == END and view.at(plain + 20, 2) == b"\0\0":
        return plain
    begin = max(0, plain - MAX_COMMENT)
    tail = view.at(begin, END_SIZE + MAX_COMMENT)
    if tail.count(END) > MOST_ENDS:  # no other than the last one is looked at
        return begin + tail.rfind(END, 0, 4 - END_SIZE)
    last = -1
    at = tail.rfind(END)
    while at >= 0:
        if at + END_SIZE <= len(tail):
            last = max(last, at)
            length = int.from_bytes(tail[at + 20 : at + 22], "little")
            if at + END_SIZE + length == len(tail):
                return begin + at
        at = tail.rfind(END, 0, at)
    return begin + last if last >= 0 else -1


def _read_end64(view: View, end: int) -> tuple[int, int, int, int, bool] | None:
    """Return begin, count, size and offset of the 64-bit end, and whether it names other disks."""
    locator = view.at(end - LOCATOR_SIZE, LOCATOR_SIZE)
    if len(locator) < LOCATOR_SIZE or locator[:4] != LOCATOR:
        return None
    disk, at, disks = struct.unpack_from("<IQI", locator, 4)
    directly = end - LOCATOR_SIZE - END64_SIZE
    for begin in (directly, at):
        raw = view.at(begin, END64_SIZE)
        if len(raw) == END64_SIZE and raw[:4] == END64:
            length, _, _, this, first, here, count, size, offset = _END64.unpack_from(raw, 4)
            other = bool(disk or disks > 1 or this or first or here != count)
            odd = begin + 12 + length != end - LOCATOR_SIZE
            return begin, count, size, offset, other or odd
    return None


def read_entries(raw: bytes) -> Iterator[Entry]:
    """Return the directory's entries up to the first that is none."""
    at = 0
    while at + ENTRY_SIZE <= len(raw) and raw[at : at + 4] == ENTRY:
        (_, system, _, flags, method, _, _, crc, packed, size, names, extras, comments, _, _,
         attributes, offset) = _ENTRY.unpack_from(raw, at + 4)  # fmt: skip
        begin = at + ENTRY_SIZE
        at = begin + names + extras + comments
        if at > len(raw):
            return
        entry = Entry(
            name=raw[begin : begin + names], flags=flags, method=method, crc=crc, packed=packed,
            size=size, offset=offset, system=system, attributes=attributes,
        )  # fmt: skip
        extra = raw[begin + names : begin + names + extras]
        yield _with_extra(entry, extra, local=False) if extra else entry


def names_of_entries(raw: bytes) -> list[str]:
    """Return the names of the entries that `read_entries` returns."""
    places = places_of_entries(raw)
    names = []
    for at in places[:-1]:
        (flags,) = _FLAGS.unpack_from(raw, at + 8)
        (length,) = _FLAGS.unpack_from(raw, at + 28)
        names.append(as_text(raw[at + ENTRY_SIZE : at + ENTRY_SIZE + length], flags))
    return names


def length_of_entries(raw: bytes) -> int:
    """Return how many bytes the entries fill that `read_entries` returns."""
    return places_of_entries(raw)[-1]


def places_of_entries(raw: bytes) -> list[int]:
    """Return where the entries begin that `read_entries` returns, and the last one's end."""
    at = 0
    places = [at]
    while at + ENTRY_SIZE <= len(raw) and raw[at : at + 4] == ENTRY:
        names, extras, comments = struct.unpack_from("<HHH", raw, at + 28)
        at += ENTRY_SIZE + names + extras + comments
        if at > len(raw):
            break
        places.append(at)
    return places


def read_local(view: View, at: int) -> Entry | None:
    """Return the local header at an offset, `None` where there is none."""
    raw = view.at(at, LOCAL_SIZE)
    if len(raw) < LOCAL_SIZE or raw[:4] != LOCAL:
        return None
    _, flags, method, _, _, crc, packed, size, names, extras = _LOCAL.unpack_from(raw, 4)
    more = view.at(at + LOCAL_SIZE, names + extras)
    if len(more) < names + extras:
        return None
    entry = Entry(
        name=more[:names], flags=flags, method=method, crc=crc, packed=packed, size=size,
        offset=at, data=at + LOCAL_SIZE + names + extras,
    )  # fmt: skip
    return _with_extra(entry, more[names:], local=True) if extras else entry


def _with_extra(entry: Entry, extra: bytes, *, local: bool) -> Entry:
    """Return the entry with what its extra fields say (4.5)."""
    at = fields = 0
    while at + 4 <= len(extra) and fields < _MOST_EXTRAS:
        fields += 1
        kind, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _EXTRA_ZIP64:
            entry = _widened(entry, field, local=local)
        elif kind == _EXTRA_PATH:
            entry = replace(entry, other_name=field[5:])
        elif kind == _EXTRA_AES:
            entry = replace(entry, flags=entry.flags | 1)
    # What does not fill the field exactly is read by some and refused by others.
    fits = at == len(extra) or (at < len(extra) and not extra[at:].strip(b"\0"))
    return entry if fits else replace(entry, extra_fits=False)


def _widened(entry: Entry, field: bytes, *, local: bool) -> Entry:
    numbers = [int.from_bytes(field[i : i + 8], "little") for i in range(0, len(field) - 7, 8)]
    wanted = [
        name
        for name in (("size", "packed") if local else ("size", "packed", "offset"))
        if getattr(entry, name) == FULL
    ]
    if len(numbers) < len(wanted):
        return replace(entry, wide=False)
    values = dict(zip(wanted, numbers, strict=False))
    # A field with more numbers than are wanted says two things at once, unless it repeats them.
    surplus = numbers[len(wanted) :]
    repeats = not wanted and surplus in ([entry.size], [entry.size, entry.packed])
    return replace(entry, wide=not surplus or repeats, **values)
