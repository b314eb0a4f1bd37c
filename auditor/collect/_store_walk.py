"""Walks a store: bounded, on one file system, following no link."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.collect._paths import recordable
from auditor.collect._reading import Reading
from auditor.evidence import GapReason
from auditor.host import Absent, Host, Stat, Unreadable

MAX_ENTRIES = 200_000
MAX_DEPTH = 24
_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002
_STICKY = 0o1000


class File(Struct, frozen=True):
    """A regular file of a store."""

    path: str
    size: int


class Walk(Struct, frozen=True, kw_only=True):
    """What was seen of a store. `writers` is `None` where more could be hidden than was seen.

    `links` are the symbolic links in it, none of which was followed.
    """

    files: tuple[File, ...]
    links: tuple[str, ...]
    size: int
    complete: bool
    writers: Literal["", "group", "everyone"] | None


class Walker:
    """Walks one store. Every refusal and every limit is a gap, and makes it incomplete."""

    def __init__(self, host: Host, reading: Reading, *, most: int = MAX_ENTRIES) -> None:
        """Walk on `host`; stop after `most` entries."""
        self._host = host
        self._reading = reading
        self._left = most
        self._complete = True
        self._modes = 0
        self._files: list[File] = []
        self._links: list[str] = []

    def walk(self, path: str, root: Stat) -> Walk:
        """Return what lies below the folder `path`, whose lstat(2) is `root`.

        HuggingFace's snapshots are links into `blobs`: since no link is followed each blob
        counts once.
        """
        self._modes |= root.mode | self._above(path)
        waiting = [(path, 0)]
        while waiting:
            folder, depth = waiting.pop()
            if depth > MAX_DEPTH:
                self._miss(folder, "limit", f"folders lie more than {MAX_DEPTH} deep")
                continue
            below = self._enter(folder, root.device)
            waiting += [(name, depth + 1) for name in reversed(below)]
        return Walk(
            files=tuple(self._files),
            links=tuple(self._links),
            size=sum(file.size for file in self._files),
            complete=self._complete,
            writers=self._writers(),
        )

    def _enter(self, folder: str, device: str) -> list[str]:
        """Note a folder's files, and return its folders."""
        try:
            names = self._host.list(folder, limit=max(self._left, 1))
        except Absent:
            return []
        except Unreadable as error:
            self._miss(folder, error.reason, error.detail)
            return []
        folders = []
        for name in names:
            if not self._left:
                self._miss(folder, "limit", "the store has more entries than are looked at")
                break
            self._left -= 1
            if self._note(f"{folder.rstrip('/')}/{name}", device):
                folders.append(f"{folder.rstrip('/')}/{name}")
        return folders if self._left else []

    def _note(self, path: str, device: str) -> bool:
        """Note one entry; return whether it is a folder to enter."""
        try:
            status = self._host.stat(path)
        except Absent:
            return False  # removed while we looked
        except Unreadable as error:
            self._miss(path, error.reason, error.detail)
            return False
        if status.file_type == "symlink":
            self._links.append(path)
            return False
        self._modes |= status.mode
        if status.file_type == "file":
            self._files.append(File(path, status.size))
        if status.file_type != "directory":
            return False
        if status.device != device:
            self._miss(path, "unsupported", "another file system is mounted there")
            return False
        return True

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
