"""Collects where jobs, shippers, mailers, tunnels and agents of a host lead."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.derive._leads import Lead, scheme_port
from auditor.derive._verdict import Place, Question
from auditor.evidence import Evidence, Record
from auditor.evidence.channels import Agent, OutboundTarget

_HTTPS = 443
_FOUND_AT = {"mail": "any mail server", "scheduled": "public default"}


def channel_leads(evidence: Evidence) -> Iterator[Lead]:
    """Yield a lead for each target, and for each agent that is on and goes to its maker."""
    for record in evidence.records:
        if isinstance(record, OutboundTarget):
            yield Lead(record=record, subject=record.subject, question=_question(record))
        elif isinstance(record, Agent) and record.active is not False and record.domain:
            # An agent that may be off may lead there: that is asked of it, not passed over.
            yield Lead(
                record=record,
                subject=record.title,
                question=Question(target=record.domain, port=_HTTPS, use="agent"),
            )


def _question(record: OutboundTarget) -> Question:
    use = record.purpose
    port = record.port or scheme_port(record.url)
    if record.host is None:
        how = "the host is in a variable, or in a file that was not read"
        place = Place(inside=None, zone="", how=how)
        return Question(target=f"untold ({record.tool})", port=port, use=use, place=place)
    if record.host:
        return Question(target=record.host, port=port, use=use)
    how = f"no host is given to {record.tool}: its public default applies"
    target = f"{record.tool} {_FOUND_AT.get(use, 'public default')}"
    place = Place(inside=False, zone="", how=how)
    return Question(target=target, port=port, use=use, place=place)


SOURCES: tuple[type[Record], ...] = (OutboundTarget, Agent)
