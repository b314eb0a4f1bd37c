"""Makes the bill of materials of model stores: CycloneDX with machine-learning models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID, uuid5

import msgspec

from auditor.errors import UsageError
from auditor.evidence import Evidence
from auditor.evidence.models import StoreAnomaly
from auditor.evidence.storage import ModelStore
from auditor.report import Judgement
from auditor.report._bom_anomalies import place
from auditor.report._bom_bases import Bases
from auditor.report._bom_components import anomaly_words, component
from auditor.report._bom_files import properties
from auditor.report._bom_models import bundles, reference
from auditor.report._bom_relations import compositions, dependencies, model_gaps, was_looked_for
from auditor.report._cyclonedx import (
    Bill,
    Component,
    Lifecycle,
    Metadata,
    SpecVersion,
    Tools,
)
from auditor.report._models import models
from auditor.report._text import visible_json

# Of this toolkit's bills alone: a name in it is a version of CycloneDX and evidence's SHA-256.
_NAMESPACE = UUID("6d1f2c3a-7f0e-5d43-9a55-0b8f4f6f3a17")
_SCHEMA = "http://cyclonedx.org/schema/bom-{}.schema.json"

_ENCODER = msgspec.json.Encoder(order="deterministic")


def bill(judgement: Judgement, version: SpecVersion) -> Bill:
    """Return the bill of what lies in model stores.

    Raises `UsageError` for manifests: no model was looked for there, and an empty bill would
    say that there is none.
    """
    evidence = judgement.evidence
    if evidence.mode == "manifests":
        raise UsageError(
            "a bill of materials lists what lies in model stores; manifests hold none",
            hint="Use audit models PATH, or audit scan",
        )
    found = models(evidence.records, judgement.derived)
    made = bundles(found.artifacts)
    bases = Bases(made)
    subject = reference("subject", evidence.subject.name)
    anomalies = place(made, found.anomalies)
    name = f"{version} {judgement.findings.evidence_sha256}"
    return Bill(
        schema=_SCHEMA.format(version),
        bom_format="CycloneDX",
        spec_version=version,
        serial_number=f"urn:uuid:{uuid5(_NAMESPACE, name)}",
        version=1,
        metadata=_metadata(judgement, subject, anomalies.left),
        components=tuple(
            component(one, bases, anomalies.by_bundle.get(one.ref, ())) for one in made
        ),
        dependencies=dependencies(subject, made, bases),
        compositions=compositions(evidence, subject, made, anomalies),
    )


def render_bill(judgement: Judgement, version: SpecVersion) -> bytes:
    """Return the bill as indented UTF-8 JSON that is harmless to print."""
    encoded = _ENCODER.encode(bill(judgement, version))
    return visible_json(msgspec.json.format(encoded, indent=2)) + b"\n"


def _metadata(judgement: Judgement, subject: str, left: Iterable[StoreAnomaly]) -> Metadata:
    evidence = judgement.evidence
    of_host = evidence.mode == "host"
    tool = Component(type="application", name=evidence.tool.name, version=evidence.tool.version)
    return Metadata(
        timestamp=evidence.taken_at,
        lifecycles=(Lifecycle(phase="discovery"),),
        tools=Tools(components=(tool,)),
        component=Component(
            type="device" if of_host else "data", bom_ref=subject, name=evidence.subject.name
        ),
        properties=properties((*_run(judgement), *_seen(evidence, left))),
    )


def _run(judgement: Judgement) -> Iterator[tuple[str, str]]:
    yield "evidence-sha256", judgement.findings.evidence_sha256
    yield "judged-at", judgement.findings.judged_at
    yield "site", judgement.evidence.site.name
    yield "models-looked-for", str(was_looked_for(judgement.evidence)).lower()


def _seen(evidence: Evidence, left: Iterable[StoreAnomaly]) -> Iterator[tuple[str, str]]:
    """Yield the stores, what in them belongs to no model, and what could not be had."""
    for record in sorted(
        (record for record in evidence.records if isinstance(record, ModelStore)),
        key=lambda store: (store.path, store.tool),
    ):
        seen = "seen to its end" if record.complete else "not seen to its end"
        yield "store", f"{record.path} ({record.tool}, {seen})"
    for anomaly in left:
        yield "anomaly", anomaly_words(anomaly)
    for gap in model_gaps(evidence):
        times = f" ({gap.count} times)" if gap.count > 1 else ""
        yield "gap", f"{gap.kind}: {gap.reason}: {gap.origin.place}: {gap.detail}{times}"
