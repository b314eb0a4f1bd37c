"""Holds every certificate against the time of the judgement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from auditor.derive import Derivation
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.transit import Certificate, CertificateValidity


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield the validity of each certificate."""
    now = _time(evidence.taken_at)
    for record in evidence.records:
        if isinstance(record, Certificate):
            yield _validity(record, now)


def _validity(record: Certificate, now: dt.datetime | None) -> CertificateValidity:
    begins, ends = _time(record.not_before), _time(record.not_after)
    return CertificateValidity(
        origin=record.origin,
        source_kind=kind_of(record),
        path=record.path,
        purpose=record.purpose,
        subject=record.subject,
        not_before=record.not_before,
        not_after=record.not_after,
        is_ca=record.is_ca,
        state=_state(now, begins, ends) if now and begins and ends else None,
        # Whole days, rounded down: what ends within the hour has none left.
        days_left=(ends - now).days if ends and now else None,
        lifetime_days=(ends - begins).days if ends and begins else None,
    )


def _state(
    now: dt.datetime, begins: dt.datetime, ends: dt.datetime
) -> Literal["valid", "expired", "not-yet-valid"]:
    """Return the state; both ends belong to the time of validity (RFC 5280 4.1.2.5)."""
    if now > ends:
        return "expired"
    return "not-yet-valid" if now < begins else "valid"


def _time(text: str) -> dt.datetime | None:
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


DERIVATION = Derivation(
    title="Certificates, held against the time of the judgement",
    yields=CertificateValidity,
    sources=(Certificate,),
    derive=_derive,
)
