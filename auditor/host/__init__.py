"""The only door to a machine: everything that a collector reads goes through a `Host`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct

from auditor.evidence.base import Gap, GapReason, Origin
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host._key_form import KeyForm
from auditor.probe.words import Answer, Target

KIB = 1024
MIB = 1024 * KIB
DEFAULT_LIMIT = 4 * MIB
DEFAULT_ENTRIES = 100_000

FileType = Literal["file", "directory", "symlink", "block", "character", "fifo", "socket", "other"]


class Unreadable(Exception):  # noqa: N818 - a state of the machine, not a mistake of the program
    """A path could not be read: `reason` as in `Gap`, `detail` in words, `path` as asked."""

    def __init__(self, path: str, reason: GapReason, detail: str) -> None:
        """Keep the path, the reason and the detail."""
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.reason: GapReason = reason
        self.detail = detail

    def gap(self, kind: str, collector: str) -> Gap:
        """Return this as a gap in records of `kind`."""
        return Gap(
            kind=kind,
            reason=self.reason,
            detail=self.detail,
            origin=Origin(collector, self.path),
        )


class Absent(Unreadable):
    """There is no such file. Whether that is a gap is the collector's to say."""

    def __init__(self, path: str) -> None:
        """Keep the path."""
        super().__init__(path, "absent", "no such file")


class Stat(Struct, frozen=True, kw_only=True):
    """What lstat(2) tells: never follows a symbolic link. `device` is `major:minor`.

    `special` is the `major:minor` that a block or character device stands for, else empty.
    `ctime_ns` is the last change of the inode; 0 where only the machine itself could tell.
    """

    file_type: FileType
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    inode: int
    device: str
    special: str = ""
    ctime_ns: int = 0


def untold(_: int) -> None:
    """Tell nobody how far reading has come."""


class Host(Protocol):
    """A machine to be read: this one, or a recorded tree. Paths are absolute, with `/`.

    Every method raises `Absent` where there is nothing at the path, and `Unreadable` for every
    other failure (denied, limit, timeout, malformed, unsupported); never `OSError`.
    """

    @property
    def name(self) -> str:
        """The host name."""

    @property
    def live(self) -> bool:
        """True for this machine, now."""

    @property
    def uid(self) -> int | None:
        """The user id that reads; `None` where a tree does not tell."""

    @property
    def privileged(self) -> bool:
        """Whether reading was done as root."""

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        """Return a regular file's bytes, symbolic links followed.

        More than `limit` bytes raise `Unreadable(reason="limit")`, or with `head` are cut there.
        FIFOs, sockets and devices are refused (`unsupported`).
        """

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a directory; more than `limit` raise `limit`."""

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) tells of the path itself."""

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target as written."""

    def mapper_table(self, name: str) -> tuple[str, ...]:
        """Return the device-mapper table of `name`, one target a line, keys removed.

        A line is `start length target parameters`; the key field of `crypt` is already `-`.
        """

    def luks_header(self, device: str) -> LuksFacts:
        """Return what the LUKS header of a block device (its name in sysfs) tells, keys left out.

        `Absent` means that there is no such header on the device.
        """

    def loop_backing(self, device: str) -> tuple[str, int]:
        """Return `major:minor` and inode of the file behind a loop device, as its driver has it.

        Its name may be another file's by now: something may be mounted over it.
        """

    def key_form(self, path: str) -> KeyForm:
        """Return what a key file is by its first line, links followed: nothing else is kept."""

    def encryption_policy(self, path: str) -> str:
        """Return the fscrypt policy of a directory (`v2 AES-256-XTS/AES-256-CTS`), or ``."""

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a regular file is and whether it is safe to load, links followed.

        `None` where its content is that of no model format. A recording holds the judgement,
        never the bytes (docs/adr/0014).
        """

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None = None,
        told: Callable[[int], None] = untold,
    ) -> tuple[str, ...]:
        """Return a regular file's digests (`sha256:<hex>`), in one pass, links followed.

        One for each of `algorithms`, in their order (`_digests.ALGORITHMS`); of the bytes
        `span[0]` to `span[1]` alone where a span is given. `told` hears how many bytes more
        were read. A file that changes meanwhile is `malformed`, an algorithm that is not to be
        had here `unsupported`, and a file of holes `limit`. Safe to call from several threads.
        """

    def verity_digest(self, path: str) -> str:
        """Return the digest that the kernel itself holds a file to (`sha256:<hex>`), or ``.

        It is fs-verity's, of the Merkle tree (FS_IOC_MEASURE_VERITY), not of the bytes. Empty
        where the file has none; `unsupported` where its file system cannot have any.
        """

    def ask_listeners(self, targets: tuple[Target, ...]) -> tuple[Answer, ...]:
        """Return what this host's own listeners answer over loopback, one for each target.

        The one question that connects to anything (`--probe-loopback`); a program of its own
        does it. `Unreadable` where nobody can be asked: a recorded tree has the answers that
        were recorded, a plain one has none.
        """

    def clock_synchronized(self) -> bool:
        """Return whether the kernel holds its clock synchronised (adjtimex(2), nothing set)."""


def exists(host: Host, path: str) -> bool:
    """Return whether there is something at `path`; refused counts as there."""
    try:
        host.stat(path)
    except Absent:
        return False
    except Unreadable:
        return True
    return True


def text(host: Host, path: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return a file as text: invalid UTF-8 becomes U+FFFD, never an error."""
    return host.read(path, limit=limit).decode("utf-8", "replace")
