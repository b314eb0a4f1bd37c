"""Arranges the chapter on model stores: stores, what is not safe to load, where models are from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.models import StoreAnomaly
from auditor.report._models import Artifact, Group, Shelf, by_license, by_origin, models

MAX_ROWS = 200
MAX_GROUPS = 50
MAX_REASONS = 5


class ShownStore(Struct, frozen=True, kw_only=True):
    """A store; `anomalies` are counted by their kind."""

    shelf: Shelf
    anomalies: tuple[tuple[str, int], ...]


class ShownArtifact(Struct, frozen=True, kw_only=True):
    """A model file; `hidden` counts reasons that are not shown."""

    artifact: Artifact
    verdict: str
    reasons: tuple[tuple[str, str], ...]
    hidden: int


class Chapter(Struct, frozen=True, kw_only=True):
    """The chapter; `*_hidden` count rows that are not shown.

    `suspect` are the files that are not harmless, `opaque` those among them that nobody could
    look into; each file stands in one of the two, or in `others`.
    """

    stores: tuple[ShownStore, ...]
    stores_hidden: int
    total: int
    verdicts: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]
    suspect: tuple[ShownArtifact, ...]
    suspect_hidden: int
    opaque: tuple[ShownArtifact, ...]
    opaque_hidden: int
    others: tuple[ShownArtifact, ...]
    others_hidden: int
    anomalies: tuple[StoreAnomaly, ...]
    anomalies_hidden: int
    origins: tuple[Group, ...]
    origins_hidden: int
    licenses: tuple[Group, ...]
    licenses_hidden: int


_OPAQUE = ("not-inspectable", None)


def chapter(records: Iterable[Record], derived: Iterable[Record]) -> Chapter:
    """Return the chapter on what lies in model stores."""
    found = models(records, derived)
    opaque = [artifact for artifact in found.suspect if artifact.verdict in _OPAQUE]
    suspect = [artifact for artifact in found.suspect if artifact.verdict not in _OPAQUE]
    others = [artifact for artifact in found.artifacts if artifact.harmless]
    origins, licenses = by_origin(found.artifacts), by_license(found.artifacts)
    return Chapter(
        stores=tuple(_store(shelf) for shelf in found.shelves[:MAX_ROWS]),
        stores_hidden=max(0, len(found.shelves) - MAX_ROWS),
        total=len(found.artifacts),
        verdicts=tuple(reversed(found.by_verdict)),
        formats=found.by_format[:MAX_GROUPS],
        suspect=tuple(_artifact(artifact) for artifact in suspect[:MAX_ROWS]),
        suspect_hidden=max(0, len(suspect) - MAX_ROWS),
        opaque=tuple(_artifact(artifact) for artifact in opaque[:MAX_ROWS]),
        opaque_hidden=max(0, len(opaque) - MAX_ROWS),
        others=tuple(_artifact(artifact) for artifact in others[:MAX_ROWS]),
        others_hidden=max(0, len(others) - MAX_ROWS),
        anomalies=found.anomalies[:MAX_ROWS],
        anomalies_hidden=max(0, len(found.anomalies) - MAX_ROWS),
        origins=origins[:MAX_GROUPS],
        origins_hidden=max(0, len(origins) - MAX_GROUPS),
        licenses=licenses[:MAX_GROUPS],
        licenses_hidden=max(0, len(licenses) - MAX_GROUPS),
    )


def _store(shelf: Shelf) -> ShownStore:
    kinds = Counter(anomaly.anomaly for anomaly in shelf.anomalies)
    return ShownStore(shelf=shelf, anomalies=tuple(sorted(kinds.items())))


def _artifact(artifact: Artifact) -> ShownArtifact:
    reasons = artifact.file.reasons
    return ShownArtifact(
        artifact=artifact,
        verdict=artifact.verdict or "unread",
        reasons=tuple((reason.words, reason.place) for reason in reasons[:MAX_REASONS]),
        hidden=max(0, len(reasons) - MAX_REASONS),
    )
