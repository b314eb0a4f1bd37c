"""Tells whose the network namespaces are beside the machine's own, and whether they lead out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect._network_namespaces import Namespace
from auditor.collect._programs import Program
from auditor.collect._reading import Reading, lines
from auditor.evidence.channels import NetworkNamespace
from auditor.evidence.paths import recordable
from auditor.host import MIB, Absent, Unreadable

_NAMED = ("/run/netns", "/var/run/netns")
_LISTENS = re.compile(r"^\s*\d+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4} 0A ", re.MULTILINE)
_IDENTITY = re.compile(r"net:\[(\d{1,20})\]")
_LIMIT = 8 * MIB
READS = (f"{_NAMED[0]}/*", "/proc/*/ns/net", "/proc/*/net/dev", "/proc/*/net/{tcp,tcp6}")


def network_namespaces(
    reading: Reading, found: tuple[Namespace, ...], running: tuple[Program, ...]
) -> Iterator[NetworkNamespace]:
    """Yield the namespaces that lie apart: those of processes, then those kept by a name alone."""
    names = _named(reading)
    programs = {program.pid: program for program in running}
    for namespace in found:
        number = namespace.folder.split("/")[2]
        if not namespace.apart or not number.isdecimal():
            continue
        program = programs.get(int(number))
        inode = _inode(reading, f"/proc/{number}/ns/net")
        yield NetworkNamespace(
            origin=reading.origin(namespace.folder),
            name=names.pop(inode, "") if inode else "",
            process=recordable(program.name) if program else "",
            container=program.container if program else None,
            interfaces=_interfaces(reading, namespace.folder),
            listeners=_listeners(reading, namespace.folder),
        )
    own = {_inode(reading, f"/proc/{pid}/ns/net") for pid in (1, *list(programs)[:1])}
    for inode, name in sorted(names.items(), key=lambda item: item[1]):
        if inode not in own:
            yield NetworkNamespace(
                origin=reading.origin(f"{_NAMED[0]}/{name}"),
                name=recordable(name),
                process="",
                container="",
                interfaces=None,
                listeners=None,
            )


def _named(reading: Reading) -> dict[int, str]:
    """Return the namespaces of ip-netns(8) by inode: each is a file mounted there."""
    found: dict[int, str] = {}
    try:
        names = reading.host.list(_NAMED[0], limit=4096)
    except Absent:
        return found
    except Unreadable as error:
        reading.miss(_NAMED[0], error.reason, error.detail)
        return found
    for name in names:
        try:
            found.setdefault(reading.host.stat(f"{_NAMED[0]}/{name}").inode, name)
        except Unreadable as error:
            reading.miss(f"{_NAMED[0]}/{name}", error.reason, error.detail)
    return found


def _inode(reading: Reading, path: str) -> int:
    """Return the inode that a process's link names, 0 where it may not be asked."""
    try:
        match = _IDENTITY.fullmatch(reading.host.readlink(path))
    except Unreadable:
        return 0
    return int(match[1]) if match else 0


def _interfaces(reading: Reading, folder: str) -> tuple[str, ...] | None:
    """Return the interfaces beside the loopback, by the table of their counters."""
    try:
        text = reading.host.read(f"{folder}/dev", limit=_LIMIT).decode("utf-8", "replace")
    except Unreadable:
        return None  # the field says so
    if not text.startswith("Inter-|"):
        return None  # no table of net/core/net-procfs.c
    counters = lines(text)[2:]
    names = (line.partition(":")[0].strip() for line in counters if ":" in line)
    return tuple(sorted(recordable(name) for name in names if name != "lo"))


def _listeners(reading: Reading, folder: str) -> int | None:
    """Return how many TCP ports listen there."""
    total = 0
    for name in ("tcp", "tcp6"):
        try:
            text = reading.host.read(f"{folder}/{name}", limit=_LIMIT).decode("ascii", "replace")
        except Absent:
            continue
        except Unreadable:
            return None  # the field says so
        total += len(_LISTENS.findall(text))
    return total
