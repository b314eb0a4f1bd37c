"""Joins AI services with the ports that they can be reached on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.derive import Derivation
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.derived import ServiceExposure
from auditor.evidence.host import AiService, Process
from auditor.evidence.network import ListeningPort
from auditor.evidence.site import Site
from auditor.hostnames import address_of
from auditor.site import zone_of

Reach = Literal["loopback", "inside", "everywhere", "outside"]
_WILDCARDS = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104 - compared, nothing is bound
_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "localhost4", "localhost6"})
_POD_NETWORK = "pod-network"
# A process tree deeper than this has a loop in it: what was read was read while it changed.
_ANCESTORS = 64


class _Ports(Struct, frozen=True, kw_only=True):
    """The listening ports by the workload that owns them, and those whose owner is not known."""

    by_workload: dict[str, tuple[ListeningPort, ...]]
    unowned: tuple[ListeningPort, ...]


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield an exposure for every port of every AI service, also where it cannot be told."""
    services = [record for record in evidence.records if isinstance(record, AiService)]
    ports = _ports(evidence, frozenset(service.workload for service in services))
    for service in services:
        owned = ports.by_workload.get(service.workload, ())
        for port in owned:
            reach = _reach(evidence.site, port.address)
            yield _exposure(service, port, reach)
        if not owned:
            yield from _without_ports(service, ports.unowned)


def _ports(evidence: Evidence, workloads: frozenset[str]) -> _Ports:
    """Return the ports, those of child processes under the AI service that they descend from."""
    parents = {
        record.pid: record.parent for record in evidence.records if isinstance(record, Process)
    }
    by_workload: dict[str, list[ListeningPort]] = {}
    unowned = []
    for record in evidence.records:
        if not isinstance(record, ListeningPort):
            continue
        if record.pid is None or record.workload is None:
            unowned.append(record)
            continue
        owner = record.workload
        if owner not in workloads:
            owner = _ancestor(record.pid, parents, workloads) or owner
        by_workload.setdefault(owner, []).append(record)
    return _Ports(
        by_workload={workload: tuple(found) for workload, found in by_workload.items()},
        unowned=tuple(unowned),
    )


def _ancestor(pid: int, parents: dict[int, int | None], workloads: frozenset[str]) -> str:
    """Return the nearest ancestor of a process that is an AI service, or ``."""
    current: int | None = pid
    for _ in range(_ANCESTORS):
        current = parents.get(current) if current else None
        if not current:
            return ""
        if f"pid:{current}" in workloads:
            return f"pid:{current}"
    return ""


def _without_ports(
    service: AiService, unowned: tuple[ListeningPort, ...]
) -> Iterator[ServiceExposure]:
    """Yield what is known of a service of which no port was seen.

    In a manifest the pod's own address is reachable in the cluster's network. On a host every
    port without a known owner could be the service's, so that its reach cannot be told; where
    every port has its owner, the service listens on none.
    """
    if service.source_world == "manifest":
        yield from _in_the_pod(service)
    elif unowned:
        same = [port for port in unowned if port.port == service.port]
        for port in same:
            yield _exposure(service, port, None)
        if not same:
            yield _own_words(service, None, "unknown owner")


def _in_the_pod(service: AiService) -> Iterator[ServiceExposure]:
    """Yield the reach of a container that publishes nothing: loopback, or the pod's network."""
    if service.bind_address is None and service.port is None:
        # A job that serves nothing has nothing to reach; a server's default was not known.
        if service.role == "model-server":
            yield _own_words(service, None, _POD_NETWORK)
        return
    reach: Reach | None = None
    if service.bind_address is not None:
        reach = "loopback" if _is_loopback(service.bind_address) else "inside"
    yield _own_words(service, reach, _POD_NETWORK)


def _reach(site: Site, address: str) -> Reach | None:
    """Return from where a listening address can be reached."""
    if address in _WILDCARDS:
        return "everywhere"
    if _is_loopback(address):
        return "loopback"
    if address_of(address) is None:
        return None
    return "inside" if zone_of(site, address) else "outside"


def _is_loopback(address: str) -> bool:
    """Return whether an address is this host alone; a wildcard is not, although it is local."""
    if address.lower() in _LOOPBACK_NAMES:
        return True
    ip = address_of(address)
    return ip is not None and ip.is_loopback


def _exposure(service: AiService, port: ListeningPort, reach: Reach | None) -> ServiceExposure:
    return ServiceExposure(
        origin=port.origin if service.source_world == "host" else service.origin,
        source_kind=kind_of(service),
        runtime=service.runtime,
        title=service.title,
        role=service.role,
        subject=service.subject,
        protocol=port.protocol,
        address=port.address,
        port=port.port,
        reach=reach,
        api_key=service.api_key,
        tls=service.tls,
        published_by=port.published_by,
    )


def _own_words(service: AiService, reach: Reach | None, published_by: str) -> ServiceExposure:
    """Return the exposure as the service's own arguments tell it."""
    return ServiceExposure(
        origin=service.origin,
        source_kind=kind_of(service),
        runtime=service.runtime,
        title=service.title,
        role=service.role,
        subject=service.subject,
        protocol="tcp",
        address=service.bind_address or "",
        port=service.port or 0,
        reach=reach,
        api_key=service.api_key,
        tls=service.tls,
        published_by=published_by,
    )


DERIVATION = Derivation(
    title="How far AI services can be reached",
    yields=ServiceExposure,
    sources=(AiService, ListeningPort, Process),
    derive=_derive,
)
