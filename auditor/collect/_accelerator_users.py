"""Tells which programs have an accelerator's device file open, and what each was started by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from auditor.catalogues.runtimes import Recognition
from auditor.collect._accelerator_vendors import COMPUTE_NODES, DEVICE_FILES
from auditor.collect._process_table import Seen
from auditor.collect._reading import Reading
from auditor.evidence.host import AcceleratorUse
from auditor.host import Absent, Unreadable

READS = ("/proc/*/fd", *sorted({folder for folder, *_ in DEVICE_FILES}), COMPUTE_NODES[0])
# A process may hold a million files; one that holds more than this is read no further.
_FILES_LIMIT = 100_000
_ANCESTORS = 64
_PLACES = (*((folder, names) for folder, names, *_ in DEVICE_FILES), COMPUTE_NODES)
_DEVICE = re.compile("|".join(f"{re.escape(folder)}/(?:{names})" for folder, names in _PLACES))
# What a person typed into a shell is no part of the service that gave the shell.
_SHELLS = frozenset({"bash", "sh", "dash", "ash", "zsh", "fish", "ksh", "tmux", "screen", "sshd"})


class _Holder(Struct, frozen=True, kw_only=True):
    """A process that holds accelerators; `runtime` as in `AcceleratorUse`."""

    process: Seen
    devices: frozenset[str]
    runtime: str | None


def accelerator_uses(
    reading: Reading,
    seen: tuple[Seen, ...],
    recognised: Mapping[int, Recognition | None],
    users: Mapping[int, str],
) -> Iterator[AcceleratorUse]:
    """Yield the programs that hold accelerators; of one that forked, the first for all.

    Files that are refused are gaps. Screens (`/dev/dri`) do not count: every desktop holds them.
    """
    by_pid = {process.pid: process for process in seen}
    holders: dict[int, _Holder] = {}
    for process in seen:
        devices = _held(reading, process)
        if devices:
            runtime = _runtime(process, by_pid, recognised)
            holders[process.pid] = _Holder(process=process, devices=devices, runtime=runtime)
    together: dict[int, set[str]] = {}
    for holder in holders.values():
        together.setdefault(_first(holder, holders), set()).update(holder.devices)
    for pid, held in together.items():
        process = by_pid[pid]
        yield AcceleratorUse(
            origin=reading.origin(f"{process.folder}/fd"),
            pid=pid,
            process=process.name,
            path=process.executable,
            username=users.get(-1 if process.uid is None else process.uid, ""),
            container=process.container,
            devices=tuple(sorted(held, key=lambda name: (len(name), name))),
            runtime=holders[pid].runtime,
        )


def has_device_files(reading: Reading) -> bool:
    """Return whether the machine has device files of accelerators that a program could hold."""
    for folder in dict.fromkeys(folder for folder, _ in _PLACES):
        if any(_DEVICE.fullmatch(f"{folder}/{name}") for name in reading.names(folder)):
            return True
    return False


def _held(reading: Reading, process: Seen) -> frozenset[str]:
    folder = f"{process.folder}/fd"
    # A kernel thread has neither; a program may have wiped its arguments, not its executable.
    if process.arguments == () and process.executable == "":
        return frozenset()
    found = set()
    try:
        for name in reading.host.list(folder, limit=_FILES_LIMIT):
            target = _target(reading, f"{folder}/{name}")
            if _DEVICE.fullmatch(target):
                found.add(target.removeprefix("/dev/"))
    except Absent:
        pass  # it has ended meanwhile
    except Unreadable as error:
        reading.miss(folder, error.reason, "whether it holds an accelerator could not be seen")
    return frozenset(found)


def _target(reading: Reading, path: str) -> str:
    try:
        return reading.host.readlink(path)
    except Absent:
        return ""  # closed meanwhile


def _runtime(
    process: Seen, by_pid: Mapping[int, Seen], recognised: Mapping[int, Recognition | None]
) -> str | None:
    """Return the runtime that a process is, or that started it without a shell between them."""
    current: Seen | None = process
    for _ in range(_ANCESTORS):
        if current is None:
            return ""
        recognition = recognised.get(current.pid)
        if recognition is not None:
            return recognition.runtime.key
        if current.arguments is None:
            return None  # it may well be one
        if current.name in _SHELLS:
            return ""
        current = by_pid.get(current.parent)
    return ""


def _first(holder: _Holder, holders: Mapping[int, _Holder]) -> int:
    """Return the process from which a holder was forked: the same program for the same service."""
    for _ in range(_ANCESTORS):
        parent = holders.get(holder.process.parent)
        if parent is None or not _same_program(parent, holder):
            break
        holder = parent
    return holder.process.pid


def _same_program(parent: _Holder, child: _Holder) -> bool:
    one, other = parent.process, child.process
    return (
        one.pid != other.pid
        and bool(one.executable)
        and (one.executable, one.container, one.uid, parent.runtime)
        == (other.executable, other.container, other.uid, child.runtime)
    )
