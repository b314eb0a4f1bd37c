"""Finds the programs whose capabilities let them see or shape traffic (capabilities(7))."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._programs import Program
from auditor.collect._reading import Reading
from auditor.evidence.channels import CapabilityHolder
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable

# include/uapi/linux/capability.h
_BITS = {12: "NET_ADMIN", 13: "NET_RAW", 21: "SYS_ADMIN", 39: "BPF"}
_EFFECTIVE = re.compile(r"^CapEff:\s*([0-9a-f]{1,16})$", re.MULTILINE)
_UID = re.compile(r"^Uid:\s+\d{1,10}\s+(\d{1,10})\s", re.MULTILINE)
READS = ("/proc/*/status", "/proc/*/uid_map", "/proc/self/uid_map")


class _Held(Struct, frozen=True, order=True, kw_only=True):
    """What like processes have in common."""

    process: str
    path: str | None
    uid: int | None
    unit: str
    container: str | None
    capabilities: tuple[str, ...]
    own_user_namespace: bool | None


def capability_holders(
    reading: Reading, running: tuple[Program, ...]
) -> Iterator[CapabilityHolder]:
    """Yield the programs that hold such a capability, like processes as one record."""
    held: dict[_Held, tuple[int, int]] = {}
    for program in running:
        if program.is_kernel:
            continue
        key = _of(reading, program)
        if key is not None:
            first, count = held.get(key, (program.pid, 0))
            held[key] = (first, count + 1)
    for key, (pid, count) in held.items():
        yield CapabilityHolder(
            origin=reading.origin(f"/proc/{pid}/status"),
            process=key.process,
            path=key.path,
            uid=key.uid,
            unit=key.unit,
            container=key.container,
            capabilities=key.capabilities,
            own_user_namespace=key.own_user_namespace,
            count=count,
        )


def _of(reading: Reading, program: Program) -> _Held | None:
    """Return what a program holds, `None` where that is nothing of this sort."""
    path = f"/proc/{program.pid}/status"
    try:
        status = reading.host.read(path, limit=65536).decode("utf-8", "replace")
    except Absent:
        return None  # it has ended meanwhile; one that hides its status is told by the program
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
        return None
    effective, uid = _EFFECTIVE.search(status), _UID.search(status)
    if effective is None:
        reading.malformed(path, 0, "it tells no effective capabilities")
        return None
    mask = int(effective[1], 16)
    names = tuple(name for bit, name in _BITS.items() if mask >> bit & 1)
    if not names:
        return None
    user = int(uid[1]) if uid else None
    # Whose program is not shown cannot be judged one by one: root's are then told as one.
    untold = program.path is None and user == 0 and not program.container
    return _Held(
        process="programs of root" if untold else recordable(program.name),
        path=program.path,
        uid=user,
        unit="" if untold else program.unit,
        container=program.container,
        capabilities=names,
        own_user_namespace=_apart(reading, program.pid) if user or program.container else False,
    )


def _apart(reading: Reading, pid: int) -> bool | None:
    """Return whether a process is in another user namespace than the auditor: by its id map."""
    try:
        maps = [
            reading.host.read(path, limit=65536).split()
            for path in (f"/proc/{pid}/uid_map", "/proc/self/uid_map")
        ]
    except Unreadable:
        return None  # the field says so
    return maps[0] != maps[1]


def count_of(items: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return how often each pair is there, in the order of the pairs."""
    return dict(sorted(Counter(items).items()))
