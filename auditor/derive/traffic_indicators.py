"""Turns what deserves a look among crossing traffic into records, each with its caution."""

# ruff: noqa: E501 - a table of sentences
from __future__ import annotations

from collections.abc import Hashable, Iterator

from auditor.derive import Derivation
from auditor.derive._asked import judged_queries
from auditor.derive._indicators import Sign, of_flows, of_queries
from auditor.derive._many import Together, few
from auditor.derive._traffic import judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import Indicator, TrafficIndicator
from auditor.evidence.traffic import Flow, NameQuery

_CAUTIONS: dict[Indicator, str] = {
    "dns-information": "so do names of content networks, reputation services and telemetry with digests in names",
    "byte-asymmetry": "so do backups, log shipping and replication to places that are wanted",
    "periodic": "so do time servers, monitoring, update checks, keep-alives and controllers that poll",
    "long-connection": "so do sessions of SSH, OPC UA and message brokers, orchestrators' watches, wanted tunnels",
    "unknown-protocol": "so do protocols that are not told apart here, and captures that miss a beginning",
    "hidden-resolver": "browsers and systems do so by default; the questions are then not in this capture",
    "hidden-name": "browsers send a meaningless extension of the same kind (GREASE) by default",
}


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield the indicators of flows and of questions that crossed the perimeter."""
    crossing = [one for one in judged(evidence) if one.direction is not None]
    asked = [one for one in judged_queries(evidence) if one.standing in ("outside", "approved")]
    signs = ([sign] for sign in (*of_flows(crossing), *of_queries(asked)))
    for alike, together in few(signs, weight=_score, alike=_character):
        yield _indicator(alike[0], together)


def _score(signs: list[Sign]) -> int:
    return signs[0].score


def _character(signs: list[Sign]) -> Hashable:
    """Return everything that rules ask of an indicator."""
    return signs[0].indicator, signs[0].score, signs[0].approved


def _indicator(sign: Sign, together: Together) -> TrafficIndicator:
    return TrafficIndicator(
        origin=sign.origin,
        indicator=sign.indicator,
        subject=together.named(sign.subject),
        score=sign.score,
        detail=sign.detail,
        caution=_CAUTIONS[sign.indicator],
        approved=sign.approved,
    )


DERIVATION = Derivation(
    title="What deserves a look among what crossed the perimeter",
    yields=TrafficIndicator,
    sources=(Flow, NameQuery),
    derive=_derive,
)
