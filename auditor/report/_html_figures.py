"""Counts the six headline figures of a judgement."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.crossing import TrafficDestination
from auditor.evidence.derived import NamespaceEgress, StoreEncryption
from auditor.policy.summary import Summary
from auditor.report import Judgement
from auditor.report._figures import size
from auditor.report._html_destinations import Destinations
from auditor.report._models import models
from auditor.report._words import Words

ENCRYPTED = ("verified", "memory-only")


class Figure(Struct, frozen=True, kw_only=True):
    """A headline figure: `state` colours it (`good`, `bad`, `open`, `plain`)."""

    label: str
    value: str
    note: str
    state: str
    href: str


def figures(
    judgement: Judgement, summary: Summary, places: Destinations, words: Words
) -> tuple[Figure, ...]:
    """Return findings, rules passed and undecided, two of the evidence's kind, and coverage."""
    judged = summary.rules_total - summary.rules_not_applicable
    undecided = summary.rules_unknown + summary.rules_errors
    threshold = words.term("severity", judgement.findings.fail_on)
    return (
        Figure(
            label=words("figure.blocking"),
            value=f"{summary.blocking:,}",
            note=words("figure.blocking.note", failed=summary.findings_failed, threshold=threshold),
            state="bad" if summary.blocking else "good",
            href="findings",
        ),
        Figure(
            label=words("figure.rules"),
            value=words("of", n=summary.rules_passed, total=judged),
            note=words("figure.rules.note", n=summary.rules_not_applicable),
            state="plain",
            href="rules",
        ),
        Figure(
            label=words("figure.undecided"),
            value=f"{undecided:,}",
            note=words(
                "figure.undecided.note", n=summary.findings_unknown + summary.findings_errors
            ),
            state="open" if undecided else "good",
            href="undecided",
        ),
        *_of_mode(judgement, places, words),
        Figure(
            label=words("figure.coverage"),
            value=coverage(summary),
            note=words.count("figure.coverage.note", summary.gaps),
            state="open" if summary.gaps else "plain",
            href="limits",
        ),
    )


def _of_mode(judgement: Judgement, places: Destinations, words: Words) -> tuple[Figure, Figure]:
    """Return the two figures that the kind of evidence decides."""
    mode = judgement.evidence.mode
    if mode == "models":
        return _models_figures(judgement, words)
    if mode == "traffic":
        return _traffic_figures(judgement.derived, words)
    outside = places.counts["outside"]
    way_out = Figure(
        label=words("figure.outside"),
        value=f"{outside:,}",
        note=words(
            "figure.outside.note",
            observed=places.observed_outside,
            excepted=places.counts["excepted"],
        ),
        state="bad" if outside else "plain",
        href="destinations",
    )
    return way_out, _kept_figure(judgement.derived, mode, words)


def _models_figures(judgement: Judgement, words: Words) -> tuple[Figure, Figure]:
    """Return the files that need attention, and the stores that were seen whole."""
    found = models(judgement.evidence.records, judgement.derived)
    suspect, total = len(found.suspect), len(found.artifacts)
    whole = sum(shelf.store.complete for shelf in found.shelves)
    files = Figure(
        label=words("figure.suspect"),
        value=words("of", n=suspect, total=total),
        note=words("figure.suspect.note"),
        state="bad" if suspect else "plain",
        href="models",
    )
    stores = Figure(
        label=words("figure.shelves"),
        value=words("of", n=whole, total=len(found.shelves)),
        note=words.count("figure.shelves.note", len(found.anomalies)),
        state="open" if whole < len(found.shelves) else "plain",
        href="models",
    )
    return files, stores


def _traffic_figures(derived: tuple[Record, ...], words: Words) -> tuple[Figure, Figure]:
    """Return the bytes that left, and the addresses outside."""
    far = [record for record in derived if isinstance(record, TrafficDestination)]
    excepted = sum(one.approved is True for one in far)
    answered = sum(one.answered > 0 for one in far)
    sent = Figure(
        label=words("figure.sent"),
        value=size(sum(one.bytes_out for one in far)),
        note=words(
            "figure.sent.note",
            received=size(sum(one.bytes_in for one in far)),
            flows=sum(one.flows for one in far),
        ),
        state="bad" if excepted < len(far) else "plain",
        href="traffic",
    )
    places = Figure(
        label=words("figure.far"),
        value=f"{len(far):,}",
        note=words(
            "figure.far.note", answered=answered, tried=len(far) - answered, excepted=excepted
        ),
        state="bad" if excepted < len(far) else "plain",
        href="traffic",
    )
    return sent, places


def _kept_figure(derived: tuple[Record, ...], mode: str, words: Words) -> Figure:
    """Return stores encrypted of stores found; for manifests, namespaces that deny egress."""
    if mode == "manifests":
        namespaces = [record for record in derived if isinstance(record, NamespaceEgress)]
        closed = sum(namespace.default_deny for namespace in namespaces)
        return Figure(
            label=words("figure.namespaces"),
            value=words("of", n=closed, total=len(namespaces)),
            note=words("figure.namespaces.note"),
            state="bad" if closed < len(namespaces) else "plain",
            href="workloads",
        )
    stores = [record for record in derived if isinstance(record, StoreEncryption)]
    encrypted = sum(store.encryption in ENCRYPTED for store in stores)
    untold = sum(store.encryption in (None, "claimed", "remote", "declared") for store in stores)
    plain = len(stores) - encrypted - untold
    return Figure(
        label=words("figure.stores"),
        value=words("of", n=encrypted, total=len(stores)),
        note=words("figure.stores.note", plain=plain, untold=untold),
        state="bad" if plain else "open" if untold else "plain",
        href="stores",
    )


def coverage(summary: Summary) -> str:
    """Return coverage in percent, rounded down: 100 % is only said where nothing is missing."""
    if not summary.coverage_total:
        return "–"  # noqa: RUF001 - no figure
    return f"{100 * summary.coverage_seen // summary.coverage_total} %"
