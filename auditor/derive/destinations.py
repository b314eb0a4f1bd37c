"""Judges every address and name in the evidence: where data could go, or went."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.derive import Derivation
from auditor.derive import _channel_leads as channels
from auditor.derive import _leads as network
from auditor.derive import _workload_leads as workload
from auditor.derive._cluster import cluster_of
from auditor.derive._leads import Lead
from auditor.derive._verdict import Question, Verdict, judge
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.derived import Destination


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a destination for each lead; like connections of one program are one destination."""
    cluster = cluster_of(evidence)
    verdicts: dict[Question, Verdict] = {}
    made: dict[tuple[str, str, Question], Destination] = {}
    leads = [
        *network.network_leads(evidence),
        *workload.workload_leads(evidence),
        *channels.channel_leads(evidence),
    ]
    for lead in sorted(leads, key=lambda lead: lead.record.origin):
        question = lead.question
        if question not in verdicts:
            verdicts[question] = judge(evidence.site, cluster, evidence.taken_at, question)
        key = (kind_of(lead.record), lead.subject, question)
        made.setdefault(key, _destination(lead, verdicts[question]))
    yield from made.values()


def _destination(lead: Lead, verdict: Verdict) -> Destination:
    return Destination(
        origin=lead.record.origin,
        source_kind=kind_of(lead.record),
        basis=lead.basis,
        use=lead.question.use,
        subject=lead.subject,
        target=lead.question.target,
        address=verdict.address,
        port=lead.question.port,
        inside=verdict.inside,
        approved=verdict.approved,
        zone=verdict.zone,
        country=verdict.country,
        operator=verdict.operator,
        operator_country=verdict.operator_country,
        category=verdict.category,
        exception=verdict.exception,
        how=verdict.how,
    )


DERIVATION = Derivation(
    title="Destinations, judged against the site",
    yields=Destination,
    sources=(*network.SOURCES, *workload.SOURCES, *channels.SOURCES),
    derive=_derive,
)
