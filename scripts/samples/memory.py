"""A machine held in memory, and the `Host` that reads it with the rights of one of its users."""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable
from typing import NoReturn

from msgspec import Struct

from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection, Memory, inspect
from auditor.host import (
    DEFAULT_ENTRIES,
    DEFAULT_LIMIT,
    Absent,
    FileType,
    Stat,
    Unreadable,
    untold,
)
from auditor.host._digests import content, digesting, finished
from auditor.host._key_form import HEAD, KeyForm, form_of
from auditor.probe.words import Answer, Target

MAX_LINKS = 40  # as the kernel, path_resolution(7)
# 2026-01-10T06:00:00Z: every file is of the day on which the machines were set up.
MADE_NS = 1_768_024_800_000_000_000
_READ, _SEARCH = 4, 1


class Node(Struct, kw_only=True):
    """What lies at a path. `guarded`: only its owner or root may follow it (ptrace(2) rules)."""

    file_type: FileType
    mode: int
    uid: int = 0
    gid: int = 0
    body: bytes = b""
    target: str = ""
    special: str = ""
    guarded: bool = False
    policy: str = ""


class Machine:
    """A machine: its name, its files, its mounts by device number, its device-mapper tables."""

    def __init__(self, name: str) -> None:
        """Make a machine with nothing but `/`."""
        self.name = name
        self.nodes: dict[str, Node] = {"/": Node(file_type="directory", mode=0o755)}
        self.devices: dict[str, str] = {"/": "0:1"}
        self.tables: dict[str, tuple[str, ...]] = {}
        self.headers: dict[str, LuksFacts] = {}
        self.synchronized = True
        self.listeners: dict[Target, Answer] = {}

    def file(
        self, path: str, body: str | bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0
    ) -> None:
        """Put a file; folders above it come into being (root's, 0755)."""
        data = body.encode() if isinstance(body, str) else body
        self.put(path, Node(file_type="file", mode=mode, uid=uid, gid=gid, body=data))

    def files(self, folder: str, **bodies: str) -> None:
        """Put files of one line each into a folder, as sysfs has its attributes."""
        for name, body in bodies.items():
            self.file(f"{folder}/{name}", f"{body}\n")

    def folder(self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Put an empty folder, or change an existing one's owner and mode."""
        self.put(path, Node(file_type="directory", mode=mode, uid=uid, gid=gid))

    def link(self, path: str, target: str, *, uid: int = 0, guarded: bool = False) -> None:
        """Put a symbolic link."""
        node = Node(file_type="symlink", mode=0o777, uid=uid, target=target, guarded=guarded)
        self.put(path, node)

    def special(self, path: str, file_type: FileType, number: str = "", mode: int = 0o660) -> None:
        """Put a device file, FIFO or socket."""
        self.put(path, Node(file_type=file_type, mode=mode, special=number))

    def put(self, path: str, node: Node) -> None:
        """Put a node and the folders above it."""
        above = posixpath.dirname(path)
        if above not in self.nodes:
            self.put(above, Node(file_type="directory", mode=0o755, uid=node.uid, gid=node.gid))
        if path in self.nodes and node.file_type != "directory":
            raise ValueError(f"{self.name}: {path} is put twice")
        self.nodes[path] = node


class MemoryHost:
    """A `Host` over a machine, reading with the rights of `uid` and `groups`."""

    def __init__(self, machine: Machine, *, uid: int = 0, groups: tuple[int, ...] = ()) -> None:
        """Read `machine` as the user `uid`."""
        self._machine = machine
        self._uid = uid
        self._groups = groups
        self._names: dict[str, list[str]] = {}
        for path in machine.nodes:
            if path != "/":
                folder, name = posixpath.split(path)
                self._names.setdefault(folder, []).append(name)

    @property
    def name(self) -> str:
        """The machine's name."""
        return self._machine.name

    @property
    def live(self) -> bool:
        """False."""
        return False

    @property
    def uid(self) -> int | None:
        """The user id that reads."""
        return self._uid

    @property
    def privileged(self) -> bool:
        """Whether this is root."""
        return self._uid == 0

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        """Return a regular file's bytes; see `Host.read`."""
        node = self._machine.nodes[self._resolve(path, follow=True)]
        if node.file_type != "file":
            raise Unreadable(path, "unsupported", f"not a regular file but a {node.file_type}")
        if not self._may(node, _READ):
            self._deny(path)
        if len(node.body) > limit and not head:
            raise Unreadable(path, "limit", f"larger than {limit} bytes")
        return node.body[:limit]

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a directory; see `Host.list`."""
        real = self._resolve(path, follow=True)
        node = self._machine.nodes[real]
        if node.file_type != "directory":
            raise Unreadable(path, "unsupported", f"not a directory but a {node.file_type}")
        if not self._may(node, _READ):
            self._deny(path)
        names = self._names.get(real, [])
        if len(names) > limit:
            raise Unreadable(path, "limit", f"more than {limit} names")
        return tuple(sorted(names))

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) would tell; see `Host.stat`."""
        real = self._resolve(path, follow=False)
        node = self._machine.nodes[real]
        within_kernel = real.startswith(("/proc", "/sys"))
        return Stat(
            file_type=node.file_type,
            mode=node.mode,
            uid=node.uid,
            gid=node.gid,
            size=0 if within_kernel else len(node.body),
            mtime_ns=MADE_NS,
            inode=zlib.crc32(real.encode()),
            device=self._device(real),
            special=node.special,
        )

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target; see `Host.readlink`."""
        node = self._machine.nodes[self._resolve(path, follow=False)]
        if node.file_type != "symlink":
            raise Unreadable(path, "unsupported", "not a symbolic link")
        if node.guarded and self._uid not in (0, node.uid):
            self._deny(path)
        return node.target

    def mapper_table(self, name: str) -> tuple[str, ...]:
        """Return a device-mapper table; see `Host.mapper_table`. The control node is root's."""
        if self._uid != 0:
            self._deny("/dev/mapper/control")
        if name not in self._machine.tables:
            raise Absent(name)
        return self._machine.tables[name]

    def luks_header(self, device: str) -> LuksFacts:
        """Return what a LUKS header tells; see `Host.luks_header`. Device files are root's."""
        if self._uid != 0:
            self._deny(f"/dev/{device}")
        if device not in self._machine.headers:
            raise Absent(f"/dev/{device}")
        return self._machine.headers[device]

    def loop_backing(self, device: str) -> tuple[str, int]:
        """Return what is behind a loop device; these machines have none."""
        raise Absent(f"/dev/{device}")

    def key_form(self, path: str) -> KeyForm:
        """Return what a key file is by its first line; see `Host.key_form`."""
        return form_of(self.read(path, limit=HEAD, head=True))

    def encryption_policy(self, path: str) -> str:
        """Return the fscrypt policy of a directory; see `Host.encryption_policy`."""
        return self._machine.nodes[self._resolve(path, follow=True)].policy

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a model file is; see `Host.inspect_model`."""
        node = self._machine.nodes[self._resolve(path, follow=True)]
        return inspect(Memory(self.read(path, limit=len(node.body))))

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None = None,
        told: Callable[[int], None] = untold,
    ) -> tuple[str, ...]:
        """Return a regular file's digests; see `Host.digest`."""
        node = self._machine.nodes[self._resolve(path, follow=True)]
        body = self.read(path, limit=len(node.body))

        def stretch(buffer: memoryview, offset: int) -> int:
            data = body[offset : offset + len(buffer)]
            buffer[: len(data)] = data
            return len(data)

        part = content(stretch, len(body), span, path)
        return finished(digesting(part, algorithms, path), told)

    def verity_digest(self, path: str) -> str:
        """Return the digest that the kernel holds a file to; these machines have none."""
        self._resolve(path, follow=True)
        return ""

    def ask_listeners(self, targets: tuple[Target, ...]) -> tuple[Answer, ...]:
        """Return what the machine's listeners are said to answer; see `Host.ask_listeners`."""
        told = self._machine.listeners
        return tuple(
            told.get(target) or Answer(target=target, speaks=None, reason="nobody answers")
            for target in targets
        )

    def clock_synchronized(self) -> bool:
        """Return whether the clock is synchronised; see `Host.clock_synchronized`."""
        return self._machine.synchronized

    def _device(self, path: str) -> str:
        devices = self._machine.devices
        above = path
        while above not in devices:
            above = posixpath.dirname(above)
        return devices[above]

    def _resolve(self, path: str, *, follow: bool) -> str:
        """Return the path without links; the folders on the way must be searchable."""
        nodes = self._machine.nodes
        here = "/"
        left = _parts(path)
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                here = posixpath.dirname(here)
                continue
            folder = nodes[here]
            step = posixpath.join(here, part)
            if folder.file_type == "directory" and not self._may(folder, _SEARCH):
                self._deny(path)
            if folder.file_type != "directory" or step not in nodes:
                raise Absent(path)
            node = nodes[step]
            if node.file_type != "symlink" or not (left or follow):
                here = step
                continue
            links += 1
            if links > MAX_LINKS:
                raise Unreadable(path, "malformed", "too many levels of symbolic links")
            if node.guarded and self._uid not in (0, node.uid):
                self._deny(path)
            if node.target.startswith("/"):
                here = "/"
            left += _parts(node.target)
        return here

    def _may(self, node: Node, right: int) -> bool:
        """Return whether the user has a right on a node: the owner's, the group's or all's."""
        if self._uid == 0:
            return True
        shift = 6 if node.uid == self._uid else 3 if node.gid in self._groups else 0
        return bool(node.mode >> shift & right)

    @staticmethod
    def _deny(path: str) -> NoReturn:
        raise Unreadable(path, "denied", "permission denied")


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part and part != "."]
