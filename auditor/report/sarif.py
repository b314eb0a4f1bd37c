"""Renders a judgement as SARIF 2.1.0, for code scanning and merge requests."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from auditor.errors import ExitCode
from auditor.evidence import Gap, Origin
from auditor.policy.findings import AppliedRule, Finding, Severity
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement, Renderer, _sarif
from auditor.report._text import visible, visible_json

LEVELS: dict[Severity, _sarif.Level] = {
    "critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note",
}  # fmt: skip
# What code-scanning services sort by: the middle of the CVSS v3 band of that name.
_SECURITY_SEVERITY: dict[Severity, str] = {
    "critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.0",
}  # fmt: skip
_LANGUAGES = {"zh": "zh-CN"}
# Host paths are no files of a repository: they hang under a folder that does not exist there.
_HOST_FOLDER = "host/"
# RFC 3986 pchar and "/", without ":" so that no first segment reads as a scheme.
_URI_SAFE = "/!$&'()*+,;=@~"
_MESSAGE_LIMIT = 1000

_ENCODER = msgspec.json.Encoder(order="deterministic")


def uri(source: str, *, on_host: bool) -> str:
    """Return a path as a URI reference: relative stays relative, host paths under `host/`."""
    encoded = quote(source.encode("utf-8", "surrogateescape"), safe=_URI_SAFE)
    if on_host:
        return _HOST_FOLDER + encoded.lstrip("/")
    return f"file://{encoded}" if encoded.startswith("/") else encoded or "."


def _location(origin: Origin, subject: str, kind: str, *, on_host: bool) -> _sarif.Location:
    region = None
    if origin.line:
        region = _sarif.Region(start_line=origin.line, start_column=origin.column or None)
    return _sarif.Location(
        physical_location=_sarif.PhysicalLocation(
            artifact_location=_sarif.ArtifactLocation(uri=uri(origin.source, on_host=on_host)),
            region=region,
        ),
        logical_locations=(
            _sarif.LogicalLocation(
                fully_qualified_name=visible(subject, limit=_MESSAGE_LIMIT), kind=kind
            ),
        )
        if subject
        else (),
    )


def _sentence(finding: Finding) -> str:
    """Return what a finding says: observed and expected, or why it could not be decided."""
    parts = [finding.subject]
    if finding.verdict in ("unknown", "error"):
        parts.append(f"{finding.verdict}: {finding.reason}")
    else:
        parts += [f"observed: {finding.observed}", f"expected: {finding.expected}"]
    return visible(". ".join(part.rstrip(". ") for part in parts if part), limit=_MESSAGE_LIMIT)


def _suppressions(finding: Finding) -> tuple[_sarif.Suppression, ...]:
    if finding.verdict != "waived" or finding.waiver is None:
        return ()
    waiver = finding.waiver
    words = f"{waiver.reason} (owner {waiver.owner}, until {waiver.expires})"
    return (
        _sarif.Suppression(
            kind="external",
            status="accepted",
            justification=visible(words, limit=_MESSAGE_LIMIT),
        ),
    )


def _result(finding: Finding, index: int | None, *, on_host: bool) -> _sarif.Result:
    undecided = finding.verdict in ("unknown", "error")
    return _sarif.Result(
        rule_id=finding.rule,
        rule_index=index,
        kind="open" if undecided else "fail",
        level="none" if undecided else LEVELS[finding.severity],
        message=_sarif.Message(text=_sentence(finding)),
        locations=(_location(finding.origin, finding.subject, finding.kind, on_host=on_host),),
        partial_fingerprints={"auditorFinding/v1": finding.fingerprint},
        suppressions=_suppressions(finding),
        properties={
            "verdict": finding.verdict,
            "severity": finding.severity,
            "count": finding.count,
        },
    )


def _rule(rule: AppliedRule, language: str) -> _sarif.Rule:
    controls = tuple(f"{control.framework}:{control.id}" for control in rule.controls)
    return _sarif.Rule(
        id=rule.id,
        short_description=_sarif.Message(text=rule.title.in_language(language)),
        help=_sarif.Message(text=rule.remediation.in_language(language)),
        default_configuration=_sarif.Configuration(level=LEVELS[rule.severity]),
        properties={
            "tags": (rule.pack, *controls),
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "severity": rule.severity,
            "verdict": rule.verdict,
            "reason": visible(rule.reason),
        },
    )


def _gap_notification(gap: Gap, *, on_host: bool) -> _sarif.Notification:
    return _sarif.Notification(
        descriptor=_sarif.Reference(id=f"gap/{gap.reason}"),
        level="warning",
        message=_sarif.Message(text=visible(f"{gap.kind}: {gap.detail}", limit=_MESSAGE_LIMIT)),
        locations=(_location(gap.origin, "", "", on_host=on_host),),
        properties={"kind": gap.kind, "count": gap.count},
    )


def _error_notification(
    finding: Finding, index: int | None, *, on_host: bool
) -> _sarif.Notification:
    return _sarif.Notification(
        descriptor=_sarif.Reference(id="rule-error"),
        associated_rule=_sarif.Reference(id=finding.rule, index=index),
        level="error",
        message=_sarif.Message(text=_sentence(finding)),
        locations=(_location(finding.origin, finding.subject, finding.kind, on_host=on_host),),
    )


def _figures(summary: Summary) -> _sarif.Properties:
    """Return the summary's figures under their own names, so that formats can be compared."""
    plain = {
        name: getattr(summary, name)
        for name in summary.__struct_fields__
        if name not in ("exit_code", "by_severity")
    }
    return {**plain, **{f"failed_{severity}": count for severity, count in summary.by_severity}}


def log(judgement: Judgement) -> _sarif.Log:
    """Return the judgement as a SARIF log of one run.

    Failed findings are results of kind `fail`, waived ones carry a suppression, undecided ones
    (unknown, error) are `open`; passed ones are counted in the run's properties alone. Gaps and
    broken rules are notifications of the invocation.
    """
    evidence, findings = judgement.evidence, judgement.findings
    summary = summarize(evidence, findings)
    on_host = evidence.mode != "manifests"
    index = {rule.id: number for number, rule in enumerate(findings.rules)}
    told = [f for f in findings.findings if f.verdict not in ("pass", "not-applicable")]
    notes = [_gap_notification(gap, on_host=on_host) for gap in evidence.gaps]
    notes += [
        _error_notification(f, index.get(f.rule), on_host=on_host)
        for f in told
        if f.verdict == "error"
    ]
    run = _sarif.Run(
        tool=_sarif.ToolComponent(
            driver=_sarif.Driver(
                name=evidence.tool.name,
                version=evidence.tool.version,
                rules=tuple(_rule(rule, judgement.language) for rule in findings.rules),
            )
        ),
        automation_details=_sarif.AutomationDetails(id=f"audit/{evidence.mode}/"),
        language=_LANGUAGES.get(judgement.language, "en-US"),
        column_kind="unicodeCodePoints",
        invocations=(
            _sarif.Invocation(
                execution_successful=not (summary.rules_errors or summary.findings_errors),
                exit_code=int(summary.exit_code),
                exit_code_description=f"{summary.outcome} ({ExitCode(summary.exit_code).name})",
                tool_execution_notifications=tuple(notes),
            ),
        ),
        artifacts=tuple(
            _sarif.Artifact(
                location=_sarif.ArtifactLocation(uri=uri(item.path, on_host=on_host)),
                properties={
                    "status": item.status,
                    "documents": item.documents,
                    "reason": visible(item.reason),
                },
            )
            for item in evidence.inputs
        ),
        results=tuple(_result(f, index.get(f.rule), on_host=on_host) for f in told),
        properties=_figures(summary),
    )
    return _sarif.Log(schema_uri=_sarif.SCHEMA_URI, version=_sarif.VERSION, runs=(run,))


def render(judgement: Judgement) -> bytes:
    """Return the log as indented UTF-8 JSON that is harmless to print."""
    encoded = msgspec.json.format(_ENCODER.encode(log(judgement)), indent=2)
    return visible_json(encoded) + b"\n"


RENDERER = Renderer(title="SARIF 2.1.0", filename="report.sarif", render=render)
