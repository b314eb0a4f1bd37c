"""Walks a store: bounded, on one file system, following no link."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.collect._store_links import Links
from auditor.evidence import GapReason
from auditor.evidence.paths import recordable
from auditor.host import MIB, Absent, Stat, Unreadable
from auditor.stores import Contents, File, Folder, Special, joined, stamp_of

__all__ = ["ASKED_FOR", "FOUND", "Bounds", "File", "Walk", "Walker"]

MAX_DEPTH = 24
_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002
_STICKY = 0o1000


class Bounds(Struct, frozen=True, kw_only=True):
    """How much of a store is looked at: entries walked, files opened, model files told.

    `read` are bytes of documents (configurations, cards, manifests). Thousands of models have
    less; to read one of 4 MiB under a hundred thousand names (hard links) would take hours.
    """

    entries: int
    opened: int
    told: int
    read: int = 512 * MIB


# A store named on the command line is looked at to its end; one of the site, or one that was only
# found, is to be no burden on the host whenever it is scanned.
ASKED_FOR = Bounds(entries=1_100_000, opened=1_000_000, told=250_000, read=2048 * MIB)
FOUND = Bounds(entries=200_000, opened=50_000, told=20_000)


class Walk(Struct, frozen=True, kw_only=True):
    """What was seen of a store. `writers` is `None` where more could be hidden than was seen.

    A file of several names (hard links) counts once: `names` are its others, by the first.
    """

    contents: Contents
    files: int
    size: int
    complete: bool
    writers: Literal["", "group", "everyone"] | None
    names: dict[str, tuple[str, ...]]


class Walker:
    """Walks one store. Every refusal and every limit is a gap, and makes it incomplete."""

    def __init__(self, reading: Reading, *, most: int = FOUND.entries) -> None:
        """Walk on the reading's host; stop after `most` entries."""
        self._host = reading.host
        self._reading = reading
        self._left = most
        self._complete = True
        self._modes = 0
        self._links: dict[str, list[str]] = {}
        self._folders: dict[str, Folder] = {}
        self._first: dict[int | tuple[str, int], File] = {}
        self._names: dict[str, list[str]] = {}
        self._size = 0
        self._files = 0
        self._shared: dict[int, int] = {}

    def walk(self, path: str, root: Stat) -> Walk:
        """Return what lies below the folder `path`, whose lstat(2) is `root`.

        HuggingFace's snapshots are links into `blobs`: since no link is followed each blob
        counts once.
        """
        self._modes |= root.mode | self._above(path)
        waiting = [(path, 0, root.mode)]
        while waiting:
            folder, depth, mode = waiting.pop()
            if depth > MAX_DEPTH:
                self._miss(folder, "limit", f"folders lie more than {MAX_DEPTH} deep")
                continue
            below = self._enter(folder, root.device, mode)
            waiting += [(name, depth + 1, their) for name, their in reversed(below)]
        return self._walked(path)

    def beside(self, path: str, root: Stat) -> Walk:
        """Return the folder `path` without what lies in its folders: of a single file."""
        self._modes |= root.mode | self._above(path)
        self._enter(path, root.device, root.mode)
        return self._walked(path)

    def _walked(self, path: str) -> Walk:
        contents = Contents(root=path, folders=self._folders, complete=self._complete)
        links = Links(self._reading, contents)
        for folder, names in self._links.items():
            told = tuple(links.link(folder, name) for name in names)
            self._folders[folder] = msgspec.structs.replace(self._folders[folder], links=told)
        return Walk(
            contents=contents,
            files=self._files,
            size=self._size,
            complete=self._complete,
            writers=self._writers(),
            names={path: tuple(names) for path, names in self._names.items()},
        )

    def _enter(self, folder: str, device: str, mode: int) -> list[tuple[str, int]]:
        """Note a folder and what lies in it; return its folders with their modes."""
        self._folders[folder] = Folder(path=folder, mode=mode)
        try:
            names = self._host.list(folder, limit=max(self._left, 1))
        except Absent:
            return []
        except Unreadable as error:
            self._miss(folder, error.reason, error.detail)
            return []
        files: list[File] = []
        specials: list[Special] = []
        folders: list[tuple[str, int]] = []
        for name in sorted(names):
            if not self._left:
                self._miss(folder, "limit", "the store has more entries than are looked at")
                break
            self._left -= 1
            path = joined(folder, name)
            status = self._status(path)
            if status is None:
                continue
            if status.file_type == "symlink":
                self._links.setdefault(folder, []).append(name)
                continue
            self._modes |= status.mode
            if status.file_type == "file":
                self._note(self._file(path, status), _identity(status, device), files)
            elif status.file_type != "directory":
                specials.append(Special(folder, name, status.file_type))
            elif status.device != device:
                detail = "another file system is mounted there"
                self._miss(path, "unsupported", detail)
            else:
                folders.append((name, status.mode))
        self._folders[folder] = Folder(
            path=folder,
            mode=mode,
            files=tuple(files),
            specials=tuple(specials),
            folders=tuple(name for name, _ in folders),
        )
        return [(joined(folder, name), mode) for name, mode in folders] if self._left else []

    def _status(self, path: str) -> Stat | None:
        try:
            return self._host.stat(path)
        except Absent:
            return None  # removed while we looked
        except Unreadable as error:
            self._miss(path, error.reason, error.detail)
            return None

    def _file(self, path: str, status: Stat) -> File:
        # Hundreds of thousands of files have the same few modes: one number for all of them.
        mode = self._shared.setdefault(status.mode, status.mode)
        return File(path, status.size, mode, stamp_of(status.inode, status.ctime_ns))

    def _note(self, file: File, identity: int | tuple[str, int], files: list[File]) -> None:
        """Note a regular file; one that was seen under another name is that one."""
        files.append(file)
        first = self._first.setdefault(identity, file) if file.inode else file
        # Some file systems give several files one number: of another size it is another file.
        if first is not file and first.size == file.size:
            self._names.setdefault(first.path, []).append(file.path)
            return
        self._files += 1
        self._size += file.size

    def _above(self, path: str) -> int:
        """Return that others write, where they may put another folder in the store's place.

        They may where a folder above is everybody's and not sticky (unlink(2)).
        """
        folder = path
        while folder != "/":
            folder = folder.rpartition("/")[0] or "/"
            try:
                mode = self._host.stat(folder).mode
            except Unreadable:
                continue  # the walk itself tells what it may not see
            if mode & _OTHERS_WRITE and not mode & _STICKY:
                return _OTHERS_WRITE
        return 0

    def _writers(self) -> Literal["", "group", "everyone"] | None:
        if self._modes & _OTHERS_WRITE:
            return "everyone"
        if not self._complete:
            return None
        return "group" if self._modes & _GROUP_WRITES else ""

    def _miss(self, path: str, reason: GapReason, detail: str) -> None:
        self._complete = False
        self._reading.miss(recordable(path), reason, detail)


def _identity(status: Stat, device: str) -> int | tuple[str, int]:
    """Return what only other names of a file share with it: its number, and its own device.

    A file may be mounted into a folder of another file system, and on overlays every layer
    numbers its own: one of them is never taken for another that was looked at already.
    """
    return status.inode if status.device == device else (status.device, status.inode)
