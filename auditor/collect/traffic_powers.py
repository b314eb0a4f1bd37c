"""Finds who can see, send or shape traffic past the usual sockets: raw sockets, capabilities, BPF.

What is attached by netlink and neither held by a process nor pinned (some XDP, tc and cgroup
programs) is told by no file: it is not seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._capabilities import READS as CAPABILITY_READS
from auditor.collect._capabilities import capability_holders, count_of
from auditor.collect._descriptors import OF_NETWORK, Descriptors
from auditor.collect._descriptors import READS as DESCRIPTOR_READS
from auditor.collect._named_namespaces import READS as NAMESPACE_READS
from auditor.collect._named_namespaces import network_namespaces
from auditor.collect._network_namespaces import Namespace, namespaces
from auditor.collect._process_table import FIRST_PID_NAMESPACE
from auditor.collect._programs import READS as PROGRAM_READS
from auditor.collect._programs import Program, process_ids, programs
from auditor.collect._raw_sockets import READS as SOCKET_READS
from auditor.collect._raw_sockets import Bypass, raw_sockets
from auditor.collect._reading import Reading
from auditor.evidence import Coverage
from auditor.evidence.channels import (
    BpfProgram,
    CapabilityHolder,
    NetworkNamespace,
    RawSocket,
)
from auditor.evidence.paths import recordable
from auditor.host import Host, Unreadable

NAME = "traffic_powers"
_PINS = "/sys/fs/bpf"
_PIN_DEPTH = 4
_PIN_LIMIT = 2_000
# Iterators that the kernel itself pins (kernel/bpf/preload).
_KERNELS_OWN = frozenset({f"{_PINS}/maps.debug", f"{_PINS}/progs.debug"})


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    everything = Reading(
        host, NAME, "raw_socket", "capability_holder", "bpf_program", "network_namespace"
    )
    sockets = Reading(host, NAME, "raw_socket")
    capabilities = Reading(host, NAME, "capability_holder")
    bpf = Reading(host, NAME, "bpf_program")
    spaces = Reading(host, NAME, "network_namespace")
    pids = process_ids(everything)
    running = tuple(programs(everything, pids))
    held = Descriptors(bpf, pids)
    if held.refused:
        detail = f"the open files of {len(held.refused)} processes are refused"
        bpf.miss(held.refused[0], "denied", detail)
    yield from capability_holders(capabilities, running)
    found = tuple(namespaces(sockets, pids))
    yield from _raw(sockets, found, held, {program.pid: program for program in running})
    yield from _programs_of(bpf, held, running)
    yield from _pinned(bpf)
    yield from network_namespaces(spaces, found, running)
    for reading in (everything, sockets, capabilities, bpf, spaces):
        yield from reading.gaps()
    shown = len(pids) - held.ended
    yield Coverage(what="open files of processes", seen=shown - len(held.refused), total=shown)


def _raw(
    reading: Reading,
    found: tuple[Namespace, ...],
    held: Descriptors,
    running: dict[int, Program],
) -> Iterator[RawSocket]:
    order = byte_order(reading.host)
    whole = _saw_all(reading.host, held)
    for namespace in found:
        place = _place(namespace, running)
        for socket in raw_sockets(reading, namespace.folder, order):
            pid = held.sockets.get(socket.inode, 0 if whole else None)
            yield _record(reading, socket, pid, place, running)


def _record(
    reading: Reading, socket: Bypass, pid: int | None, place: str, running: dict[int, Program]
) -> RawSocket:
    program = running.get(pid or 0)
    return RawSocket(
        origin=reading.origin(socket.source),
        socket_type=socket.socket_type,
        family=socket.family,
        protocol=socket.protocol,
        interface=socket.interface,
        pid=pid if program or pid == 0 else None,
        process=recordable(program.name) if program else "" if pid == 0 else None,
        namespace=place,
    )


def _saw_all(host: Host, held: Descriptors) -> bool:
    """Return whether every process was seen whole, so that what nobody holds is the kernel's."""
    if held.refused or held.ended or host.uid != 0:
        return False
    try:
        return host.readlink("/proc/self/ns/pid") == FIRST_PID_NAMESPACE
    except Unreadable:
        return False


def _place(namespace: Namespace, running: dict[int, Program]) -> str:
    """Return whose namespace it is, empty for the machine's own."""
    if not namespace.apart:
        return ""
    number = namespace.folder.split("/")[2]
    program = running.get(int(number)) if number.isdecimal() else None
    return (program.container or program.name) if program else "another namespace"


def _programs_of(
    reading: Reading, held: Descriptors, running: tuple[Program, ...]
) -> Iterator[BpfProgram]:
    names = {program.pid: program for program in running}
    pairs = [
        (recordable(names[pid].name) if pid in names else "ended", kind)
        for pid, kind in held.programs
    ]
    for (name, kind), count in count_of(pairs).items():
        pid = next(pid for pid, pair in zip((p for p, _ in held.programs), pairs, strict=True)
                   if pair == (name, kind))  # fmt: skip
        yield BpfProgram(
            origin=reading.origin(f"/proc/{pid}/fdinfo"),
            program_type=kind,
            network=kind in OF_NETWORK,
            process=name,
            pinned="",
            count=count,
        )


def _pinned(reading: Reading) -> Iterator[BpfProgram]:
    """Yield the objects that are pinned: whether program or map, their files do not tell."""
    waiting = [(_PINS, 0)]
    left = _PIN_LIMIT
    while waiting:
        folder, depth = waiting.pop()
        for name in reading.names(folder, limit=_PIN_LIMIT):
            path = posixpath.join(folder, name)
            left -= 1
            if left < 0 or depth > _PIN_DEPTH:
                reading.miss(folder, "limit", "more pinned objects than are read")
                return
            try:
                is_folder = reading.host.stat(path).file_type == "directory"
            except Unreadable as error:
                reading.miss(path, error.reason, error.detail)
                continue
            if is_folder:
                waiting.append((path, depth + 1))
            elif path not in _KERNELS_OWN:
                yield BpfProgram(
                    origin=reading.origin(path), program_type=None, network=None, process="",
                    pinned=recordable(path), count=1,
                )  # fmt: skip


COLLECTOR = Collector(
    title="Raw sockets, capabilities, BPF programs and network namespaces",
    yields=(RawSocket, CapabilityHolder, BpfProgram, NetworkNamespace),
    reads=(
        *PROGRAM_READS,
        *CAPABILITY_READS,
        *DESCRIPTOR_READS,
        *SOCKET_READS,
        f"{_PINS}/*",
        *NAMESPACE_READS,
        *BYTE_ORDER,
    ),
    collect=_collect,
)
