"""Touches the file system for the hosts: every open guarded, every error given a reason."""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.evidence.base import GapReason
from auditor.formats import Paged
from auditor.host import Absent, FileType, Stat, Unreadable

# No waiting for the other end of a FIFO, no controlling terminal, no link at the end of the way:
# the caller has resolved the links, so one that stands here now was put there since.
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW
_CHUNK = 256 * 1024

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESRCH})
_REASONS: dict[int, GapReason] = {
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ELOOP: "malformed",
    errno.ENAMETOOLONG: "malformed",
    errno.EIO: "malformed",
    errno.ESTALE: "malformed",
    errno.EMFILE: "limit",
    errno.ENFILE: "limit",
    errno.ENOMEM: "limit",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTDOWN: "timeout",
}
_TYPES: tuple[tuple[int, FileType], ...] = (
    (modes.S_IFREG, "file"),
    (modes.S_IFDIR, "directory"),
    (modes.S_IFLNK, "symlink"),
    (modes.S_IFBLK, "block"),
    (modes.S_IFCHR, "character"),
    (modes.S_IFIFO, "fifo"),
    (modes.S_IFSOCK, "socket"),
)


def failure(error: OSError, asked: str) -> Unreadable:
    """Return an error of the system in the words of a gap; no name leads there: `Absent`."""
    number = error.errno or 0
    if number in _GONE:
        return Absent(asked)
    return Unreadable(
        asked, _REASONS.get(number, "unsupported"), os.strerror(number).lower() or "error"
    )


@contextmanager
def reasons(asked: str) -> Iterator[None]:
    """Turn `OSError` inside the block into `Unreadable` for the path that was asked for."""
    try:
        yield
    except OSError as error:
        raise failure(error, asked) from error


def too_large(asked: str, limit: int) -> Unreadable:
    """Return the refusal of a file of more than `limit` bytes."""
    return Unreadable(asked, "limit", f"larger than {limit} bytes")


def too_many(asked: str, limit: int) -> Unreadable:
    """Return the refusal of a directory of more than `limit` names."""
    return Unreadable(asked, "limit", f"more than {limit} names")


def encoded(path: str) -> bytes:
    """Return a path as the bytes that the kernel knows it by, whatever the locale."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise Unreadable(path, "malformed", "the path cannot be encoded") from error
    if not raw.startswith(b"/") or b"\0" in raw:
        raise Unreadable(path, "malformed", "not an absolute path")
    return raw


def decoded(raw: bytes) -> str:
    """Return the kernel's bytes as text; what is not UTF-8 is kept in surrogates (PEP 383)."""
    return raw.decode("utf-8", "surrogateescape")


def read_file(
    real: bytes, asked: str, *, limit: int, head: bool, within_kernel: bool = False
) -> bytes:
    """Return up to `limit` bytes of a regular file; see `Host.read`.

    `within_kernel`: the path lies in procfs or sysfs, whose links (the caller made sure) lead to
    no device and out of no file system. Elsewhere the last component must not be a link, and
    the access time is left alone where the kernel lets us (owner or root).
    """
    with reasons(asked):
        if within_kernel:
            descriptor = os.open(real, _OPEN & ~os.O_NOFOLLOW)
        else:
            # Looked at before it is opened: opening alone starts a watchdog or rewinds a tape.
            _refuse_special(os.lstat(real).st_mode, asked)
            descriptor = _open_quietly(real)
        try:
            _refuse_special(os.fstat(descriptor).st_mode, asked)
            return _read_up_to(descriptor, asked, limit, head=head)
        finally:
            os.close(descriptor)


@contextmanager
def opened(real: bytes, asked: str) -> Iterator[Paged]:
    """Give the bytes of a regular file at any offset, the last component not followed.

    Reading may go on for long: a file that is cut meanwhile simply ends earlier.
    """
    with descriptor_of(real, asked) as (descriptor, status):
        yield Paged(lambda at, length: os.pread(descriptor, length, at), status.st_size)


@contextmanager
def descriptor_of(real: bytes, asked: str) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file, the last component not followed; give its descriptor and fstat(2)."""
    with reasons(asked):
        _refuse_special(os.lstat(real).st_mode, asked)
        descriptor = _open_quietly(real)
        try:
            status = os.fstat(descriptor)
            _refuse_special(status.st_mode, asked)
            yield descriptor, status
        finally:
            os.close(descriptor)


def _refuse_special(mode: int, asked: str) -> None:
    if not modes.S_ISREG(mode):
        raise Unreadable(asked, "unsupported", f"not a regular file but a {file_type(mode)}")


def _open_quietly(real: bytes) -> int:
    try:
        return os.open(real, _OPEN | os.O_NOATIME)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        return os.open(real, _OPEN)


def _read_up_to(descriptor: int, asked: str, limit: int, *, head: bool) -> bytes:
    """Read to the end: files of /proc and /sys have no size to go by."""
    wanted = limit if head else limit + 1
    parts: list[bytes] = []
    have = 0
    while have < wanted:
        part = os.read(descriptor, min(_CHUNK, wanted - have))
        if not part:
            break
        parts.append(part)
        have += len(part)
    if have > limit:
        raise too_large(asked, limit)
    return b"".join(parts)


def list_directory(
    real: bytes, asked: str, *, limit: int, within_kernel: bool = False
) -> tuple[str, ...]:
    """Return the sorted names in a directory; see `Host.list`, and `read_file` for the rest."""
    names: list[bytes] = []
    with reasons(asked):
        if not within_kernel:
            mode = os.lstat(real).st_mode
            if not modes.S_ISDIR(mode):
                raise Unreadable(asked, "unsupported", f"not a directory but a {file_type(mode)}")
        with os.scandir(real) as entries:
            for entry in entries:
                if len(names) == limit:
                    raise too_many(asked, limit)
                names.append(entry.name)
    return tuple(decoded(name) for name in sorted(names))


def stat_path(real: bytes, asked: str) -> Stat:
    """Return what lstat(2) tells; see `Host.stat`."""
    with reasons(asked):
        return told(os.lstat(real))


def told(status: os.stat_result) -> Stat:
    """Return what the kernel tells of a file, in the words of `Host.stat`."""
    kind = file_type(status.st_mode)
    return Stat(
        file_type=kind,
        mode=modes.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        device=_number(status.st_dev),
        special=_number(status.st_rdev) if kind in ("block", "character") else "",
        ctime_ns=status.st_ctime_ns,
    )


def file_type(mode: int) -> FileType:
    """Return the kind of file that a mode stands for."""
    form = modes.S_IFMT(mode)
    return next((name for value, name in _TYPES if value == form), "other")


def _number(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def read_link(real: bytes, asked: str) -> str:
    """Return a symbolic link's target as written; see `Host.readlink`."""
    try:
        return decoded(os.readlink(real))  # noqa: PTH115 - a Path cannot hold bytes
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise Unreadable(asked, "unsupported", "not a symbolic link") from error
        raise failure(error, asked) from error
