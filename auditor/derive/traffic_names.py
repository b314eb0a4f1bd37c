"""Joins the questions for names that are not inside to one record for each domain."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from auditor.derive import Derivation
from auditor.derive._asked import JudgedQuery, information, judged_queries
from auditor.derive._many import Together, few
from auditor.derive._named import Whose
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

    def character(asked: list[JudgedQuery]) -> Hashable:
        """Return everything that rules ask of a domain."""
        return (asked[0].standing, asked[0].exception, _whose(asked), _led(asked, talked_to))

    for asked, together in few(alike.values(), weight=_questions, alike=character):
        yield _domain(asked, talked_to, together)


def _domain(asked: list[JudgedQuery], talked_to: set[str], together: Together) -> AskedDomain:
    first, whose = asked[0], _whose(asked)
    names = {one.query.name for one in asked}
    clients = {one.query.client for one in asked}
    return AskedDomain(
        origin=min(one.query.origin for one in asked),
        domain=together.named(first.domain),
        domains=together.count,
        standing="undecided" if first.standing == "inside" else first.standing,
        names=_some(names),
        names_total=len(names),
        questions=_questions(asked),
        answered=len({one.query.name for one in asked if one.query.answers}),
        types=_some({one.query.query_type for one in asked}),
        clients=_some(clients),
        clients_total=len(clients),
        servers=_some({one.query.server for one in asked}),
        servers_outside=_some({one.query.server for one in asked if one.server_outside}),
        connected=_led(asked, talked_to),
        information=_information(asked),
        first=min(one.query.first for one in asked),
        last=max(one.query.last for one in asked),
        exception=first.exception,
        operator=whose.operator,
        operator_country=whose.country,
        category=whose.category,
    )


def _whose(asked: list[JudgedQuery]) -> Whose:
    """Return who operates a domain, as far as that is known."""
    known = (Whose(o.operator, o.operator_country, o.category) for o in asked if o.operator)
    return next(known, Whose())


def _questions(asked: list[JudgedQuery]) -> int:
    return sum(one.query.count for one in asked)


def _led(asked: list[JudgedQuery], talked_to: set[str]) -> bool:
    """Return whether an answer's address was then talked to."""
    return any(answer in talked_to for one in asked for answer in one.query.answers)


def _information(asked: list[JudgedQuery]) -> int:
    """Return the bits that names carried out, each reckoned below its own domain."""
    names: dict[str, set[str]] = {}
    for one in asked:
        names.setdefault(one.domain, set()).add(one.query.name)
    return sum(information(said, domain) for domain, said in names.items())


def _some(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(texts)[:_SHOWN])


DERIVATION = Derivation(
    title="Domains outside whose names were asked for",
    yields=AskedDomain,
    sources=(NameQuery, Flow),
    derive=_derive,
)
