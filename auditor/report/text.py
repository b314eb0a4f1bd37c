"""Renders a judgement as a short summary for a terminal: the verdict first, then what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.evidence import Gap
from auditor.policy.findings import SEVERITIES, AppliedRule, Finding, Text, Verdict
from auditor.policy.summary import Outcome, Summary, summarize
from auditor.report import Judgement, Renderer
from auditor.report._text import visible, wrapped
from auditor.report._text_models import models_part
from auditor.report._text_traffic import traffic_part
from auditor.report._text_words import WORDS, Language

WIDTH = 100
_SHOWN_FINDINGS = 5
_SHOWN_REASONS = 20
_SHOWN_RULES = 10
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
    elif evidence.mode == "host" and not evidence.subject.privileged:
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


def _finding(finding: Finding, words: Language, language: str) -> Iterator[str]:
    """Yield one finding: whose it is, then where it stands and what was seen there."""
    count = f" (x{finding.count})" if finding.count > 1 else ""
    yield from wrapped(
        visible(finding.subject) + count, width=WIDTH, first=_INDENT + "- ", rest=_INDENT + "  "
    )
    observed = Text(en=finding.observed, zh=finding.observed_zh).in_language(language)
    told = finding.why(language) if finding.verdict == "error" else observed
    text = _placed(visible(told), visible(finding.origin.place), visible(finding.subject))
    yield from wrapped(text, width=WIDTH, first=_INDENT + "  ", rest=_INDENT + "    ")
    if finding.waiver is not None:
        waiver = finding.waiver
        accepted = f"{waiver.reason} ({waiver.owner}, {waiver.expires})"
        first = f"{_INDENT}  {words['waiver']} "
        yield from wrapped(visible(accepted), width=WIDTH, first=first, rest=_INDENT + "    ")


def _placed(told: str, place: str, subject: str) -> str:
    """Return what was seen with its place, which is said once: of many records it is the name."""
    told = told.removeprefix(f"{place}: ")
    if told and (place in subject or place in told):
        return told
    return f"{place}: {told}" if told else place


def _rule(
    rule: AppliedRule, findings: list[Finding], verdict: Verdict, words: Language, language: str
) -> Iterator[str]:
    """Yield a rule's findings of one verdict, what was expected, and how to put it right."""
    title = f"{words[rule.severity]}  {rule.id}  {rule.title.in_language(language)}"
    number = f" ({len(findings)})" if len(findings) > 1 else ""
    yield from wrapped(title + number, width=WIDTH, first=_ICONS[verdict] + " ", rest=_INDENT)
    for finding in findings[:_SHOWN_FINDINGS]:
        yield from _finding(finding, words, language)
    if len(findings) > _SHOWN_FINDINGS:
        yield f"{_INDENT}{words['more'].format(n=len(findings) - _SHOWN_FINDINGS)}"
    if not findings:
        yield from wrapped(visible(rule.reason), width=WIDTH, first=_INDENT, rest=_INDENT)
    if verdict != "fail":
        return
    expected = (Text(en=f.expected, zh=f.expected_zh).in_language(language) for f in findings)
    remarks = [("expected", text) for text in dict.fromkeys(expected) if text]
    remarks = [*remarks[:3], ("fix", rule.remediation.in_language(language))]
    for name, text in remarks:
        first = f"{_INDENT}{words[name]} "
        yield from wrapped(visible(text), width=WIDTH, first=first, rest=_INDENT + "  ")


def _section(judgement: Judgement, verdict: Verdict, words: Language) -> Iterator[str]:
    """Yield every rule that has findings of this verdict, the most severe first."""
    by_rule: dict[str, list[Finding]] = {}
    judged = {finding.rule for finding in judgement.findings.findings}
    for finding in judgement.findings.findings:
        if finding.verdict == verdict:
            by_rule.setdefault(finding.rule, []).append(finding)
    rules = [
        rule
        for rule in judgement.findings.rules
        if rule.id in by_rule or (rule.verdict == verdict and rule.id not in judged)
    ]
    if rules:
        yield ""
        count = sum(len(findings) for findings in by_rule.values())
        yield words[f"section_{verdict}"].format(n=count)
    for rule in sorted(rules, key=lambda rule: SEVERITIES.index(rule.severity)):
        yield from _rule(rule, by_rule.get(rule.id, []), verdict, words, judgement.language)


def _undecided(judgement: Judgement, words: Language) -> Iterator[str]:
    """Yield what left rules undecided, each reason once, with the rules that it concerns."""
    rules: dict[tuple[str, str, str], list[str]] = {}
    count = 0
    for finding in judgement.findings.findings:
        if finding.verdict == "unknown":
            count += 1
            key = (finding.origin.place, finding.subject, finding.why(judgement.language))
            rules.setdefault(key, []).append(finding.rule)
    judged = {finding.rule for finding in judgement.findings.findings}
    for rule in judgement.findings.rules:
        if rule.verdict == "unknown" and rule.id not in judged:
            rules.setdefault(("", "", rule.reason), []).append(rule.id)
    if rules:
        yield ""
        yield words["section_unknown"].format(n=count)
    shown_reasons = _first_of_each_rule(rules)[:_SHOWN_REASONS]
    for place, subject, reason in shown_reasons:
        named = rules[place, subject, reason]
        whose = "" if subject in place else f"{visible(subject)}: "
        text = whose + visible(reason) + (f" ({visible(place)})" if place else "")
        yield from wrapped(text, width=WIDTH, first=_ICONS["unknown"] + " ", rest=_INDENT)
        shown = ", ".join(named[:_SHOWN_RULES])
        if len(named) > _SHOWN_RULES:
            shown += " " + words["more_rules"].format(n=len(named) - _SHOWN_RULES)
        yield from wrapped(shown, width=WIDTH, first=_INDENT, rest=_INDENT)
    if len(rules) > len(shown_reasons):
        yield f"{_INDENT}{words['more'].format(n=len(rules) - len(shown_reasons))}"


def _first_of_each_rule(
    rules: dict[tuple[str, str, str], list[str]],
) -> list[tuple[str, str, str]]:
    """Return the first reasons for each rule: what one says a hundred times hides no other."""
    told: Counter[str] = Counter()
    shown = []
    for reason, named in rules.items():
        if any(told[rule] < _SHOWN_FINDINGS for rule in named):
            told.update(named)
            shown.append(reason)
    return shown


def _gap(gap: Gap) -> list[str]:
    count = f" x{gap.count}" if gap.count > 1 else ""
    text = f"{gap.kind}{count}: {gap.reason}: {gap.detail} ({gap.origin.place})"
    return wrapped(visible(text), width=WIDTH, first="  - ", rest=_INDENT)


def _gaps(judgement: Judgement, words: Language) -> Iterator[str]:
    """Yield what could not be had: unread inputs first."""
    unread = [item for item in judgement.evidence.inputs if item.status == "gap"]
    told = {item.path for item in unread}
    gaps = [gap for gap in judgement.evidence.gaps if gap.origin.source not in told]
    if not unread and not gaps:
        return
    yield ""
    yield words["section_gaps"].format(n=len(unread) + len(gaps))
    for item in unread[:_SHOWN_GAPS]:
        text = f"{item.path}: {item.reason}"
        yield from wrapped(visible(text), width=WIDTH, first="  - ", rest=_INDENT)
    for gap in gaps[:_SHOWN_GAPS]:
        yield from _gap(gap)
    hidden = max(len(unread) - _SHOWN_GAPS, 0) + max(len(gaps) - _SHOWN_GAPS, 0)
    if hidden:
        yield f"  {words['more'].format(n=hidden)}"


def render(judgement: Judgement) -> bytes:
    """Return the summary as UTF-8 text of at most 100 columns.

    Failed findings, then broken, undecided and waived ones, by rule with the place of each;
    then the gaps. What passed is counted. Long lists say how many more there are.
    """
    words = _words(judgement.language)
    summary = summarize(judgement.evidence, judgement.findings)
    lines = list(_headline(judgement, summary, words))
    if judgement.evidence.mode == "models":
        lines += models_part(judgement, summary, words)
    lines += traffic_part(judgement, words)
    lines += _section(judgement, "fail", words)
    lines += _section(judgement, "error", words)
    lines += _undecided(judgement, words)
    lines += _section(judgement, "waived", words)
    lines += _gaps(judgement, words)
    return ("\n".join(lines) + "\n").encode()


RENDERER = Renderer(title="Short text", filename="report.txt", render=render)
