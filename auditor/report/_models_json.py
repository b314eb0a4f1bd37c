"""Makes the JSON document about model stores: `auditor.models/1`."""

from __future__ import annotations

from collections import Counter

import msgspec
from msgspec import Struct, field

from auditor.errors import ExitCode
from auditor.evidence import Gap, Tool
from auditor.evidence.models import Anomaly, Role, SignatureState, Verdict
from auditor.evidence.schema import schema_document
from auditor.policy.findings import Finding, Severity
from auditor.policy.summary import Outcome, summarize
from auditor.report import Judgement
from auditor.report._models import Artifact, Models, Shelf, models

SCHEMA = "auditor.models/1"


class Reason(Struct, frozen=True, kw_only=True):
    """Why an artifact has its verdict: `rule` names the check.

    `offset` counts bytes in `member`, or in the file itself where that is null.
    """

    rule: str
    verdict: Verdict
    detail: str
    offset: int | None
    member: str | None
    global_name: str | None = field(name="global")


class Signature(Struct, frozen=True, kw_only=True):
    """What a signature says of an artifact."""

    state: SignatureState
    signer: str | None
    method: str | None
    source: str | None


class ArtifactDocument(Struct, frozen=True, kw_only=True):
    """A model file. What the file or its store does not tell is null.

    `verdict` is the one after the site's exceptions, `excepted` the globals that they let pass;
    it is null where the file could not be read. `origin` is `registry/repository` as the store
    has it; `sha256` and `digests` are what was computed here, `links` paths that lead to it.
    """

    path: str
    store: str
    format: str
    role: Role
    size: int
    sha256: str | None
    digests: tuple[str, ...]
    name_digest: str | None
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    unlisted: tuple[str, ...]
    excepted: tuple[str, ...]
    name: str | None
    architecture: str | None
    parameters: int | None
    precision: str | None
    quantization: str | None
    context_length: int | None
    tensors: int | None
    tokenizer: str | None
    chat_template: str | None
    custom_operators: tuple[str, ...]
    remote_code: bool
    producer: str | None
    license: str | None
    base_model: str | None
    datasets: tuple[str, ...]
    origin: str | None
    origin_state: str | None
    revision: str | None
    signature: Signature
    links: tuple[str, ...]


class AnomalyDocument(Struct, frozen=True, kw_only=True):
    """Something in a store that is not as the store says, or does not belong there."""

    path: str
    anomaly: Anomaly
    detail: str


class StoreDocument(Struct, frozen=True, kw_only=True):
    """A store. `owner` is a user id, `writers` who besides may write; null is not known."""

    path: str
    tool: str
    holds: str
    files: int | None
    size: int | None
    owner: int | None
    writers: str | None
    complete: bool
    anomalies: tuple[AnomalyDocument, ...]


class Counts(Struct, frozen=True, kw_only=True):
    """How many there are: artifacts by verdict (`unread` has none) and by format."""

    artifacts: int
    stores: int
    size: int
    by_verdict: dict[str, int]
    by_format: dict[str, int]
    anomalies: dict[str, int]
    gaps: int


class ModelsDocument(Struct, frozen=True, kw_only=True):
    """What lies in the named model stores, and how it was judged.

    `schema` changes its number when a field changes its meaning or goes; fields may be added.
    Sizes are bytes, times RFC 3339 in UTC. `artifacts` begin with those that need attention.
    `findings` are those that did not pass; `exit_code` is the command's.
    """

    schema: str
    tool: Tool
    subject: str
    site: str
    taken_at: str
    judged_at: str
    evidence_sha256: str
    fail_on: Severity
    outcome: Outcome
    exit_code: ExitCode
    summary: Counts
    stores: tuple[StoreDocument, ...]
    artifacts: tuple[ArtifactDocument, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]


def models_document(judgement: Judgement) -> ModelsDocument:
    """Return the judgement of model stores as the typed document that is written out."""
    evidence, findings = judgement.evidence, judgement.findings
    summary = summarize(evidence, findings)
    found = models(evidence.records, judgement.derived)
    return ModelsDocument(
        schema=SCHEMA,
        tool=evidence.tool,
        subject=evidence.subject.name,
        site=evidence.site.name,
        taken_at=evidence.taken_at,
        judged_at=findings.judged_at,
        evidence_sha256=findings.evidence_sha256,
        fail_on=findings.fail_on,
        outcome=summary.outcome,
        exit_code=summary.exit_code,
        summary=_counts(found, summary.gaps),
        stores=tuple(_store(shelf) for shelf in found.shelves),
        artifacts=tuple(_artifact(artifact) for artifact in found.artifacts),
        gaps=evidence.gaps,
        findings=tuple(finding for finding in findings.findings if finding.verdict != "pass"),
    )


def models_schema() -> bytes:
    """Return the JSON Schema of the document, generated from its types."""
    return schema_document(msgspec.json.schema(ModelsDocument))


def _counts(found: Models, gaps: int) -> Counts:
    return Counts(
        artifacts=len(found.artifacts),
        stores=len(found.shelves),
        size=sum(artifact.file.size for artifact in found.artifacts),
        by_verdict=dict(found.by_verdict),
        by_format=dict(found.by_format),
        anomalies=dict(sorted(Counter(record.anomaly for record in found.anomalies).items())),
        gaps=gaps,
    )


def _store(shelf: Shelf) -> StoreDocument:
    store = shelf.store
    return StoreDocument(
        path=store.path,
        tool=store.tool,
        holds=store.holds,
        files=store.files,
        size=store.size,
        owner=store.owner,
        writers=store.writers,
        complete=store.complete,
        anomalies=tuple(
            AnomalyDocument(path=record.path, anomaly=record.anomaly, detail=record.detail)
            for record in shelf.anomalies
        ),
    )


def _artifact(artifact: Artifact) -> ArtifactDocument:
    file, assessment = artifact.file, artifact.assessment
    return ArtifactDocument(
        path=file.path,
        store=file.store,
        format=file.model_format,
        role=file.role,
        size=file.size,
        sha256=file.sha256 or None,
        digests=file.digests,
        name_digest=file.name_digest or None,
        verdict=artifact.verdict,
        reasons=tuple(
            Reason(
                rule=reason.rule,
                verdict=reason.verdict,
                detail=reason.detail,
                offset=reason.offset if reason.offset >= 0 else None,
                member=reason.member or None,
                global_name=reason.global_name or None,
            )
            for reason in file.reasons
        ),
        unlisted=assessment.unlisted if assessment else file.unlisted,
        excepted=assessment.excepted if assessment else (),
        name=file.name or None,
        architecture=file.architecture or None,
        parameters=file.parameters,
        precision=file.precision or None,
        quantization=file.quantization or None,
        context_length=file.context_length or None,
        tensors=file.tensors or None,
        tokenizer=file.tokenizer or None,
        chat_template=file.chat_template or None,
        custom_operators=file.custom_operators,
        remote_code=file.remote_code,
        producer=file.producer or None,
        license=file.license or None,
        base_model=file.base_model or None,
        datasets=file.datasets,
        origin=artifact.origin or None,
        origin_state=assessment.origin_state if assessment else None,
        revision=file.revision or None,
        signature=Signature(
            state=file.signature.state,
            signer=file.signature.signer or None,
            method=file.signature.method or None,
            source=file.signature.source or None,
        ),
        links=file.links,
    )
