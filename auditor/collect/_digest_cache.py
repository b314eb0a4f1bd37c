"""Keeps digests between runs, in a file that the user names; it proves nothing to a verifier."""

from __future__ import annotations

import fcntl
import os
import re
import stat as modes
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec
from msgspec import Struct

from auditor.errors import UsageError
from auditor.host import MIB, Stat

_HEADER = b'{"schema":"auditor.digest-cache/1"}\n'
_MOST = 1024 * MIB
_LINE = 4096
# Clocks of file systems tick up to 10 ms apart, some store whole seconds or two: a file that was
# written so lately may be written again and look the same (git calls such entries racy).
_SETTLED_NS = 2_000_000_000
_WAITING = 64
_OTHERS_WRITE = 0o022
_DIGEST = re.compile(r"[a-z0-9-]{1,20}:[0-9a-f]{1,200}")


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One state of one file, and its digests."""

    file: str
    digests: tuple[str, ...]


class DigestCache:
    """Digests by device, inode, size, mtime and ctime, both to the nanosecond.

    A JSON line each, appended as work goes on: a run that is killed goes on where it was. What
    is not written by this user alone, or cannot be read, is not believed and made anew;
    `ignored` then tells why. Deleting the file loses nothing but time.
    """

    def __init__(self, path: str) -> None:
        """Open the file at `path`, or make it. Raises `UsageError` where it is something else."""
        self._path = path
        self._known: dict[str, tuple[str, ...]] = {}
        self._waiting: list[bytes] = []
        self._writing = threading.Lock()
        self._may_write = True
        self.ignored = ""
        self._descriptor = self._open()

    @staticmethod
    def begin() -> int:
        """Return the time (ns) before a file is hashed, for `keep`: it decides no fact."""
        return time.time_ns()

    def recall(self, status: Stat, algorithms: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the digests of a file in this state, `None` where one of them is not known."""
        known = self._known.get(_key(status), ()) if status.ctime_ns else ()
        by_name = {digest.partition(":")[0]: digest for digest in known}
        found = tuple(by_name[name] for name in algorithms if name in by_name)
        return found if len(found) == len(algorithms) else None

    def keep(self, status: Stat, digests: tuple[str, ...], begun: int) -> None:
        """Keep the digests of a file that was in this state before and after it was hashed."""
        settled = begun - max(status.mtime_ns, status.ctime_ns) > _SETTLED_NS
        if not status.ctime_ns or not settled:
            return
        key = _key(status)
        with self._writing:
            merged = {digest.partition(":")[0]: digest for digest in self._known.get(key, ())}
            merged |= {digest.partition(":")[0]: digest for digest in digests}
            self._known[key] = tuple(merged.values())
            self._waiting.append(msgspec.json.encode(_Line(key, self._known[key])) + b"\n")
            if len(self._waiting) >= _WAITING or status.size >= MIB:
                self._flush()

    def close(self) -> None:
        """Write what waits, and close the file."""
        with self._writing:
            self._flush()
        os.close(self._descriptor)

    def _flush(self) -> None:
        lines, self._waiting = b"".join(self._waiting), []
        if not lines or not self._may_write:
            return
        try:
            _write(self._descriptor, lines)
        except OSError as error:
            # A full disk ends the keeping, not the hashing.
            self._may_write = False
            self.ignored = f"it is not written any more: {error.strerror}"

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(
                f"the digest cache cannot be opened: {error.strerror}", where=self._path
            ) from error
        try:
            return self._read(descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    def _read(self, descriptor: int) -> int:
        """Take in what the file holds; return the descriptor to write to."""
        status = os.fstat(descriptor)
        head = os.pread(descriptor, len(_HEADER), 0) if modes.S_ISREG(status.st_mode) else b"-"
        if head not in (b"", _HEADER):
            raise UsageError(
                "this is no digest cache, and is left alone",
                where=self._path,
                hint="Name a new file with --digest-cache",
            )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Another run writes: what it has kept so far serves this one as well.
            self._may_write = False
        self.ignored = _distrust(status) or self._take_in(descriptor, status.st_size)
        if self.ignored:
            self._known.clear()
            return self._anew(descriptor) if self._may_write else descriptor
        if not head and self._may_write:
            _write(descriptor, _HEADER)
        return descriptor

    def _take_in(self, descriptor: int, size: int) -> str:
        """Read the lines; return why they cannot be believed, or ``."""
        end = len(_HEADER)
        for line in _lines(descriptor, end):
            if not line.endswith(b"\n"):
                break  # the run that wrote it was killed
            try:
                read = msgspec.json.decode(line, type=_Line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                return "it holds a line that this toolkit did not write"
            if not all(_DIGEST.fullmatch(digest) for digest in read.digests):
                return "it holds a line that this toolkit did not write"
            self._known[read.file] = read.digests
            end += len(line)
        if size > end and self._may_write:
            os.ftruncate(descriptor, end)
        return ""

    def _anew(self, descriptor: int) -> int:
        """Put an empty cache in the place of one that is not believed."""
        beside = f"{self._path}.{os.getpid()}.part"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with suppress(FileNotFoundError):
                os.unlink(beside)  # noqa: PTH108 - a text, as the path is
            made = os.open(beside, flags, 0o600)
            fcntl.flock(made, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(made, _HEADER)
            os.rename(beside, self._path)  # noqa: PTH104 - a text, as the path is
        except OSError as error:
            raise UsageError(
                f"the digest cache is not to be believed ({self.ignored}) and cannot be made "
                f"anew: {error.strerror}",
                where=self._path,
            ) from error
        os.close(descriptor)
        return made


def _key(status: Stat) -> str:
    return f"{status.device} {status.inode} {status.size} {status.mtime_ns} {status.ctime_ns}"


def _distrust(status: os.stat_result) -> str:
    """Return why somebody else may have written the file, or ``."""
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    if status.st_mode & _OTHERS_WRITE:
        return "others may write to it"
    if status.st_nlink != 1:
        return "it has another name"
    return f"it is larger than {_MOST} bytes" if status.st_size > _MOST else ""


def _lines(descriptor: int, offset: int) -> Iterator[bytes]:
    """Yield the lines from `offset` on; one that is too long is cut, and so no JSON."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(offset)
        while line := file.readline(_LINE):
            yield line if len(line) < _LINE else line + b"\n"


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
