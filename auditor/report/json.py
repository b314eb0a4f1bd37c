"""Renders a judgement as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from auditor.evidence import CollectorRun, Gap, Input, Subject, Tool
from auditor.evidence.bundle import Mode
from auditor.evidence.derived import Destination
from auditor.policy.findings import AppliedPack, AppliedRule, Finding, Severity
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement, Renderer
from auditor.report._models_json import models_document
from auditor.report._text import visible_json
from auditor.report._traffic_json import traffic_document

SCHEMA = "auditor.report/1"


class Perimeter(Struct, frozen=True, kw_only=True):
    """The site that was judged against; `assumed` where no site file was given."""

    name: str
    assumed: bool


class Report(Struct, frozen=True, kw_only=True):
    """The document: what was judged, by what, with which outcome.

    `schema` changes its number when a field changes its meaning or goes; fields may be added.
    `summary` holds every count, `exit_code` in it is the command's. `inputs` lists every
    manifest considered (empty for a host), `gaps` every fact that could not be had,
    `destinations` every address or name that data could go to or went to. Times are RFC 3339
    in UTC.
    """

    schema: str
    tool: Tool
    mode: Mode
    subject: Subject
    site: Perimeter
    taken_at: str
    judged_at: str
    evidence_sha256: str
    profile: str
    params: tuple[tuple[str, str], ...]
    fail_on: Severity
    allow_unknown: bool
    summary: Summary
    inputs: tuple[Input, ...]
    packs: tuple[AppliedPack, ...]
    rules: tuple[AppliedRule, ...]
    findings: tuple[Finding, ...]
    unused_waivers: tuple[str, ...]
    gaps: tuple[Gap, ...]
    runs: tuple[CollectorRun, ...]
    destinations: tuple[Destination, ...]


_ENCODER = msgspec.json.Encoder(order="deterministic")


def document(judgement: Judgement) -> Report:
    """Return the judgement as the typed document that is written out."""
    evidence, findings = judgement.evidence, judgement.findings
    return Report(
        schema=SCHEMA,
        tool=evidence.tool,
        mode=evidence.mode,
        subject=evidence.subject,
        site=Perimeter(name=evidence.site.name, assumed=evidence.site.assumed),
        taken_at=evidence.taken_at,
        judged_at=findings.judged_at,
        evidence_sha256=findings.evidence_sha256,
        profile=findings.profile,
        params=findings.params,
        fail_on=findings.fail_on,
        allow_unknown=findings.allow_unknown,
        summary=summarize(evidence, findings),
        inputs=evidence.inputs,
        packs=findings.packs,
        rules=findings.rules,
        findings=findings.findings,
        unused_waivers=findings.unused_waivers,
        gaps=evidence.gaps,
        runs=evidence.runs,
        destinations=tuple(r for r in judgement.derived if isinstance(r, Destination)),
    )


def render(judgement: Judgement) -> bytes:
    """Return the document as indented UTF-8 JSON that is harmless to print.

    Of model stores and of captures alone it is a document of its own, `auditor.models/1` and
    `auditor.traffic/1`.
    """
    made = _MAKERS.get(judgement.evidence.mode, document)(judgement)
    if judgement.evidence.mode == "traffic":
        return _by_lines(made)
    return visible_json(msgspec.json.format(_ENCODER.encode(made), indent=2)) + b"\n"


def _by_lines(made: Struct) -> bytes:
    """Return a document whose lists may be long as harmless JSON, an item of them a line."""
    parts = []
    for name in made.__struct_fields__:
        value = getattr(made, name)
        if isinstance(value, tuple) and value:
            lines = (visible_json(_ENCODER.encode(item)) for item in value)
            text = b"[\n" + b",\n".join(lines) + b"\n]"
        else:
            text = visible_json(_ENCODER.encode(value))
        parts.append(b'"' + name.encode() + b'": ' + text)
    return b"{\n" + b",\n".join(parts) + b"\n}\n"


_MAKERS: dict[Mode, Callable[[Judgement], Struct]] = {
    "models": models_document, "traffic": traffic_document,
}  # fmt: skip


RENDERER = Renderer(title="JSON document", filename="report.json", render=render)
