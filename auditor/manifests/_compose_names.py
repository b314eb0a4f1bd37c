"""Reads how a Compose service resolves names: servers, search domains, names pinned to hosts."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence import Record
from auditor.evidence.network import DnsResolver, RemoteReference, SearchDomain
from auditor.evidence.workload import Workload
from auditor.hostnames import address_of
from auditor.manifests._reading import Cursor


def _one_or_many(service: Cursor, key: str, kind: str) -> Iterator[tuple[Cursor, str]]:
    found = service.get(key)
    text = found.text() if found else None
    if found is not None and text is not None:
        yield found, text
    elif found is not None:
        yield from service.texts_with_place(key, kind)


def records(workload: Workload, service: Cursor) -> Iterator[Record]:
    """Yield the resolvers, search domains and pinned names of a service."""
    for cursor, address in _one_or_many(service, "dns", "dns_resolver"):
        found = address_of(address)
        if found is None:
            cursor.malformed("dns_resolver", "an address is expected here")
            continue
        yield DnsResolver(
            origin=cursor.origin,
            subject=workload.label,
            address=address,
            port=53,
            stub=found.is_loopback,
        )
    for cursor, domain in _one_or_many(service, "dns_search", "search_domain"):
        yield SearchDomain(origin=cursor.origin, subject=workload.label, domain=domain)
    hosts = service.get("extra_hosts")
    pairs = [(cursor, key, cursor.text() or "") for key, cursor in hosts.entries()] if hosts else []
    for item in hosts.items() if hosts else ():
        text = item.text() or ""
        name, _, address = text.partition("=" if "=" in text else ":")
        pairs.append((item, name, address))
    for cursor, name, address in pairs:
        yield from _extra_host(workload, cursor, name, address)


def _extra_host(
    workload: Workload, cursor: Cursor, name: str, address: str
) -> Iterator[RemoteReference]:
    """Yield where a name is pinned to; `host-gateway` is the host itself."""
    if address == "host-gateway":
        return
    if address_of(address) is None:
        cursor.malformed("remote_reference", "an address is expected here")
        return
    yield RemoteReference(
        origin=cursor.origin,
        subject=workload.label,
        setting=f"extra_hosts {name}",
        url=address,
        host=address,
        port=0,
        purpose="unknown",
    )
