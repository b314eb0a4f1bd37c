"""Arranges how data is protected on its way: listeners, tunnels and fabrics, and certificates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.transit import (
    Certificate,
    CertificateValidity,
    EndpointTransport,
    Fabric,
    TlsSetting,
    Tunnel,
)

State = Literal["valid", "expired", "not-yet-valid"] | None


class Carried(Struct, frozen=True, kw_only=True):
    """Something that carries data: `sort` is a word of the report's `transit` family."""

    sort: Literal["setting", "endpoint", "tunnel", "fabric"]
    name: str
    encrypted: bool | None
    detail: str


class ShownCertificate(Struct, frozen=True, kw_only=True):
    """A certificate with its state at the time of the judgement."""

    certificate: Certificate
    state: State


_ORDER = (False, None, True)
_STATES: tuple[State, ...] = ("expired", "not-yet-valid", None, "valid")
_SPEAKS = {"tls": True, "tlcp": True, "ssh": True, "clear": False}


def carried(records: Iterable[Record]) -> tuple[Carried, ...]:
    """Return everything that carries data, what is in clear first."""
    found = {one: None for record in records for one in _of(record)}
    return tuple(sorted(found, key=lambda c: (_ORDER.index(c.encrypted), c.sort, c.name, c.detail)))


def certificates(records: Iterable[Record]) -> tuple[ShownCertificate, ...]:
    """Return every certificate with its state, those that have ended first."""
    all_records = tuple(records)
    states: dict[tuple[str, str, str], State] = {
        (record.path, record.subject, record.not_after): record.state
        for record in all_records
        if isinstance(record, CertificateValidity)
    }
    shown = [
        ShownCertificate(
            certificate=record,
            state=states.get((record.path, record.subject, record.not_after)),
        )
        for record in all_records
        if isinstance(record, Certificate)
    ]
    return tuple(sorted(shown, key=_rank))


def _rank(one: ShownCertificate) -> tuple[int, str, int]:
    return _STATES.index(one.state), one.certificate.path, one.certificate.position


def _of(record: Record) -> Iterator[Carried]:
    match record:
        case TlsSetting():
            parts = (*(record.protocols or ()), *(record.weak or ()))
            yield _one("setting", record.label, record.tls, *parts)
        case EndpointTransport():
            encrypted = _SPEAKS.get(record.speaks or "")
            parts = (record.speaks or "", *(record.versions or ()), record.cipher, record.reason)
            yield _one("endpoint", record.label, encrypted, *parts)
        case Tunnel():
            parts = (record.state or "", *(record.endpoints or ()), *(record.weak or ()))
            yield _one("tunnel", record.label, record.encrypted, *parts)
        case Fabric() if record.leaves_host is not False and record.active is not False:
            yield _one("fabric", record.label, record.encrypted, *record.interfaces)
        case _:
            pass


def _one(
    sort: Literal["setting", "endpoint", "tunnel", "fabric"],
    name: str,
    encrypted: bool | None,
    *parts: str,
) -> Carried:
    detail = ", ".join(part for part in parts if part)
    return Carried(sort=sort, name=name, encrypted=encrypted, detail=detail)
