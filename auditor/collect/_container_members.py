"""Finds which containers run, by the control groups of the processes."""

from __future__ import annotations

from msgspec import Struct

from auditor.collect._process_table import container_id_of
from auditor.collect._programs import process_ids
from auditor.collect._reading import Reading, lines
from auditor.host import KIB, Absent, Unreadable

READS = ("/proc", "/proc/self/ns/pid", "/proc/self/mountinfo", "/proc/*/cgroup",
         "/proc/*/ns/net", "/proc/*/ns/pid", "/proc/*/status")  # fmt: skip
_SMALL = 64 * KIB


class Member(Struct, frozen=True, kw_only=True):
    """A container that runs: `engine` as its control group says, and its processes' ids."""

    engine: str
    container_id: str
    pids: tuple[int, ...]


def members(reading: Reading) -> tuple[Member, ...]:
    """Return the containers that processes run in, by their id; a refusal is a gap."""
    found: dict[tuple[str, str], list[int]] = {}
    for pid in process_ids(reading):
        path = f"/proc/{pid}/cgroup"
        try:
            cgroup = reading.host.read(path, limit=_SMALL).decode("utf-8", "replace")
        except Absent:
            continue  # it has ended meanwhile
        except Unreadable as error:
            reading.miss(path, error.reason, error.detail)
            continue
        engine, container_id = container_id_of(cgroup)
        if engine:
            found.setdefault((engine, container_id), []).append(pid)
    return tuple(
        Member(engine=engine, container_id=container_id, pids=tuple(pids))
        for (engine, container_id), pids in sorted(found.items(), key=lambda one: one[0][1])
    )


def shares_with_host(reading: Reading, member: Member, namespace: str) -> bool | None:
    """Return whether a container's first process is in the machine's own namespace.

    `namespace` is a name of namespaces(7), as under `/proc/<pid>/ns`.
    """
    links = []
    for path in (f"/proc/{member.pids[0]}/ns/{namespace}", f"/proc/1/ns/{namespace}"):
        try:
            links.append(reading.host.readlink(path))
        except Absent:
            return None
        except Unreadable as error:
            reading.miss(path, error.reason, error.detail)
            return None
    return links[0] == links[1]


def user_of(reading: Reading, member: Member) -> int | None:
    """Return the user id of a container's first process, `None` where it is not told."""
    path = f"/proc/{member.pids[0]}/status"
    try:
        status = reading.host.read(path, limit=_SMALL).decode("utf-8", "replace")
    except Unreadable:
        return None  # whoever asks then takes the container for root's
    for line in lines(status):
        if line.startswith("Uid:"):
            words = line.split()
            return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None
    return None
