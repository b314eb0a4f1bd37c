"""Reads the containers that run, from the state that their engines keep on disk."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import partial

from auditor.collect import Collector, Fact, Options
from auditor.collect._container_members import READS as MEMBERS
from auditor.collect._container_members import Member, members, shares_with_host, user_of
from auditor.collect._container_ports import READS as PORTS
from auditor.collect._container_ports import unseen_ports
from auditor.collect._container_records import Running, records, workload
from auditor.collect._container_state import NetworkMode, State
from auditor.collect._docker_state import IN_HOMES as DOCKER_IN_HOMES
from auditor.collect._docker_state import READS as DOCKER
from auditor.collect._docker_state import docker_roots, docker_state
from auditor.collect._homes import homes
from auditor.collect._oci_state import IN_HOMES as STORAGE_IN_HOMES
from auditor.collect._oci_state import READS as OCI
from auditor.collect._oci_state import STORAGES, TASKS, storage_state, task_state
from auditor.collect._reading import Reading
from auditor.evidence import Coverage
from auditor.evidence.containers import RunningContainer
from auditor.evidence.host import AiService
from auditor.evidence.network import ListeningPort
from auditor.evidence.workload import Container, ContainerImage, VolumeMount, Workload
from auditor.host import Host

NAME = "containers"
_KINDS = ("running_container", "workload", "container", "container_image", "volume_mount",
          "ai_service", "listening_port")  # fmt: skip
# More containers than this on one machine are not looked at one by one.
_MOST = 2_000

_Look = Callable[[Reading, str], State | None]


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, *_KINDS)
    found = members(reading)
    if len(found) > _MOST:
        reading.miss("/proc", "limit", f"more than {_MOST} containers")
        found = found[:_MOST]
    running = tuple(_running(reading, found))
    pods: dict[str, list[Running]] = {}
    for one in running:
        yield from records(reading, one)
        if not one.state.is_sandbox:
            pods.setdefault(one.workload, []).append(one)
    for containers in pods.values():
        yield from workload(reading, tuple(containers))
    yield from unseen_ports(reading, tuple(one.state for one in running))
    yield from reading.gaps()
    yield Coverage(what="containers", seen=len(running), total=len(found))


def _running(reading: Reading, found: tuple[Member, ...]) -> Iterator[Running]:
    if not found:
        return
    search = _Search(reading)
    for member in found:
        path = f"/proc/{member.pids[0]}/cgroup"
        if member.engine == "lxc":
            reading.miss(path, "unsupported", "the configuration of an LXC container is not read")
            continue
        state = search.state(member)
        if state is None:
            if not reading.missed(*search.roots):
                what = f"the state of container {member.container_id[:12]} was not found on disk"
                reading.miss(path, "absent", what)
            continue
        yield Running(
            state=state,
            member=member,
            network_mode=_network_mode(reading, member, state),
            host_pid=_host_pid(reading, member, state),
            uid=user_of(reading, member),
        )


def _network_mode(reading: Reading, member: Member, state: State) -> NetworkMode | None:
    if state.network_mode is not None:
        return state.network_mode
    shares = shares_with_host(reading, member, "net")
    if shares is None:
        return None
    return "host" if shares else "shared" if state.pod else "own"


def _host_pid(reading: Reading, member: Member, state: State) -> bool | None:
    if state.host_pid is not None:
        return state.host_pid
    return shares_with_host(reading, member, "pid")


class _Search:
    """Where the engines of one machine keep their state; homes only for those without root."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._docker = docker_roots(reading)
        self._homes: tuple[str, ...] | None = None
        self.roots = (*self._docker, *TASKS, *STORAGES)

    def state(self, member: Member) -> State | None:
        """Return the state of a container, looked for where its engine keeps it first."""
        looks: dict[str, tuple[tuple[tuple[str, ...], str, _Look], ...]] = {
            "docker": (
                (
                    self._docker,
                    DOCKER_IN_HOMES,
                    partial(docker_state, container_id=member.container_id),
                ),
            ),
            "podman": (
                (
                    STORAGES,
                    STORAGE_IN_HOMES,
                    partial(storage_state, container_id=member.container_id),
                ),
            ),
            "containerd": ((TASKS, "", partial(task_state, container_id=member.container_id)),),
        }
        looks["crio"] = looks["podman"]
        wanted = looks.get(member.engine) or (
            *looks["containerd"], *looks["docker"], *looks["podman"]
        )  # fmt: skip
        for roots, _, look in wanted:
            for root in roots:
                state = look(self._reading, root)
                if state is not None:
                    return state
        for _, below, look in wanted:
            for home in self._home_folders() if below else ():
                state = look(self._reading, posixpath.join(home, below))
                if state is not None:
                    return state
        return None

    def _home_folders(self) -> tuple[str, ...]:
        if self._homes is None:
            self._homes = tuple(home.path for home in homes(self._reading))
        return self._homes


_READS = (*MEMBERS, "/proc/*/comm", "/proc/*/cmdline", "/proc/*/exe", *DOCKER, *OCI, *PORTS,
          "/etc/passwd")  # fmt: skip
COLLECTOR = Collector(
    title="Containers that run",
    yields=(
        RunningContainer,
        Workload,
        Container,
        ContainerImage,
        VolumeMount,
        AiService,
        ListeningPort,
    ),
    reads=tuple(dict.fromkeys(_READS)),
    collect=_collect,
)
