"""Joins the questions for names that are not inside to one record for each domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.derive import Derivation
from auditor.derive._asked import JudgedQuery, information, judged_queries
from auditor.derive._traffic import judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import AskedDomain
from auditor.evidence.traffic import Flow, NameQuery

_SHOWN = 12


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a domain for each standing that names below it have."""
    alike: dict[tuple[str, str, str], list[JudgedQuery]] = {}
    for one in judged_queries(evidence):
        if one.standing != "inside":
            alike.setdefault((one.domain, one.standing, one.exception), []).append(one)
    talked_to = {one.flow.dst for one in judged(evidence)} if alike else set()
    for asked in alike.values():
        yield _domain(asked, talked_to)


def _domain(asked: list[JudgedQuery], talked_to: set[str]) -> AskedDomain:
    first = asked[0]
    names = {one.query.name for one in asked}
    clients = {one.query.client for one in asked}
    answers = {answer for one in asked for answer in one.query.answers}
    return AskedDomain(
        origin=min(one.query.origin for one in asked),
        domain=first.domain,
        standing="undecided" if first.standing == "inside" else first.standing,
        names=_some(names),
        names_total=len(names),
        questions=sum(one.query.count for one in asked),
        answered=len({one.query.name for one in asked if one.query.answers}),
        types=_some({one.query.query_type for one in asked}),
        clients=_some(clients),
        clients_total=len(clients),
        servers=_some({one.query.server for one in asked}),
        servers_outside=_some({one.query.server for one in asked if one.server_outside}),
        connected=bool(answers & talked_to),
        information=information(names, first.domain),
        first=min(one.query.first for one in asked),
        last=max(one.query.last for one in asked),
        exception=first.exception,
        operator=next((one.operator for one in asked if one.operator), ""),
        operator_country=next((one.operator_country for one in asked if one.operator), ""),
        category=next((one.category for one in asked if one.operator), ""),
    )


def _some(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(texts)[:_SHOWN])


DERIVATION = Derivation(
    title="Domains outside whose names were asked for",
    yields=AskedDomain,
    sources=(NameQuery, Flow),
    derive=_derive,
)
