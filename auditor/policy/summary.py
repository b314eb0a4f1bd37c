"""Counts a judgement once, for every format and the exit code alike."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from msgspec import Struct

from auditor.errors import ExitCode
from auditor.evidence import Evidence
from auditor.policy.findings import SEVERITIES, Finding, Findings

Outcome = Literal["compliant", "not-compliant", "inconclusive"]


class Summary(Struct, frozen=True, kw_only=True):
    """The figures of a judgement: every format prints these and none counts by itself.

    `rules_*` count rules by their verdict, `findings_*` single findings. `blocking` are failed
    findings at or above the threshold. `gaps` counts facts that could not be had.
    """

    outcome: Outcome
    exit_code: ExitCode
    rules_total: int
    rules_passed: int
    rules_failed: int
    rules_unknown: int
    rules_errors: int
    rules_waived: int
    rules_not_applicable: int
    findings_passed: int
    findings_failed: int
    findings_unknown: int
    findings_errors: int
    findings_waived: int
    blocking: int
    by_severity: tuple[tuple[str, int], ...]
    records: int
    gaps: int
    coverage_seen: int
    coverage_total: int


def is_blocking(finding: Finding, findings: Findings) -> bool:
    """Return whether a failed finding is at or above the threshold of `--fail-on`."""
    threshold = SEVERITIES.index(findings.fail_on)
    return finding.verdict == "fail" and SEVERITIES.index(finding.severity) <= threshold


def summarize(evidence: Evidence, findings: Findings) -> Summary:
    """Return the figures of `findings` over `evidence`.

    Undecided (a rule unknown or in error, or nothing judged at all) is never compliant:
    `allow_unknown` relaxes the exit code, not the outcome that the report prints.
    """
    rules = [rule.verdict for rule in findings.rules]
    verdicts = Counter(finding.verdict for finding in findings.findings)
    blocking = sum(is_blocking(finding, findings) for finding in findings.findings)
    undecided = "unknown" in rules or "error" in rules
    nothing_judged = not any(v in ("pass", "fail", "waived") for v in rules)
    unread_inputs = any(item.status == "gap" for item in evidence.inputs)
    if blocking:
        outcome: Outcome = "not-compliant"
        exit_code = ExitCode.FINDING
    elif undecided or nothing_judged or unread_inputs:
        outcome = "inconclusive"
        relaxed = findings.allow_unknown and "error" not in rules and not nothing_judged
        exit_code = ExitCode.PASS if relaxed else ExitCode.UNDECIDED
    else:
        outcome = "compliant"
        exit_code = ExitCode.PASS
    failed = Counter(finding.severity for finding in findings.findings if finding.verdict == "fail")
    coverage = [item for run in evidence.runs for item in run.coverage]
    return Summary(
        outcome=outcome,
        exit_code=exit_code,
        rules_total=len(rules),
        rules_passed=rules.count("pass"),
        rules_failed=rules.count("fail"),
        rules_unknown=rules.count("unknown"),
        rules_errors=rules.count("error"),
        rules_waived=rules.count("waived"),
        rules_not_applicable=rules.count("not-applicable"),
        findings_passed=verdicts["pass"],
        findings_failed=verdicts["fail"],
        findings_unknown=verdicts["unknown"],
        findings_errors=verdicts["error"],
        findings_waived=verdicts["waived"],
        blocking=blocking,
        by_severity=tuple((severity, failed[severity]) for severity in SEVERITIES),
        records=len(evidence.records),
        gaps=sum(gap.count for gap in evidence.gaps),
        coverage_seen=sum(item.seen for item in coverage),
        coverage_total=sum(item.total for item in coverage),
    )
