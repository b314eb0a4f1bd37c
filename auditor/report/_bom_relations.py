"""Tells in a bill of materials what needs what, and how far it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.evidence import Evidence, Gap
from auditor.evidence.models import Anomaly, StoreAnomaly
from auditor.evidence.storage import ModelStore
from auditor.report._bom_anomalies import Placed
from auditor.report._bom_bases import Bases
from auditor.report._bom_files import file_reference
from auditor.report._bom_models import Bundle
from auditor.report._cyclonedx import Aggregate, Composition, Dependency
from auditor.report._models import Artifact

KINDS = ("model_store", "model_file", "store_anomaly")
_NOT_SEEN_THROUGH = (None, "not-inspectable", "malformed")
# What these tell of is listed, or is no part of a model; every other anomaly may mean a part.
_NO_PART: tuple[Anomaly, ...] = (
    "blob-size", "blob-digest", "blob-orphan", "reference-mutable", "credential", "writable",
)  # fmt: skip
_ORDER: tuple[Aggregate, ...] = ("complete", "unknown", "incomplete")


def dependencies(subject: str, bundles: tuple[Bundle, ...], bases: Bases) -> tuple[Dependency, ...]:
    """Return what each component needs: the subject its models, a model its files and data sets.

    An adapter needs its base model too; what a model was merely made from is its pedigree. What
    needs nothing is told as such (CycloneDX 1.6, dependencies).
    """
    made = [Dependency(ref=subject, depends_on=tuple(sorted(b.ref for b in bundles)))]
    for bundle in bundles:
        files = [file_reference(bundle, artifact) for artifact in bundle.artifacts]
        needed = {*files, *_bases(bundle, bases), *_datasets(bundle, bases)}
        made.append(Dependency(ref=bundle.ref, depends_on=tuple(sorted(needed))))
        made += [Dependency(ref=file) for file in files]
        made += [
            Dependency(ref=bases.outside(bundle, base))
            for base in bundle.base_models
            if bases.model(bundle, base) is None
        ]
    return tuple(sorted(made, key=lambda one: one.ref))


def compositions(
    evidence: Evidence, subject: str, bundles: tuple[Bundle, ...], anomalies: Placed
) -> tuple[Composition, ...]:
    """Return for the subject, the models and opaque files how far their parts are listed.

    `complete` is what was read to its end, without a gap, and where no anomaly tells of a part
    that is missing or is not listed (a script, a link that leads out). A model with a file that
    nobody could see through is `unknown`, as is a whole host: only the places that models are
    known to lie in were looked at. What models need is never known to be all: they tell what
    they like.
    """
    stores = [record for record in evidence.records if isinstance(record, ModelStore)]
    gaps = model_gaps(evidence)
    whole = {store.path for store in stores if store.complete} - set(_touched(stores, gaps))
    whole -= {one.store for one in anomalies.left if one.anomaly not in _NO_PART}
    lacking = {
        ref for ref, found in anomalies.by_bundle.items() if any(map(_tells_of_a_part, found))
    }
    parts: dict[Aggregate, list[str]] = {aggregate: [] for aggregate in _ORDER}
    for bundle in bundles:
        parts["incomplete" if bundle.ref in lacking else _of_bundle(bundle, whole)].append(
            bundle.ref
        )
        parts["unknown"] += [file_reference(bundle, a) for a in bundle.artifacts if _is_opaque(a)]
    found = max(
        (aggregate for aggregate in _ORDER if parts[aggregate]), key=_ORDER.index, default=None
    )
    parts[_of_subject(evidence, stores, whole, gaps, found)].append(subject)
    made = [
        Composition(aggregate=aggregate, assemblies=tuple(sorted(refs)))
        for aggregate, refs in parts.items()
        if refs
    ]
    needs = tuple(sorted(bundle.ref for bundle in bundles))
    return (*made, Composition(aggregate="unknown", dependencies=needs)) if needs else tuple(made)


def model_gaps(evidence: Evidence) -> tuple[Gap, ...]:
    """Return what could not be had of model stores."""
    return tuple(gap for gap in evidence.gaps if gap.kind in KINDS)


def was_looked_for(evidence: Evidence) -> bool:
    """Return whether anybody looked for models."""
    return any("model_file" in run.kinds for run in evidence.runs)


def _of_bundle(bundle: Bundle, whole: set[str]) -> Aggregate:
    if bundle.store not in whole or any(a.verdict is None for a in bundle.artifacts):
        return "incomplete"
    return "unknown" if any(map(_is_opaque, bundle.artifacts)) else "complete"


def _of_subject(
    evidence: Evidence,
    stores: list[ModelStore],
    whole: set[str],
    gaps: tuple[Gap, ...],
    found: Aggregate | None,
) -> Aggregate:
    if gaps or len(whole) < len(stores) or found == "incomplete":
        return "incomplete"
    seen = all(
        coverage.seen == coverage.total
        for run in evidence.runs
        if "model_file" in run.kinds
        for coverage in run.coverage
        if coverage.what == "model stores"
    )
    if not seen:
        return "incomplete"
    asked = evidence.mode == "models" and stores and was_looked_for(evidence)
    return "complete" if asked and found != "unknown" else "unknown"


def _is_opaque(artifact: Artifact) -> bool:
    return artifact.verdict in _NOT_SEEN_THROUGH


def _tells_of_a_part(anomaly: StoreAnomaly) -> bool:
    return anomaly.anomaly not in _NO_PART


def _touched(stores: list[ModelStore], gaps: tuple[Gap, ...]) -> Iterator[str]:
    """Yield the stores of which something could not be had.

    A gap in none may be in each, and so may one that stands for several: it names one place.
    """
    for gap in gaps:
        source = gap.origin.source if gap.count == 1 else ""
        inside = [s.path for s in stores if f"{source}/".startswith(s.path.rstrip("/") + "/")]
        yield from inside or (store.path for store in stores)


def _bases(bundle: Bundle, bases: Bases) -> Iterator[str]:
    for base in bundle.base_models if bundle.is_adapter else ():
        here = bases.model(bundle, base)
        yield here.ref if here is not None else bases.outside(bundle, base)


def _datasets(bundle: Bundle, bases: Bases) -> Iterable[str]:
    found = (bases.dataset(bundle, name) for name in bundle.datasets)
    return [dataset.ref for dataset in found if dataset is not None]
