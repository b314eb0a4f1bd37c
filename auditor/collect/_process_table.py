"""Reads the process table of proc(5) in one pass, and says of each process what could be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading, lines
from auditor.host import KIB, Absent, Host, Unreadable

_ARGUMENTS = 64 * KIB
_ENVIRONMENT = 256 * KIB
_STATUS = 64 * KIB
# Nothing that runs a model is started with more words or variables than this.
_MOST_STRINGS = 4_096
# The pid namespace that the kernel starts with (PROC_PID_INIT_INO in linux/proc_ns.h).
FIRST_PID_NAMESPACE = "pid:[4026531836]"

_CONTAINER = re.compile(
    r"(?:^|/)(?:(?P<engine>docker|cri-containerd|crio|libpod|containerd)[-:/])?"
    r"(?:[^/]*:)?(?P<id>[0-9a-f]{64})(?:\.scope)?(?:/|$)"
)
_NAMED_CONTAINER = re.compile(
    r"(?:^|/)(?P<engine>lxc)(?:\.payload)?[./](?P<id>[\w.-]{1,64})(?:/|$)"
)
_UNIT = re.compile(r"/([\w@:.\\-]{1,200}\.service)(?:/|$)")
_SHORT = 12


class Seen(Struct, frozen=True, kw_only=True):
    """What was seen of a process: `None` is what could not be read.

    `arguments` and `environment` are as the process has them: not redacted. `executable` is
    empty for a kernel thread, `container` and `unit` where it is in none.
    """

    pid: int
    parent: int
    name: str
    start_time: int
    uid: int | None
    arguments: tuple[str, ...] | None
    executable: str | None
    container: str | None
    unit: str
    network_namespace: str | None
    environment: dict[str, str] | None

    @property
    def folder(self) -> str:
        """Return the process's folder."""
        return f"/proc/{self.pid}"


class ProcessTable:
    """The processes of a host; `total` counts those listed, `raced` those that ended meanwhile.

    `cut` are the folders of those with more variables than are looked at.
    """

    def __init__(self, host: Host, processes: Reading, environments: Reading) -> None:
        """Read from `host`; what is refused goes to the readings, environments to their own."""
        self._host = host
        self._processes = processes
        self._environments = environments
        self.total = 0
        self.raced = 0
        self.cut: set[str] = set()

    def seen(self) -> Iterator[Seen]:
        """Yield every process, by pid. Raises `Unreadable` where there is no `/proc`."""
        names = self._host.list("/proc")
        pids = sorted(int(name) for name in names if name.isdecimal() and len(name) < 12)  # noqa: PLR2004
        if not pids:
            raise Unreadable("/proc", "absent", "no process is listed")
        note_what_is_hidden(self._processes)
        self.total = len(pids)
        for pid in pids:
            process = self._process(pid)
            if process is not None:
                yield process

    def _process(self, pid: int) -> Seen | None:
        folder = f"/proc/{pid}"
        try:
            stat = self._host.read(f"{folder}/stat", limit=_STATUS)
        except Unreadable as error:
            self._lost(folder, error)
            return None
        fields = _fields(stat)
        if fields is None:
            self._processes.miss(f"{folder}/stat", "malformed", "not a line of proc(5)")
            return None
        name, state, parent, start_time = fields
        arguments = self._strings(f"{folder}/cmdline", _ARGUMENTS, self._processes)
        cgroup = self._text(f"{folder}/cgroup")
        is_program = bool(arguments) and state not in "ZX"
        return Seen(
            pid=pid,
            parent=parent,
            name=name,
            start_time=start_time,
            uid=self._uid(folder),
            arguments=arguments,
            executable=self._link(f"{folder}/exe"),
            container=None if cgroup is None else container_of(cgroup),
            unit=unit_of(cgroup or ""),
            network_namespace=self._link(f"{folder}/ns/net"),
            environment=self._environment(folder) if is_program else {},
        )

    def _lost(self, folder: str, error: Unreadable) -> None:
        """Count a process that ended meanwhile; one that is there and tells nothing is a gap."""
        if isinstance(error, Absent) and self._is_gone(folder):
            self.raced += 1
        else:
            self._processes.miss(error.path, error.reason, error.detail)

    def _is_gone(self, folder: str) -> bool:
        try:
            self._host.stat(folder)
        except Absent:
            return True
        except Unreadable:
            return False
        return False

    def _strings(self, path: str, limit: int, reading: Reading) -> tuple[str, ...] | None:
        """Return the NUL-ended strings of a file; only the whole ones of what is too long."""
        try:
            data = self._host.read(path, limit=limit, head=True)
        except Unreadable as error:
            if isinstance(error, Absent) and self._is_gone(path.rpartition("/")[0]):
                return ()
            reading.miss(path, error.reason, error.detail)
            return None
        if len(data) == limit:
            self._cut(path, f"longer than {limit} bytes", reading)
            data = data[: data.rfind(b"\0") + 1]
        strings = data.decode("utf-8", "replace").rstrip("\0").split("\0")
        if len(strings) > _MOST_STRINGS:
            self._cut(path, f"more than {_MOST_STRINGS} strings", reading)
        return tuple(strings[:_MOST_STRINGS]) if strings != [""] else ()

    def _cut(self, path: str, detail: str, reading: Reading) -> None:
        reading.miss(path, "limit", detail)
        if path.endswith("/environ"):
            self.cut.add(path.rpartition("/")[0])

    def _environment(self, folder: str) -> dict[str, str] | None:
        """Return the variables, `None` also where they are too many: one left out says "unset"."""
        strings = self._strings(f"{folder}/environ", _ENVIRONMENT, self._environments)
        if strings is None or folder in self.cut:
            return None
        pairs = (string.partition("=") for string in reversed(strings) if "=" in string)
        # getenv(3) takes the first of several: written last, it stays.
        return {name: value for name, _, value in pairs}

    def _uid(self, folder: str) -> int | None:
        status = self._text(f"{folder}/status")
        match = re.search(r"^Uid:\s+(\d{1,10})\s", status or "", re.MULTILINE)
        return int(match[1]) if match else None

    def _text(self, path: str) -> str | None:
        try:
            return self._host.read(path, limit=_STATUS).decode("utf-8", "replace")
        except Unreadable:
            return None  # the field says so: there is a record for it

    def _link(self, path: str) -> str | None:
        """Return a link's target; empty where it has none (a kernel thread), `None` refused."""
        try:
            return _clean(self._host.readlink(path))
        except Absent:
            return ""
        except Unreadable:
            return None


def note_what_is_hidden(reading: Reading) -> None:
    """Note as gaps what a list of processes does not show by itself."""
    try:
        own = _clean(reading.host.readlink("/proc/self/ns/pid"))
    except Unreadable:
        own = ""
    if own not in ("", FIRST_PID_NAMESPACE):
        reading.miss(
            "/proc", "unsupported", "seen from a container: processes outside are not listed"
        )
    mounts = reading.text("/proc/self/mountinfo") or ""
    hiding = re.search(r"^.* /proc [^\n]* - proc [^\n]*hidepid=(?!0|off)", mounts, re.MULTILINE)
    if hiding and not reading.host.privileged:
        reading.miss("/proc", "denied", "procfs hides the processes of other users")


def _clean(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _fields(stat: bytes) -> tuple[str, str, int, int] | None:
    """Return name, state, parent and start time of proc(5) `stat`; a name may hold anything."""
    before, _, after = stat.decode("utf-8", "replace").rpartition(") ")
    fields = after.split()
    numbers = fields[1:2] + fields[19:20]
    if "(" not in before or len(numbers) != 2 or not all(n.isdecimal() for n in numbers):  # noqa: PLR2004
        return None
    return before.partition("(")[2], fields[0], int(numbers[0]), int(numbers[1])


def container_of(cgroup: str) -> str:
    """Return `engine:id` of the container that a process's cgroup names, else an empty text."""
    engine, container_id = container_id_of(cgroup)
    return f"{engine}:{container_id[:_SHORT]}" if engine else ""


def container_id_of(cgroup: str) -> tuple[str, str]:
    """Return engine and whole id (of LXC the name) of the container that a cgroup names.

    The engine is `container` where the cgroup names none; both are empty outside containers.
    """
    for line in lines(cgroup):
        path = line.partition(":")[2].partition(":")[2]
        match = _CONTAINER.search(path) or _NAMED_CONTAINER.search(path)
        if match:
            engine = (match["engine"] or "container").replace("cri-containerd", "containerd")
            return engine.replace("libpod", "podman"), match["id"]
    return "", ""


def unit_of(cgroup: str) -> str:
    """Return the systemd service that a process's cgroup names, else an empty text."""
    for line in lines(cgroup):
        match = _UNIT.search(line)
        if match and not match[1].startswith("user@"):
            return match[1]
    return ""
