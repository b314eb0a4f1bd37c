"""Joins AI services with the ports that they can be reached on."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Literal

from msgspec import Struct, structs

from auditor.derive import Derivation
from auditor.derive._port_forwards import Forward, forwards
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.containers import RunningContainer
from auditor.evidence.derived import ServiceExposure
from auditor.evidence.host import AiService, Process
from auditor.evidence.network import Interface, ListeningPort
from auditor.evidence.site import Site
from auditor.hostnames import address_of
from auditor.site import zone_of

Reach = Literal["loopback", "inside", "everywhere", "outside"]
_WILDCARDS = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104 - compared, nothing is bound
_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "localhost4", "localhost6"})
_POD_NETWORK = "pod-network"
_APART = "namespace"
_UNIT = "unit:"
# Addresses that no router of the internet leads to (RFC 1918, 6598, 3927, 4193, 4291).
_NOT_ROUTED = tuple(
    ip_network(cidr)
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
                 "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip
# A process tree deeper than this has a loop in it: what was read was read while it changed.
_ANCESTORS = 64


class _Ports(Struct, frozen=True, kw_only=True):
    """The listening ports by the workload that owns them, and those whose owner is not known."""

    by_workload: dict[str, tuple[ListeningPort, ...]]
    unowned: tuple[ListeningPort, ...]


class _Surroundings(Struct, frozen=True, kw_only=True):
    """What a port's reach depends on beside its address; `outside` holds IP versions."""

    site: Site
    outside: frozenset[int]
    forwards: tuple[Forward, ...]


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield an exposure for every port of every AI service, also where it cannot be told."""
    services = [record for record in evidence.records if isinstance(record, AiService)]
    ports = _ports(evidence, frozenset(service.workload for service in services))
    surroundings = _Surroundings(
        site=evidence.site, outside=_outside_addresses(evidence), forwards=forwards(evidence)
    )
    for service in services:
        owned = ports.by_workload.get(service.workload, ())
        for port in owned:
            yield from _of_port(surroundings, service, port)
        if not owned:
            yield from _without_ports(surroundings, service, ports.unowned)


def _of_port(
    surroundings: _Surroundings, service: AiService, port: ListeningPort
) -> Iterator[ServiceExposure]:
    """Yield the reach of one port: of what forwards to it where it lies in a namespace apart.

    Where nothing is seen to forward to it, rules of the kernel may (nftables), unseen here.
    """
    if port.published_by != _APART or _is_loopback(port.address):
        yield _exposure(service, port, _reach(surroundings, port.address))
        return
    through = [forward for forward in surroundings.forwards if forward.leads_to(port)]
    for forward in through:
        published = structs.replace(
            port, address=forward.address, port=forward.port, published_by=forward.program
        )
        yield _exposure(service, published, _reach(surroundings, forward.address))
    if not through:
        yield _exposure(service, port, None)


def _outside_addresses(evidence: Evidence) -> frozenset[int]:
    """Return the IP versions of which this host has an address that routers know as outside."""
    texts = [
        address.partition("/")[0]
        for record in evidence.records
        if isinstance(record, Interface)
        for address in record.addresses
    ]
    found = [address_of(text) for text in texts if zone_of(evidence.site, text) is None]
    return frozenset(
        ip.version
        for ip in found
        if ip is not None and not any(ip.version == n.version and ip in n for n in _NOT_ROUTED)
    )


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
    surroundings: _Surroundings, service: AiService, unowned: tuple[ListeningPort, ...]
) -> Iterator[ServiceExposure]:
    """Yield what is known of a service of which no port was seen.

    In a manifest the pod's own address is reachable in the cluster's network. On a host every
    port without a known owner could be the service's, so that its reach cannot be told; where
    every port has its owner, the service listens on none. A unit that does not run will listen
    where its settings say.
    """
    if service.source_world == "manifest":
        yield from _in_the_pod(service)
    elif service.workload.startswith(_UNIT):
        bind = service.bind_address
        reach = None if bind is None else _reach(surroundings, bind)
        if service.role != "training":
            yield _own_words(service, reach, "unit")
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


def _reach(surroundings: _Surroundings, address: str) -> Reach | None:
    """Return from where a listening address can be reached.

    One that stands for every address stands for those outside as well, where the host has such.
    """
    if address in _WILDCARDS:
        versions = {4} if address == "0.0.0.0" else {4, 6}  # noqa: S104 - compared, not bound
        return "outside" if versions & surroundings.outside else "everywhere"
    if _is_loopback(address):
        return "loopback"
    if address_of(address) is None:
        return None
    return "inside" if zone_of(surroundings.site, address) else "outside"


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
    sources=(AiService, Interface, ListeningPort, Process, RunningContainer),
    derive=_derive,
)
