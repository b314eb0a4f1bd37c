"""Arranges the containers that run on a machine, those with the most rights first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.containers import PublishedPort, RunningContainer
from auditor.evidence.workload import Container, VolumeMount

_OF_THE_HOST = frozenset({"hostPath", "bind"})


class ShownContainer(Struct, frozen=True, kw_only=True):
    """A container; `rights` are words of the family `right`, `mounts` of the host's own folders."""

    container: RunningContainer
    rights: tuple[str, ...]
    capabilities: tuple[str, ...]
    ports: tuple[str, ...]
    mounts: tuple[VolumeMount, ...]


def containers(records: Iterable[Record]) -> tuple[ShownContainer, ...]:
    """Return every container with what it may do and sees of the host."""
    asked: dict[tuple[str, str], Container] = {}
    mounts: dict[str, list[VolumeMount]] = {}
    found: list[RunningContainer] = []
    for record in records:
        if isinstance(record, Container):
            asked[record.workload, record.name] = record
        elif isinstance(record, VolumeMount) and record.volume_type in _OF_THE_HOST:
            mounts.setdefault(record.subject, []).append(record)
        elif isinstance(record, RunningContainer):
            found.append(record)
    shown = [
        _shown(
            one, asked.get((one.workload, one.name)), mounts.get(f"{one.workload}:{one.name}", [])
        )
        for one in found
    ]
    return tuple(sorted(shown, key=lambda one: (-len(one.rights), one.container.label)))


def _shown(
    one: RunningContainer, asked: Container | None, mounts: list[VolumeMount]
) -> ShownContainer:
    return ShownContainer(
        container=one,
        rights=tuple(_rights(one, asked)),
        capabilities=asked.added_capabilities if asked else (),
        ports=tuple(_port(port) for port in one.published or ()),
        mounts=tuple(sorted(mounts, key=lambda mount: mount.path)),
    )


def _rights(one: RunningContainer, asked: Container | None) -> Iterator[str]:
    if one.privileged:
        yield "privileged"
    if one.network_mode == "host":
        yield "host-network"
    if one.host_pid:
        yield "host-processes"
    if asked is not None and not asked.kept_from_root:
        yield "root"
    if None in (one.privileged, one.network_mode, one.host_pid):
        yield "unread"


def _port(port: PublishedPort) -> str:
    address = f"[{port.address}]" if ":" in port.address else port.address
    return f"{port.protocol} {address}:{port.port} → {port.to_port}"
