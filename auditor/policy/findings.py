"""The judgement: rules as they were applied, findings, and the summary that every format uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.errors import EvidenceError
from auditor.evidence.base import Origin
from auditor.evidence.bundle import joined
from auditor.evidence.schema import schema_document

SCHEMA = "auditor.findings/1"

Verdict = Literal["pass", "fail", "unknown", "error", "not-applicable", "waived"]
Severity = Literal["critical", "high", "medium", "low", "info"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
# A rule's verdict is the strongest of its findings'.
VERDICTS: tuple[Verdict, ...] = ("fail", "error", "unknown", "waived", "pass", "not-applicable")


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the findings document."""


class Text(_Part, frozen=True, kw_only=True):
    """A sentence in the report's languages."""

    en: str
    zh: str = ""

    def in_language(self, language: str) -> str:
        """Return the sentence in `language`, in English where it has no other."""
        return self.zh if language == "zh" and self.zh else self.en


class Control(_Part, frozen=True, order=True, kw_only=True):
    """A clause of a framework: `framework` is the catalogue's id, `id` the clause's."""

    framework: str
    id: str


class AppliedPack(_Part, frozen=True, kw_only=True):
    """A pack as it was used: `sha256` is over the file's bytes."""

    name: str
    version: str
    title: Text
    sha256: str


class AppliedRule(_Part, frozen=True, kw_only=True):
    """A rule as it was applied, and what came of it.

    `verdict` is the strongest of its findings'; `reason` says why where nothing was judged.
    `judged` counts the records that it was asked of, the rest count findings by verdict.
    """

    id: str
    pack: str
    title: Text
    severity: Severity
    each: str
    of: tuple[str, ...]
    require: str
    remediation: Text
    controls: tuple[Control, ...]
    verdict: Verdict
    reason: str
    judged: int
    passed: int
    failed: int
    unknown: int
    errors: int
    waived: int


class AppliedWaiver(_Part, frozen=True, kw_only=True):
    """A waiver that accepted a finding: `expires` is an ISO date."""

    owner: str
    approved_by: str
    reason: str
    expires: str


class Finding(_Part, frozen=True, kw_only=True):
    """One rule over one record (or one gap).

    `subject` is the record's label, `observed` and `expected` are sentences (`…_zh` where the
    pack says them in Chinese too), `reason` says why for `unknown` and `error`. `fingerprint`
    (SHA-256 over rule, kind and subject, 32 hex digits)
    stays the same from run to run. `count` is how many like records or facts a gap stands for.
    """

    rule: str
    verdict: Verdict
    severity: Severity
    kind: str
    subject: str
    observed: str
    expected: str
    reason: str
    origin: Origin
    fingerprint: str
    waiver: AppliedWaiver | None = None
    count: int = 1
    observed_zh: str = ""
    expected_zh: str = ""
    reason_zh: str = ""

    def why(self, language: str) -> str:
        """Return the reason in `language`, in English where it has no other."""
        return Text(en=self.reason, zh=self.reason_zh).in_language(language)


class Findings(_Part, frozen=True, kw_only=True):
    """The judgement of one evidence bundle.

    `evidence_sha256` binds it to the bundle's bytes. `profile` and `params` tell how the packs
    were retuned; `params` holds (name, value) pairs, values as JSON text.
    """

    schema: str
    tool_version: str
    evidence_sha256: str
    judged_at: str
    profile: str
    params: tuple[tuple[str, str], ...]
    fail_on: Severity
    allow_unknown: bool
    packs: tuple[AppliedPack, ...]
    rules: tuple[AppliedRule, ...]
    findings: tuple[Finding, ...]
    unused_waivers: tuple[str, ...] = ()


_ENCODER = msgspec.json.Encoder(order="deterministic")


def encode(findings: Findings) -> bytes:
    """Return the findings as UTF-8 JSON, one rule or finding a line."""
    return joined(_pieces(findings))


def _pieces(findings: Findings) -> Iterator[bytes]:
    """Yield the document's bytes: as text, Chinese among them, they would take twice as many."""
    between = b"{"
    for name in findings.__struct_fields__:
        value = getattr(findings, name)
        yield between + b'"%s":' % name.encode()
        between = b",\n"
        if name not in ("packs", "rules", "findings") or not value:
            yield _ENCODER.encode(value)
            continue
        before = b"[\n"
        for item in value:
            yield before + _ENCODER.encode(item)
            before = b",\n"
        yield b"\n]"
    yield b"}\n"


def decode(data: bytes, *, where: str = "findings") -> Findings:
    """Return the findings in `data`; raises `EvidenceError` (exit 4) for anything else."""
    try:
        findings = msgspec.json.decode(data, type=Findings)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(f"this is not a findings document: {error}", where=where) from error
    if findings.schema != SCHEMA:
        raise EvidenceError(
            f"the findings have schema {findings.schema!r:.80}, this toolkit reads {SCHEMA}",
            where=where,
            hint="Read them with the toolkit that wrote them, or a newer one",
        )
    return findings


def json_schema() -> bytes:
    """Return the JSON Schema of the findings document."""
    return schema_document(msgspec.json.schema(Findings))
