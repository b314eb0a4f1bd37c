"""Renders a judgement as a short summary for a terminal: the verdict first, then what to do."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence import Gap
from auditor.policy.findings import AppliedRule, Finding, Verdict
from auditor.policy.summary import Outcome, Summary, summarize
from auditor.report import Judgement, Renderer
from auditor.report._text import visible, wrapped
from auditor.report._text_words import WORDS, Language

WIDTH = 100
_SHOWN_FINDINGS = 8
_SHOWN_GAPS = 12
_ICONS: dict[Verdict, str] = {"fail": "[x]", "error": "[!]", "unknown": "[?]", "waived": "[~]"}
_OUTCOME_ICONS: dict[Outcome, str] = {
    "compliant": "[+]", "not-compliant": "[x]", "inconclusive": "[?]",
}  # fmt: skip
_INDENT = "    "


def _words(language: str) -> Language:
    return WORDS.get(language, WORDS["en"])


def _field(name: str, value: str) -> list[str]:
    """Return a headline field: its name in a column of its own."""
    first = f"  {name:<11} " if name.isascii() else f"  {name}  "
    return wrapped(value, width=WIDTH, first=first, rest=" " * 14)


def _headline(judgement: Judgement, summary: Summary, words: Language) -> Iterator[str]:
    """Yield verdict, scope, figures and limits."""
    evidence, findings = judgement.evidence, judgement.findings
    verdict = f"{_OUTCOME_ICONS[summary.outcome]} {words[summary.outcome]}: "
    yield from wrapped(verdict + _reason(summary, words), width=WIDTH, rest=_INDENT)
    yield ""
    yield from _field(words["subject"], visible(evidence.subject.name, limit=200))
    if evidence.mode == "manifests":
        judged = sum(item.status == "judged" for item in evidence.inputs)
        yield from _field(
            words["inputs"], words["inputs_of"].format(judged=judged, total=len(evidence.inputs))
        )
    elif not evidence.subject.privileged:
        yield from _field(words["rights"], words["unprivileged"])
    yield from _field(
        words["rules"],
        words["rules_of"].format(
            total=summary.rules_total,
            passed=summary.rules_passed,
            failed=summary.rules_failed,
            unknown=summary.rules_unknown,
            errors=summary.rules_errors,
            waived=summary.rules_waived,
            skipped=summary.rules_not_applicable,
        ),
    )
    severities = ", ".join(
        f"{count} {words[severity]}" for severity, count in summary.by_severity if count
    )
    yield from _field(
        words["findings"],
        words["findings_of"].format(
            failed=summary.findings_failed,
            severities=f" ({severities})" if severities else "",
            unknown=summary.findings_unknown,
            errors=summary.findings_errors,
            waived=summary.findings_waived,
            passed=summary.findings_passed,
        ),
    )
    coverage = ""
    if summary.coverage_total:
        coverage = words["coverage_of"].format(
            seen=summary.coverage_seen, total=summary.coverage_total
        )
    yield from _field(
        words["evidence"],
        words["evidence_of"].format(records=summary.records, gaps=summary.gaps) + coverage,
    )
    site = words["assumed"] if evidence.site.assumed else visible(evidence.site.name, limit=200)
    yield from _field(words["perimeter"], site)
    if findings.unused_waivers:
        unused = ", ".join(visible(name, limit=80) for name in findings.unused_waivers[:5])
        yield from _field(words["unused"], f"{len(findings.unused_waivers)}: {unused}")


def _reason(summary: Summary, words: Language) -> str:
    """Return why the outcome is what it is, in one sentence."""
    if summary.blocking:
        return words["because_blocking"].format(n=summary.blocking)
    if summary.outcome == "compliant":
        return words["because_compliant"].format(n=summary.rules_passed)
    undecided = summary.rules_unknown + summary.rules_errors
    if undecided:
        return words["because_undecided"].format(n=undecided)
    if not (summary.rules_passed or summary.rules_failed or summary.rules_waived):
        return words["because_nothing"]
    return words["because_inputs"]


def _finding(finding: Finding, words: Language) -> Iterator[str]:
    """Yield one finding: whose, where, what was seen and what was expected."""
    count = f" (x{finding.count})" if finding.count > 1 else ""
    yield from wrapped(
        visible(finding.subject) + count, width=WIDTH, first=_INDENT + "- ", rest=_INDENT + "  "
    )
    details = [("at", finding.origin.place)]
    if finding.verdict in ("unknown", "error"):
        details.append(("why", finding.reason))
    else:
        details += [("observed", finding.observed), ("expected", finding.expected)]
    if finding.waiver is not None:
        waiver = finding.waiver
        details.append(("waiver", f"{waiver.reason} ({waiver.owner}, {waiver.expires})"))
    for name, value in details:
        if value:
            first = f"{_INDENT}  {words[name]} "
            yield from wrapped(visible(value), width=WIDTH, first=first, rest=_INDENT + "    ")


def _rule(
    rule: AppliedRule, findings: list[Finding], verdict: Verdict, words: Language, language: str
) -> Iterator[str]:
    """Yield a rule's findings of one verdict, and how to put them right."""
    title = f"{words[rule.severity]}  {rule.id}  {rule.title.in_language(language)}"
    number = f" ({len(findings)})" if len(findings) > 1 else ""
    yield from wrapped(title + number, width=WIDTH, first=_ICONS[verdict] + " ", rest=_INDENT)
    for finding in findings[:_SHOWN_FINDINGS]:
        yield from _finding(finding, words)
    if len(findings) > _SHOWN_FINDINGS:
        yield f"{_INDENT}{words['more'].format(n=len(findings) - _SHOWN_FINDINGS)}"
    if verdict == "fail":
        fix = rule.remediation.in_language(language)
        first = f"{_INDENT}{words['fix']} "
        yield from wrapped(fix, width=WIDTH, first=first, rest=_INDENT + "  ")


def _section(judgement: Judgement, verdict: Verdict, words: Language) -> Iterator[str]:
    """Yield every rule that has findings of this verdict, in the packs' order."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in judgement.findings.findings:
        if finding.verdict == verdict:
            by_rule.setdefault(finding.rule, []).append(finding)
    rules = [
        rule
        for rule in judgement.findings.rules
        if rule.id in by_rule or (rule.verdict == verdict and not _has_findings(judgement, rule))
    ]
    if rules:
        yield ""
        yield words[f"section_{verdict}"]
    for rule in rules:
        yield from _rule(rule, by_rule.get(rule.id, []), verdict, words, judgement.language)
        if rule.id not in by_rule:
            yield from wrapped(visible(rule.reason), width=WIDTH, first=_INDENT, rest=_INDENT)


def _has_findings(judgement: Judgement, rule: AppliedRule) -> bool:
    return any(finding.rule == rule.id for finding in judgement.findings.findings)


def _gap(gap: Gap) -> list[str]:
    count = f" x{gap.count}" if gap.count > 1 else ""
    text = f"{gap.kind}{count}: {gap.reason}: {gap.detail} ({gap.origin.place})"
    return wrapped(visible(text), width=WIDTH, first="  - ", rest=_INDENT)


def _gaps(judgement: Judgement, words: Language) -> Iterator[str]:
    """Yield what could not be had: unread inputs first."""
    unread = [item for item in judgement.evidence.inputs if item.status == "gap"]
    gaps = judgement.evidence.gaps
    if not unread and not gaps:
        return
    yield ""
    yield words["section_gaps"]
    for item in unread[:_SHOWN_GAPS]:
        text = f"{item.path}: {item.reason}"
        yield from wrapped(visible(text), width=WIDTH, first="  - ", rest=_INDENT)
    told = {item.path for item in unread}
    gaps = tuple(gap for gap in gaps if gap.origin.source not in told)
    for gap in gaps[:_SHOWN_GAPS]:
        yield from _gap(gap)
    hidden = max(len(unread) - _SHOWN_GAPS, 0) + max(len(gaps) - _SHOWN_GAPS, 0)
    if hidden:
        yield f"  {words['more'].format(n=hidden)}"


def render(judgement: Judgement) -> bytes:
    """Return the summary as UTF-8 text of at most 100 columns.

    Failed findings, then undecided ones and waivers, grouped by rule with the place of each;
    then the gaps. What passed is counted. Long lists say how many more there are.
    """
    words = _words(judgement.language)
    summary = summarize(judgement.evidence, judgement.findings)
    lines = list(_headline(judgement, summary, words))
    for verdict in _ICONS:
        lines += _section(judgement, verdict, words)
    lines += _gaps(judgement, words)
    return ("\n".join(lines) + "\n").encode()


RENDERER = Renderer(title="Short text", filename="report.txt", render=render)
