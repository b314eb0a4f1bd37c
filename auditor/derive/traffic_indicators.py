"""Turns what deserves a look among crossing traffic into records, each with its caution."""

# ruff: noqa: E501 - a table of sentences
from __future__ import annotations

from collections.abc import Iterator

from auditor.derive import Derivation
from auditor.derive._asked import judged_queries
from auditor.derive._indicators import Sign, of_flows, of_queries
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
    for sign in (*of_flows(crossing), *of_queries(asked)):
        yield _indicator(sign)


def _indicator(sign: Sign) -> TrafficIndicator:
    return TrafficIndicator(
        origin=sign.origin,
        indicator=sign.indicator,
        subject=sign.subject,
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
