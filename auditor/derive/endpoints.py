"""Joins what listeners answered over loopback with who listens there and from where."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.derive import Derivation
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.host import AiService, Process
from auditor.evidence.network import Interface, ListeningPort
from auditor.evidence.transit import EndpointTransport, TlsEndpoint
from auditor.hostnames import address_of
from auditor.site import is_inside_name

_SERVES = "socket"
_ADDRESSES = "interface"
_HERE = frozenset({"localhost", "localdomain"})
# A process tree deeper than this has a loop in it: what was read was read while it changed.
_ANCESTORS = 64


class _Host(Struct, frozen=True, kw_only=True):
    """What the records say of the host: who listens, what serves, and what it is called."""

    evidence: Evidence
    ports: dict[tuple[str, int], ListeningPort]
    services: dict[str, AiService]
    parents: dict[int, int | None]
    addresses: frozenset[str]
    addresses_seen: bool


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield the transport of each listener that was asked."""
    host = _host(evidence)
    for record in evidence.records:
        if isinstance(record, TlsEndpoint):
            yield _transport(host, record)


def _host(evidence: Evidence) -> _Host:
    records = evidence.records
    return _Host(
        evidence=evidence,
        ports={
            (record.address, record.port): record
            for record in records
            if isinstance(record, ListeningPort)
            and record.protocol == "tcp"
            and record.published_by == _SERVES
        },
        services={record.workload: record for record in records if isinstance(record, AiService)},
        parents={record.pid: record.parent for record in records if isinstance(record, Process)},
        addresses=frozenset(
            str(address)
            for record in records
            if isinstance(record, Interface)
            for text in record.addresses
            if (address := address_of(text.partition("/")[0])) and not address.is_loopback
        ),
        addresses_seen=not any(gap.kind == _ADDRESSES for gap in evidence.gaps),
    )


def _transport(host: _Host, record: TlsEndpoint) -> EndpointTransport:
    port = host.ports.get((record.address, record.port))
    address = address_of(record.address)
    return EndpointTransport(
        origin=record.origin,
        source_kind=kind_of(record),
        subject=(port.process if port is not None else None) or "unknown process",
        service=_service(host, port),
        address=record.address,
        port=record.port,
        loopback=address is not None and address.is_loopback,
        speaks=record.speaks,
        reason=record.reason,
        versions=record.versions,
        cipher=record.cipher,
        names=record.names,
        names_match=_names_match(host, record),
    )


def _service(host: _Host, port: ListeningPort | None) -> str | None:
    """Return the AI service that listens, `` for none, `None` where the owner is not known."""
    if port is None or port.pid is None:
        return None
    current: int | None = port.pid
    for _ in range(_ANCESTORS):
        if not current:
            break
        service = host.services.get(f"pid:{current}")
        if service is not None:
            return service.title
        current = host.parents.get(current)
    return ""


def _names_match(host: _Host, record: TlsEndpoint) -> bool | None:
    """Return whether one of the names shown is this host's, the site's or this host's address."""
    if record.speaks != "tls" or not record.certificates:
        return None
    if any(_is_ours(host, name.lower().removeprefix("*.")) for name in record.names):
        return True
    # An address of the certificate may be one of this host's that was not seen.
    unseen = not host.addresses_seen and any(address_of(name) for name in record.names)
    return None if unseen else False


def _is_ours(host: _Host, name: str) -> bool:
    address = address_of(name)
    if address is not None:
        return str(address) in host.addresses
    if name.rpartition(".")[2] in _HERE:
        return False  # every host is called so
    own = host.evidence.subject.name.lower()
    return (bool(own) and (name == own or name.startswith(f"{own.partition('.')[0]}."))) or (
        is_inside_name(host.evidence.site, name)
    )


DERIVATION = Derivation(
    title="Listeners that were asked, and who listens there",
    yields=EndpointTransport,
    sources=(AiService, Interface, ListeningPort, Process, TlsEndpoint),
    derive=_derive,
)
