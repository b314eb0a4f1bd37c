"""Reads a collector's configuration files, and rolls up what could not be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.evidence import Gap, GapReason, Origin
from auditor.evidence.paths import recordable
from auditor.host import DEFAULT_ENTRIES, MIB, Absent, Host, Unreadable

# A configuration file of more than this is not one that a person wrote.
FILE_LIMIT = MIB
# A drop-in folder with more entries than this is not read to its end.
FOLDER_LIMIT = 5_000
_NAMED = 3
_LETTER = re.compile(rb"[A-Za-z0-9]")


class _Miss(Struct, frozen=True, kw_only=True):
    """One thing that could not be read."""

    path: str
    reason: GapReason
    detail: str


def lines(text: str) -> list[str]:
    """Return the lines of a text as the kernel and daemons end them: by a newline alone.

    `str.splitlines` also cuts at form feeds, U+0085 and the like, which any name may hold: what
    stands behind them would pass for a line. The carriage return of other systems is dropped.
    """
    if not text:
        return []
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


class Reading:
    """The files of one collector: absent files are no gap, every other failure is one.

    Like gaps are rolled up: one for each kind and reason, with the number of files in `count`.
    """

    def __init__(self, host: Host, collector: str, *kinds: str) -> None:
        """Read from `host` for `collector`; whatever cannot be read is a gap in all `kinds`."""
        self.host = host
        self.collector = collector
        self._kinds = kinds
        self._misses: dict[_Miss, None] = {}
        self.listings = 0  # folders that were listed for patterns

    def text(self, path: str) -> str | None:
        """Return the file as text, `None` where it is absent or could not be read (a gap).

        A file that is a link to `/dev/null` is masked, as administrators say, and reads empty.
        """
        try:
            data = self.host.read(path, limit=FILE_LIMIT)
        except Absent:
            return None
        except Unreadable as error:
            if self.masked(path):
                return ""
            self.miss(path, error.reason, error.detail)
            return None
        strange = _no_text(data)
        if strange:
            self.miss(path, "malformed", strange)
            return None
        return data.decode("utf-8", "replace")

    def masked(self, path: str) -> bool:
        """Return whether the path is a link to `/dev/null`, so that it says nothing."""
        try:
            return self.host.readlink(path) == "/dev/null"
        except Unreadable:
            return False

    def folder(self, path: str, *suffixes: str) -> tuple[str, ...]:
        """Return the sorted paths in a folder whose names end in one of `suffixes`.

        Hidden names are skipped, as every reader of a drop-in folder does.
        """
        return tuple(
            posixpath.join(path, name)
            for name in sorted(self.names(path, limit=FOLDER_LIMIT))
            if not name.startswith(".") and (not suffixes or name.endswith(suffixes))
        )

    def names(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a folder, none where it is absent or refused (a gap)."""
        try:
            return self.host.list(path, limit=limit)
        except Absent:
            return ()
        except Unreadable as error:
            self.miss(path, error.reason, error.detail)
            return ()

    def linked_name(self, path: str) -> str:
        """Return the last part of what a link leads to, `` where it is absent or refused (a gap).

        So sysfs tells the driver of a device, and the module of a driver.
        """
        try:
            target = self.host.readlink(path)
        except Absent:
            return ""
        except Unreadable as error:
            self.miss(path, error.reason, error.detail)
            return ""
        return recordable(target.rpartition("/")[2])

    def by_name(self, folders: tuple[str, ...], suffix: str) -> tuple[str, ...]:
        """Return the drop-ins of several folders by name, an earlier folder's over a later's."""
        found: dict[str, str] = {}
        for folder in folders:
            for path in self.folder(folder, suffix):
                found.setdefault(posixpath.basename(path), path)
        return tuple(path for _, path in sorted(found.items()))

    def texts(self, paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return path and text of every file that is there."""
        read = ((path, self.text(path)) for path in paths)
        return tuple((path, text) for path, text in read if text is not None)

    def present(self, *paths: str) -> bool:
        """Return whether there is something at one of the paths; a refusal is a gap."""
        return any(self._is_there(path) for path in paths)

    def absent(self, path: str) -> bool:
        """Return whether it is known that there is nothing at the path."""
        try:
            self.host.stat(path)
        except Absent:
            return True
        except Unreadable:
            return False
        return False

    def _is_there(self, path: str) -> bool:
        try:
            self.host.stat(path)
        except Absent:
            return False
        except Unreadable as error:
            self.miss(path, error.reason, error.detail)
            return False
        return True

    @property
    def losses(self) -> int:
        """How many things could not be read so far: compared, it tells whether one was added."""
        return len(self._misses)

    def miss(self, path: str, reason: GapReason, detail: str) -> None:
        """Note that what `path` says could not be had; said twice it counts once."""
        self._misses[_Miss(path=path, reason=reason, detail=detail)] = None

    def missed(self, *beginnings: str) -> bool:
        """Return whether something at or below one of the paths could not be had."""
        return any(miss.path.startswith(beginnings) for miss in self._misses)

    def malformed(self, path: str, line: int, detail: str) -> None:
        """Note a line that does not say what its format wants."""
        place = f"{path}:{line}" if line else path
        self.miss(place, "malformed", detail)

    def origin(self, path: str, line: int = 0) -> Origin:
        """Return the origin of a fact read there."""
        return Origin(self.collector, path, line)

    def gaps(self) -> Iterator[Gap]:
        """Yield what could not be read, rolled up by kind and reason."""
        by_reason: dict[GapReason, list[_Miss]] = {}
        for miss in self._misses:
            by_reason.setdefault(miss.reason, []).append(miss)
        for reason, misses in sorted(by_reason.items()):
            for kind in self._kinds:
                yield Gap(
                    kind=kind,
                    reason=reason,
                    detail=_sentence(misses),
                    origin=Origin(self.collector, misses[0].path),
                    count=len(misses),
                )


def _no_text(data: bytes) -> str:
    """Return why these bytes are no text of this system, empty where they are.

    Read all the same, UTF-16 or a file of NULs would say nothing and pass for an empty one. One
    NUL at the end is how a device tree ends its texts.
    """
    if b"\0" in data[:-1] or data == b"\0":
        return "not text: it holds NUL bytes"
    if b"\r" in data and b"\n" not in data:
        return "its lines end as on no Unix system"
    # Comments may be written in any encoding; what is set is written in letters of ASCII.
    if data and not data.isascii() and not _LETTER.search(data):
        return "not text: it holds no letter or digit"
    return ""


def _sentence(misses: list[_Miss]) -> str:
    """Return what happened first, and where else."""
    first = f"{misses[0].path}: {misses[0].detail}"
    others = sorted({miss.path for miss in misses[1:]} - {misses[0].path})
    if not others:
        return first
    named = ", ".join(others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"{first}; likewise {named}{more}"
