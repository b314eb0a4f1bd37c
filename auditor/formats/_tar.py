"""Opens a tar archive: its members one by one, and whatever two readers see differently."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, View
from auditor.formats._names import folded, shown, unsafe

BLOCK = 512
_NAME, _MODE, _SIZE, _SUM, _KIND, _LINK, _MAGIC, _PREFIX = 0, 100, 124, 148, 156, 157, 257, 345
_LONGEST_HEADER = 1 << 20
_REASONS = 300
_ZEROS = 1 << 20
# What the checksum's own field counts for: eight blanks.
_BLANKS = 256
_FILES = b"0\x007"
_LINKS = b"12"
_DEVICES = b"346"
_FOLDER = b"5"
_SPARSE = b"S"
_NAMES = {ord("L"): "path", ord("K"): "linkpath"}
_PAX = b"xX"
_PAX_GLOBAL = b"g"
# GNU's volume labels, continued members and folder dumps (GNU tar's manual, "Extensions").
_GNU_OTHER = b"VMDN"


class TarMember(Struct, frozen=True, kw_only=True):
    """A member with content: its name, where its content begins, and how long it is in bytes."""

    name: str
    begin: int
    size: int


class TarArchive:
    """A tar archive as it is read from its beginning: `members` first, then `reasons`.

    The formats are those of POSIX (ustar, pax), of GNU and of Unix v7.
    """

    def __init__(self, view: View, context: Context) -> None:
        """Open the archive that a view shows."""
        self._view = view
        self._context = context
        self._next: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self.reasons: list[VerdictReason] = []

    def members(self) -> Iterator[TarMember]:
        """Yield the members that have content; raises `FormatError` at the end of the budget."""
        at = 0
        while True:
            header = self._view.at(at, BLOCK)
            if not header.strip(b"\0"):
                self._check_end(at, header)
                return
            if not is_header(header):
                self._malformed("tar-header", "a member's header is broken", at)
                return
            self._context.budget.member()
            size = self._size(header, at)
            kind = header[_KIND : _KIND + 1]
            begin = at + BLOCK
            if size < 0 or begin + size > self._view.size:
                self._malformed("tar-truncated", "a member is longer than the file", at)
                size = max(0, self._view.size - begin)
            if kind in (b"x", b"X", b"g", b"L", b"K"):
                self._extend(kind, self._view.at(begin, min(size, _LONGEST_HEADER)), size, at)
            else:
                name = self._check(kind, header, size, at)
                self._next = {}
                if size:
                    yield TarMember(name=name, begin=begin, size=size)
            at = begin + size + (-size % BLOCK)

    def _size(self, header: bytes, at: int) -> int:
        field = header[_SIZE : _SIZE + 12]
        written = number(field)
        # What stands behind a NUL is the number to one reader and nothing to another.
        odd = field[0] < 0x80 and field.partition(b"\0")[2].strip(b" \0")  # noqa: PLR2004 - octal
        if written is None or written < 0 or odd:
            self._malformed("tar-size", "a member's size is no number", at)
            return -1
        if "size" not in self._next or header[_KIND : _KIND + 1] in (b"x", b"g", b"L", b"K"):
            return written
        said = self._next["size"]
        if not said.isascii() or not said.isdigit() or len(said) > 20:  # noqa: PLR2004 - 2^64
            self._malformed("tar-size", "a member's size is no number", at)
            return written
        # A reader without pax takes the header's; writers leave it 0 where it does not fit.
        if written not in (0, int(said)):
            self._malformed("tar-size-differs", "a member is said to have two sizes", at)
        return int(said)

    def _extend(self, kind: bytes, raw: bytes, size: int, at: int) -> None:
        """Keep what a header says of the member that follows it."""
        if size > len(raw):
            self._malformed("tar-header", "an extended header is too long", at)
        if kind[0] in _NAMES:
            self._next[_NAMES[kind[0]]] = raw.rstrip(b"\0").decode("utf-8", "backslashreplace")
            return
        records = pax_records(raw)
        if records is None:
            self._malformed("tar-header", "an extended header is broken", at)
        elif kind == _PAX_GLOBAL:
            if {"path", "linkpath", "size"} & set(records):
                self._malformed("tar-global", "all members are given one name or size", at)
        else:
            if "path" in self._next and "path" in records:
                self._malformed("tar-name-differs", "a member is given two long names", at)
            self._next.update(records)

    def _check(self, kind: bytes, header: bytes, size: int, at: int) -> str:
        """Check a member by its kind and its name; return the name."""
        name = self._next.get("path", "") or short_name(header)
        wrong = unsafe(name)
        if wrong:
            self._malformed("tar-name-unsafe", f"the member {shown(name)} {wrong}", at)
        plain = name.removeprefix("./").rstrip("/")
        if kind in (b"0", b"\0", b"7"):
            first = self._seen.setdefault(folded(plain), plain)
            if first is not plain:
                self._malformed("tar-duplicate", f"{shown(name)} stands twice in the archive", at)
        if kind in (b"1", b"2"):
            self._check_link(name, header, at)
        elif kind in (b"3", b"4", b"6"):
            self._malformed("tar-device", f"{shown(name)} is a device or a pipe", at)
        elif kind == _SPARSE or any(key.startswith("GNU.sparse") for key in self._next):
            detail = f"{shown(name)} has holes, its content is not put together"
            self._tell(self._context.reason("tar-sparse", "not-inspectable", detail, offset=at))
        elif kind[0] in _GNU_OTHER or kind not in (b"0", b"\0", b"7", b"5"):
            detail = f"{shown(name)} is of a kind that is not read: {kind!r}"
            self._tell(self._context.reason("tar-kind", "not-inspectable", detail, offset=at))
        if size and kind in (b"1", b"2", b"3", b"4", b"5", b"6"):
            self._malformed("tar-size", f"{shown(name)} is no file and has content", at)
        return name

    def _check_link(self, name: str, header: bytes, at: int) -> None:
        target = self._next.get("linkpath", "") or text(header[_LINK : _LINK + 100])
        hard = header[_KIND : _KIND + 1] == b"1"
        folder = "" if hard else name.removeprefix("./").rpartition("/")[0]
        if target.startswith("/") or "\\" in target or leaves(folder, target):
            detail = f"{shown(name)} is a link that leads out of the archive, to {shown(target)}"
            self._malformed("tar-link", detail, at)

    def _check_end(self, at: int, header: bytes) -> None:
        """Check that two blocks of zeros end the archive, and that only zeros follow them."""
        if len(header) < BLOCK:
            self._malformed("tar-truncated", "the archive has no end", at)
            return
        if at == 0:
            self._malformed("tar-header", "the archive is empty", at)
        reached = at
        while reached < self._view.size and reached < at + _ZEROS:
            chunk = self._view.at(reached, 64 << 10)
            if chunk.strip(b"\0"):
                detail = "bytes follow the archive's end"
                self._malformed("tar-tail", detail, reached)
                return
            reached += len(chunk) or self._view.size
        if reached < self._view.size:
            self._malformed("tar-tail", "far more zeros than a writer pads with follow", reached)

    def _malformed(self, rule: str, detail: str, at: int) -> None:
        self._tell(self._context.reason(rule, "malformed", detail, offset=at))

    def _tell(self, reason: VerdictReason) -> None:
        if len(self.reasons) < _REASONS:
            self.reasons.append(reason)


def is_header(header: bytes) -> bool:
    """Return whether a block is a member's header: its checksum holds, signed or not.

    As in CPython's tarfile the magic number is not asked for: what it would read is a header.
    """
    if len(header) < BLOCK:
        return False
    said = number(header[_SUM : _SUM + 8])
    if said is None or said < _BLANKS:
        return False
    blank = header[:_SUM] + b" " * 8 + header[_SUM + 8 :]
    unsigned = sum(blank)
    if said == unsigned:
        return True
    return said == unsigned - 256 * sum(byte > 127 for byte in blank)  # noqa: PLR2004 - sign bit


def number(field: bytes) -> int | None:
    """Return a header's number, octal or (GNU) of base 256; `None` for what is none.

    Octal as CPython's tarfile takes it: up to a NUL, and with whatever `int` allows.
    """
    if field[0] & 0x80:
        negative = field[0] & 0x40
        return None if negative else int.from_bytes(field, "big") & ((1 << 8 * len(field) - 1) - 1)
    try:
        return int(field.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        return None


def short_name(header: bytes) -> str:
    """Return the name that fits in a header; ustar has another field for what is before it."""
    name = text(header[_NAME : _NAME + 100])
    posix = header[_MAGIC : _MAGIC + 6] == b"ustar\0"
    prefix = text(header[_PREFIX : _PREFIX + 155]) if posix else ""
    return f"{prefix}/{name}" if prefix else name


def text(field: bytes) -> str:
    """Return a field's text up to its NUL."""
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def pax_records(raw: bytes) -> dict[str, str] | None:
    """Return the records of a pax header, `None` where one is broken (POSIX, pax)."""
    records: dict[str, str] = {}
    at = 0
    while at < len(raw) and raw[at : at + 1] != b"\0":
        length, blank, _ = raw[at : at + 20].partition(b" ")
        if not blank or not length.isdigit() or not int(length):
            return None
        record = raw[at + len(length) + 1 : at + int(length)]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or at + int(length) > len(raw):
            return None
        name = key.decode("utf-8", "backslashreplace")
        if name in records:
            return None
        records[name] = value[:-1].decode("utf-8", "backslashreplace")
        at += int(length)
    return records


def leaves(folder: str, target: str) -> bool:
    """Return whether a link in a folder of the archive leads out of the archive."""
    depth = len([part for part in folder.split("/") if part not in ("", ".")])
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False
