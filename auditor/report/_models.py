"""Arranges what lies in model stores, for every format alike: what needs attention first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.models import (
    VERDICTS,
    ModelAssessment,
    ModelFile,
    StoreAnomaly,
    Verdict,
)
from auditor.evidence.storage import ModelStore

# A file that could not be read has no verdict: it stands between what is bad and what is good.
UNREAD = "unread"
_HARMLESS: tuple[Verdict, ...] = ("data", "framework")


class Artifact(Struct, frozen=True, kw_only=True):
    """A model file as it was assessed: `verdict` is that after the site's exceptions."""

    file: ModelFile
    assessment: ModelAssessment | None

    @property
    def verdict(self) -> Verdict | None:
        """Return the verdict, `None` where the file could not be read."""
        return self.assessment.verdict if self.assessment else self.file.verdict

    @property
    def harmless(self) -> bool:
        """Return whether the file was looked into and nothing speaks against loading it."""
        return self.verdict in _HARMLESS and self.file.signature.state != "invalid" and (
            self.file.name_digest in ("", "matches", "not-asked")
        )  # fmt: skip

    @property
    def origin(self) -> str:
        """Return `registry/repository`, `` where the store does not tell."""
        parts = (self.file.registry, self.file.repository)
        return "/".join(part for part in parts if part)

    @property
    def place(self) -> str:
        """Return the path within the store."""
        if self.file.path == self.file.store:
            return self.file.path.rpartition("/")[2]
        return self.file.path.removeprefix(self.file.store.rstrip("/") + "/")


class Shelf(Struct, frozen=True, kw_only=True):
    """A store with its artifacts and with what in it is not as it says."""

    store: ModelStore
    artifacts: tuple[Artifact, ...]
    anomalies: tuple[StoreAnomaly, ...]


class Group(Struct, frozen=True, kw_only=True):
    """How many files, and bytes in them, have something in common: a licence, an origin."""

    name: str
    files: int
    size: int


class Models(Struct, frozen=True, kw_only=True):
    """Everything in model stores; `artifacts` with what needs attention first."""

    shelves: tuple[Shelf, ...]
    artifacts: tuple[Artifact, ...]
    anomalies: tuple[StoreAnomaly, ...]
    by_verdict: tuple[tuple[str, int], ...]
    by_format: tuple[tuple[str, int], ...]

    @property
    def suspect(self) -> tuple[Artifact, ...]:
        """Return the artifacts that are not harmless."""
        return tuple(artifact for artifact in self.artifacts if not artifact.harmless)


def models(records: Iterable[Record], derived: Iterable[Record]) -> Models:
    """Return what lies in model stores, and what was found out about it."""
    assessed = {(r.store, r.path): r for r in derived if isinstance(r, ModelAssessment)}
    stores: list[ModelStore] = []
    found: list[Artifact] = []
    anomalies: list[StoreAnomaly] = []
    for record in records:
        if isinstance(record, ModelStore):
            stores.append(record)
        elif isinstance(record, StoreAnomaly):
            anomalies.append(record)
        elif isinstance(record, ModelFile):
            key = (record.store, record.path)
            found.append(Artifact(file=record, assessment=assessed.get(key)))
    found.sort(key=lambda artifact: (_rank(artifact), artifact.file.path, artifact.file.store))
    anomalies.sort(key=lambda record: (record.store, record.path, record.anomaly, record.detail))
    return Models(
        shelves=_shelves(stores, found, anomalies),
        artifacts=tuple(found),
        anomalies=tuple(anomalies),
        by_verdict=_by_verdict(found),
        by_format=_counted(artifact.file.model_format for artifact in found),
    )


def by_origin(artifacts: Iterable[Artifact]) -> tuple[Group, ...]:
    """Return the files by where they came from, the most files first; `` where nothing tells."""
    return _grouped((artifact.origin, artifact.file.size) for artifact in artifacts)


def by_license(artifacts: Iterable[Artifact]) -> tuple[Group, ...]:
    """Return the files by licence, the most files first; `` where none is named."""
    return _grouped((artifact.file.license, artifact.file.size) for artifact in artifacts)


def _shelves(
    stores: list[ModelStore], found: list[Artifact], anomalies: list[StoreAnomaly]
) -> tuple[Shelf, ...]:
    files: dict[str, list[Artifact]] = {}
    strange: dict[str, list[StoreAnomaly]] = {}
    for artifact in found:
        files.setdefault(artifact.file.store, []).append(artifact)
    for anomaly in anomalies:
        strange.setdefault(anomaly.store, []).append(anomaly)
    return tuple(
        Shelf(
            store=store,
            artifacts=tuple(files.get(store.path, ())),
            anomalies=tuple(strange.get(store.path, ())),
        )
        for store in sorted(stores, key=lambda store: (store.path, store.tool))
    )


def _rank(artifact: Artifact) -> int:
    """Return the place in the order: dangerous first, what holds data alone last."""
    verdict = artifact.verdict
    if verdict is None:
        return -VERDICTS.index("unlisted")
    if artifact.harmless:
        return 1 + VERDICTS.index("framework") - VERDICTS.index(verdict)
    return -len(VERDICTS) if verdict in _HARMLESS else -VERDICTS.index(verdict)


def _by_verdict(found: list[Artifact]) -> tuple[tuple[str, int], ...]:
    """Return how many files have each verdict, the strongest first; none is left out."""
    counts = Counter(artifact.verdict or UNREAD for artifact in found)
    return tuple((name, counts[name]) for name in (*reversed(VERDICTS), UNREAD))


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _grouped(pairs: Iterable[tuple[str, int]]) -> tuple[Group, ...]:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for name, bytes_ in pairs:
        files[name] += 1
        sizes[name] += bytes_
    groups = (Group(name=name, files=files[name], size=sizes[name]) for name in files)
    return tuple(sorted(groups, key=lambda group: (-group.files, group.name)))
