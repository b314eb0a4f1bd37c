"""Arranges the ways out of a machine that are no network of its own, open ones first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.channels import (
    Agent,
    BpfProgram,
    Channel,
    InterfacePolicy,
    NetworkNamespace,
    RawSocket,
    UsbStoragePolicy,
)
from auditor.evidence.network import holder


class Way(Struct, frozen=True, kw_only=True):
    """One way: `sort` is a word of the report's `way` family, `open` `None` where not known."""

    sort: str
    name: str
    open: bool | None
    detail: str


_ORDER = (True, None, False)


def ways(records: Iterable[Record]) -> tuple[Way, ...]:
    """Return every way, each once: open ones first, then those that are not known."""
    found = {way: None for record in records for way in _of(record)}
    return tuple(sorted(found, key=lambda w: (_ORDER.index(w.open), w.sort, w.name, w.detail)))


def _of(record: Record) -> Iterator[Way]:
    match record:
        case Channel():
            detail = ", ".join(part for part in (record.state, record.driver) if part)
            yield _way(record.channel_type, record.name, detail, is_open=record.active)
        case UsbStoragePolicy():
            yield _way("usb-storage", record.label, "", is_open=record.mountable)
        case Agent():
            detail = "; ".join(record.found_by)
            yield _way(record.category, record.title, detail, is_open=record.active)
        case RawSocket() if record.socket_type != "icmp":
            name = holder(record.process)
            yield _way(record.socket_type, name, record.namespace, is_open=True)
        case BpfProgram() if record.network is not False:
            name = record.pinned or record.process
            yield _way("bpf", name, record.program_type or "", is_open=record.network)
        case NetworkNamespace():
            known = None if record.interfaces is None else bool(record.interfaces)
            yield _way("namespace", record.label, ", ".join(record.interfaces or ()), is_open=known)
        case InterfacePolicy():
            yield from _policy(record)
        case _:
            pass


def _policy(record: InterfacePolicy) -> Iterator[Way]:
    """Yield what an interface does that it should not; what it does not do is no way."""
    if record.forwarding is not False:
        yield _way("forwarding", record.interface, record.family, is_open=record.forwarding)
    if record.router_advertisements is not False:
        is_open = record.router_advertisements
        yield _way("router", record.interface, record.family, is_open=is_open)


def _way(sort: str, name: str, detail: str, *, is_open: bool | None) -> Way:
    return Way(sort=sort, name=name, open=is_open, detail=detail)
