"""What a signature says: an in-toto Statement that names every output by its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping

import msgspec
from msgspec import Struct, field

from auditor.errors import SignatureError
from auditor.evidence import Evidence, Subject, Tool
from auditor.policy.findings import Findings
from auditor.policy.summary import Summary

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:auditor:audit-report:v1"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


class Digest(Struct, frozen=True, order=True):
    """A digest set (in-toto) of one algorithm: 64 lower-case hex digits."""

    sha256: str


class Resource(Struct, frozen=True, order=True):
    """A file that the statement is about."""

    name: str
    digest: Digest


class Statement(Struct, frozen=True, kw_only=True, rename="camel"):
    """An in-toto Statement v1; `predicate` is JSON as it was signed."""

    type_: str = field(name="_type")
    subject: tuple[Resource, ...]
    predicate_type: str
    predicate: msgspec.Raw


class PolicyDigest(Struct, frozen=True, order=True, kw_only=True):
    """A policy pack that was applied: `sha256` is over the file's bytes."""

    name: str
    version: str
    sha256: str


class GapCount(Struct, frozen=True, order=True, kw_only=True):
    """How many facts of a kind could not be had, for one reason."""

    kind: str
    reason: str
    count: int


class Covered(Struct, frozen=True, order=True, kw_only=True):
    """How much a collector saw: `seen` of `total` of `what`."""

    collector: str
    what: str
    seen: int
    total: int


class AuditPredicate(Struct, frozen=True, kw_only=True):
    """The audit in short: who was audited when, by what, with which outcome and limits."""

    tool: Tool
    mode: str
    subject: Subject
    taken_at: str
    judged_at: str
    outcome: str
    summary: Summary
    profile: str
    policies: tuple[PolicyDigest, ...]
    evidence_sha256: str
    findings_sha256: str
    coverage: tuple[Covered, ...]
    gaps: tuple[GapCount, ...]
    limits: tuple[str, ...]


class ClaimedTool(Struct, frozen=True, kw_only=True):
    """The toolkit that the signer says was used."""

    version: str


class ClaimedSubject(Struct, frozen=True, kw_only=True):
    """The machine that the signer says was audited."""

    name: str
    host_id: str = ""


class Claims(Struct, frozen=True, kw_only=True):
    """The part of a predicate that the verifier uses; what a later version adds is passed over."""

    tool: ClaimedTool
    subject: ClaimedSubject
    taken_at: str
    judged_at: str
    outcome: str
    evidence_sha256: str
    findings_sha256: str


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data`, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def predicate(
    evidence: Evidence, findings: Findings, summary: Summary, *, findings_sha256: str
) -> AuditPredicate:
    """Return the audit in short; `findings_sha256` is over the bytes of `findings.json`."""
    gaps: Counter[tuple[str, str]] = Counter()
    for gap in evidence.gaps:
        gaps[gap.kind, gap.reason] += gap.count
    return AuditPredicate(
        tool=evidence.tool,
        mode=evidence.mode,
        subject=evidence.subject,
        taken_at=evidence.taken_at,
        judged_at=findings.judged_at,
        outcome=summary.outcome,
        summary=summary,
        profile=findings.profile,
        policies=tuple(
            sorted(
                PolicyDigest(name=pack.name, version=pack.version, sha256=pack.sha256)
                for pack in findings.packs
            )
        ),
        evidence_sha256=findings.evidence_sha256,
        findings_sha256=findings_sha256,
        coverage=tuple(
            sorted(
                Covered(collector=run.collector, what=c.what, seen=c.seen, total=c.total)
                for run in evidence.runs
                for c in run.coverage
            )
        ),
        gaps=tuple(
            sorted(
                GapCount(kind=kind, reason=reason, count=count)
                for (kind, reason), count in gaps.items()
            )
        ),
        limits=limits(evidence),
    )


def limits(evidence: Evidence) -> tuple[str, ...]:
    """Return, in sentences, what this audit cannot show."""
    found = []
    if evidence.mode == "host":
        found.append("Whoever was root on the audited machine could have changed what was read.")
        if not evidence.subject.privileged:
            found.append("The auditor did not run as root: part of the machine was not readable.")
    if evidence.subject.recorded:
        found.append("A recording was audited, not the machine itself.")
    if evidence.site.assumed:
        found.append("No perimeter was declared: private address ranges were taken as inside.")
    if evidence.gaps:
        found.append("Some facts could not be had: see the gaps.")
    return tuple(found)


def encode(digests: Mapping[str, str], about: AuditPredicate) -> bytes:
    """Return the statement that names each file of `digests` (name to SHA-256), sorted."""
    statement = Statement(
        type_=STATEMENT_TYPE,
        subject=tuple(Resource(name, Digest(digests[name])) for name in sorted(digests)),
        predicate_type=PREDICATE_TYPE,
        predicate=msgspec.Raw(msgspec.json.encode(about)),
    )
    return msgspec.json.encode(statement)


def check_names(names: Collection[str]) -> None:
    """Raise `SignatureError` where a name is not that of a file in the folder, or there is none.

    A name that leads elsewhere would have a file read, or on signing written, that is not ours.
    """
    if not names:
        raise SignatureError("it names no file")
    for name in names:
        if not _SAFE_NAME.fullmatch(name):
            raise SignatureError(f"it names something that is no file here: {name!r:.80}")


def decode(payload: bytes) -> tuple[dict[str, str], Claims]:
    """Return the digests by file name, and the claims; raises `SignatureError` for another kind.

    Only for payloads whose signature holds.
    """
    try:
        statement = msgspec.json.decode(payload, type=Statement)
        if statement.type_ != STATEMENT_TYPE or statement.predicate_type != PREDICATE_TYPE:
            raise SignatureError(
                f"what is signed is not an audit report: {statement.predicate_type!r:.80}"
            )
        claims = msgspec.json.decode(statement.predicate, type=Claims)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SignatureError(f"the signed statement is malformed: {error}") from error
    digests = {resource.name: resource.digest.sha256 for resource in statement.subject}
    if len(digests) != len(statement.subject):
        raise SignatureError("the signed statement names a file twice")
    return digests, claims
