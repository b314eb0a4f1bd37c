"""Finds the folders that running AI services are told to keep or take models in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from auditor.catalogues import runtimes
from auditor.collect._mountinfo import Malformed, parse_mounts
from auditor.collect._reading import Reading
from auditor.collect._store_places import BY_VARIABLE, ON_SYSTEM, Place, in_home, named_by
from auditor.evidence import Origin
from auditor.evidence.paths import recordable
from auditor.evidence.storage import Mount
from auditor.host import KIB, MIB, Absent, Host, Unreadable

_ARGUMENTS = 256 * KIB
_ENVIRONMENT = 256 * KIB
_MOUNTS = 16 * MIB
_LONGEST = 4096
_PYTHON = re.compile(r"python[0-9.]*|torchrun|uvicorn|gunicorn")
# Folders of the system itself: a service that names one of them keeps no models there.
_SYSTEM = re.compile(r"/(?:usr|etc|proc|sys|dev|run|boot|s?bin|lib(?:32|64|x32)?)(?:/|$)")
_TOP = frozenset({"/", "/home", "/srv", "/data", "/mnt", "/media", "/opt", "/var", "/root", "/tmp"})  # noqa: S108 - not used as a place
# Flags whose folder is not data: `--log-dir`, `--ssl-certfile`, `--chat-template` …
_OTHER_FLAG = re.compile(r"(?i)log|ssl|tls|cert|key|static|template|tmp|temp|socket|pid|config")


class _Service(Struct, frozen=True, kw_only=True):
    """A running service and the folders that it names, as it sees them."""

    folder: str
    places: tuple[Place, ...]


class ServiceFolders:
    """Reads the command lines and variables of one machine's AI services."""

    def __init__(self, host: Host, reading: Reading) -> None:
        """Read from `host`; what cannot be read goes to `reading`."""
        self._host = host
        self._reading = reading
        self._own_namespace = self._namespace("/proc/self")
        self._own_mounts: tuple[Mount, ...] | None = None

    def places(self) -> Iterator[Place]:
        """Yield the folders, as paths of this host's own mount namespace."""
        try:
            names = self._host.list("/proc")
        except Absent as error:
            # In a copied tree nothing runs; on a machine that ran, processes must have been there.
            if self._host.uid is not None:
                self._reading.miss("/proc", error.reason, "no processes are seen, nor their stores")
            return
        except Unreadable as error:
            self._reading.miss("/proc", error.reason, error.detail)
            return
        for pid in sorted((name for name in names if name.isdecimal()), key=int):
            folder = f"/proc/{pid}"
            found = tuple(dict.fromkeys(self._named(folder)))
            if found:
                yield from self._here(_Service(folder=folder, places=found))

    def _named(self, folder: str) -> Iterator[Place]:
        arguments = self._words(f"{folder}/cmdline", _ARGUMENTS)
        if not arguments:
            return  # a kernel thread, or one that has ended
        recognised = runtimes.recognise(arguments, unwrap=False)
        program = arguments[0].rpartition("/")[2]
        if recognised is None and not _PYTHON.fullmatch(program):
            return
        variables = self._words(f"{folder}/environ", _ENVIRONMENT)
        if recognised is not None:
            # The wider folder first: what lies in it is then no store of its own.
            yield from _by_default(variables)
            yield from from_arguments(recognised.arguments)
        yield from from_environment(variables)

    def _words(self, path: str, limit: int) -> tuple[str, ...]:
        try:
            data = self._host.read(path, limit=limit, head=True)
        except Absent:
            return ()  # it has ended meanwhile
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
            return ()
        text = data.decode("utf-8", "surrogateescape")
        return tuple(text.rstrip("\0").split("\0")) if text.strip("\0") else ()

    def _here(self, service: _Service) -> Iterator[Place]:
        """Yield a service's folders as paths of this host: a container names its own."""
        if self._namespace(service.folder) in ("", self._own_namespace):
            yield from service.places
            return
        theirs = self._mounts(f"{service.folder}/mountinfo")
        if self._own_mounts is None:
            self._own_mounts = self._mounts("/proc/self/mountinfo")
        for place in service.places:
            path = outside(place.asked, theirs, self._own_mounts)
            if path:
                yield msgspec.structs.replace(place, asked=path)
            elif theirs and not place.uncertain:
                asked = recordable(place.asked)
                detail = f"a service in a container keeps {asked} where no host folder is"
                self._reading.miss(service.folder, "unsupported", detail)

    def _mounts(self, path: str) -> tuple[Mount, ...]:
        try:
            data = self._host.read(path, limit=_MOUNTS)
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
            return ()
        found = parse_mounts(data, Origin(self._reading.collector, path))
        return tuple(mount for mount in found if not isinstance(mount, Malformed))

    def _namespace(self, folder: str) -> str:
        """Return a process's mount namespace, `` where that may not be asked."""
        try:
            return self._host.readlink(f"{folder}/ns/mnt")
        except Unreadable:
            # Whoever may not ask this may not read the environment either, which is a gap.
            return ""


def from_arguments(arguments: tuple[str, ...]) -> Iterator[Place]:
    """Yield the folders that a server's arguments name."""
    before = ""
    for word in arguments:
        flag, separator, value = word.partition("=")
        if not (separator and flag.startswith("-")):
            flag, value = before, word
        if is_data_folder(value) and not _OTHER_FLAG.search(flag):
            yield Place(asked=value, tool="folder", holds="models", discovered_by="service")
        before = word if word.startswith("-") else ""


def from_environment(words: tuple[str, ...]) -> Iterator[Place]:
    """Yield the stores that variables (`NAME=value`) move."""
    for word in words:
        name, _, value = word.partition("=")
        if name in BY_VARIABLE and is_data_folder(value):
            yield from named_by(name, value)


def _by_default(variables: tuple[str, ...]) -> Iterator[Place]:
    """Yield where a server keeps its models if nobody says so, as it sees its home and system."""
    told = (word.removeprefix("HOME=") for word in variables if word.startswith("HOME="))
    home = next(told, "/root")
    if home.startswith("/") and len(home) <= _LONGEST:
        yield from in_home(home, uncertain=True)
    for path, tool, holds in ON_SYSTEM:
        yield Place(asked=path, tool=tool, holds=holds, discovered_by="service", uncertain=True)


def is_data_folder(value: str) -> bool:
    """Return whether a value is an absolute path that models may lie at."""
    path = value.rstrip("/") or "/"
    return (
        path.startswith("/")
        and len(path) <= _LONGEST
        and path not in _TOP
        and not _SYSTEM.match(path)
        and "\n" not in path
        and "//" not in path
    )


def outside(path: str, theirs: tuple[Mount, ...], ours: tuple[Mount, ...]) -> str:
    """Return where a container's path lies on the host, `` where that cannot be told.

    A folder bound into a container is the same file system and the same folder of it in both
    mount tables: its `root` tells which. What lies in the container's own layers has no mount
    of the host's.
    """
    inner = _longest(path, theirs)
    if inner is None:
        return ""
    below = _joined(inner.root, path[len(inner.path.rstrip("/")) :])
    holding = [
        mount
        for mount in ours
        if mount.device_number == inner.device_number and _is_in(below, mount.root)
    ]
    if not holding or inner.filesystem == "overlay":
        return ""
    outer = max(holding, key=lambda mount: (len(mount.root), -len(mount.path), mount.path))
    return _joined(outer.path, below[len(outer.root.rstrip("/")) :])


def _longest(path: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the last of the mounts at the longest prefix of the path."""
    found = None
    for mount in mounts:
        if _is_in(path, mount.path) and (found is None or len(mount.path) >= len(found.path)):
            found = mount
    return found


def _is_in(path: str, folder: str) -> bool:
    return folder in ("/", path) or path.startswith(folder + "/")


def _joined(folder: str, rest: str) -> str:
    return (folder.rstrip("/") + "/" + rest.strip("/")).rstrip("/") or "/"
