"""Lists the running programs with what anybody may see of them, and no more."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._process_table import container_of, note_what_is_hidden, unit_of
from auditor.collect._reading import Reading
from auditor.host import KIB, Absent, Unreadable

_SMALL = 64 * KIB
_COMMAND = 8 * KIB
READS = ("/proc", "/proc/self/ns/pid", "/proc/self/mountinfo", "/proc/*/comm", "/proc/*/cmdline",
         "/proc/*/exe", "/proc/*/cgroup")  # fmt: skip


class Program(Struct, frozen=True, kw_only=True):
    """A process: `path` is its executable, empty for a kernel thread, `None` where refused.

    `arguments` are the first ones (8 KiB), as the process has them: not redacted. `container`
    is `None` where its control group could not be read.
    """

    pid: int
    name: str
    path: str | None
    arguments: tuple[str, ...]
    unit: str
    container: str | None

    @property
    def is_kernel(self) -> bool:
        """Whether this is a thread of the kernel, or a process that has ended."""
        return self.path == "" and not self.arguments

    @property
    def names(self) -> frozenset[str]:
        """Return what the program may be known by: its name, file and first argument."""
        first = self.arguments[0].partition(" ")[0].rstrip(":") if self.arguments else ""
        files = (posixpath.basename(text) for text in (self.path or "", first))
        return frozenset(name for name in (self.name, *files) if name)


def process_ids(reading: Reading) -> tuple[int, ...]:
    """Return the ids of the processes that are shown; what hides others is a gap."""
    try:
        names = reading.host.list("/proc")
    except Unreadable as error:
        reading.miss("/proc", error.reason, error.detail)
        return ()
    pids = tuple(sorted(int(name) for name in names if name.isdecimal() and len(name) < 12))  # noqa: PLR2004
    if not pids:
        reading.miss("/proc", "absent", "no process is listed")
    note_what_is_hidden(reading)
    return pids


def programs(reading: Reading, pids: tuple[int, ...]) -> Iterator[Program]:
    """Yield the processes by id; one that has ended meanwhile is left out, a refusal is a gap."""
    for pid in pids:
        folder = f"/proc/{pid}"
        try:
            name = _read(reading, f"{folder}/comm", _SMALL)
            arguments = _read(reading, f"{folder}/cmdline", _COMMAND)
        except Absent:
            continue
        except Unreadable as error:
            reading.miss(error.path, error.reason, error.detail)
            continue
        cgroup = _optional(reading, f"{folder}/cgroup")
        yield Program(
            pid=pid,
            name=name.rstrip("\n"),
            path=_executable(reading, folder),
            arguments=tuple(arguments.rstrip("\0").split("\0")) if arguments else (),
            unit=unit_of(cgroup or ""),
            container=None if cgroup is None else container_of(cgroup),
        )


def _read(reading: Reading, path: str, limit: int) -> str:
    return reading.host.read(path, limit=limit, head=True).decode("utf-8", "replace")


def _optional(reading: Reading, path: str) -> str | None:
    try:
        return _read(reading, path, _SMALL)
    except Unreadable:
        return None  # the field says so


def _executable(reading: Reading, folder: str) -> str | None:
    try:
        target = reading.host.readlink(f"{folder}/exe")
    except Absent:
        return ""
    except Unreadable:
        return None  # the field says so
    return target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
