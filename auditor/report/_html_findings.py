"""Arranges findings by rule, the worst first, with like evidence told once."""

from __future__ import annotations

import re

from msgspec import Struct

from auditor.errors import EvidenceError
from auditor.policy.findings import (
    SEVERITIES,
    VERDICTS,
    AppliedRule,
    AppliedWaiver,
    Finding,
    Findings,
)
from auditor.policy.summary import is_blocking

# A table of more rows than this is not read by anybody: the rest is counted, and is in
# findings.json. 10,000 findings then still load in a browser at once.
MAX_ROWS = 500
MAX_PASSES = 200

_OPEN = ("error", "unknown")
_PROBLEMS = ("fail", "waived", *_OPEN)


class Place(Struct, frozen=True, kw_only=True):
    """What a finding is about and where it was read; `count` facts stand behind it."""

    subject: str
    place: str
    collector: str
    count: int


class Group(Struct, frozen=True, kw_only=True):
    """Findings of one rule that say the same of several subjects."""

    verdict: str
    observed: str
    expected: str
    reason: str
    waiver: AppliedWaiver | None
    places: tuple[Place, ...]


class RuleFindings(Struct, frozen=True, kw_only=True):
    """A rule with its findings; `hidden` and `passes_hidden` count what is not shown.

    `groups` are failed and waived findings, `open` those that could not be decided, with their
    different `reasons`. `controls` pairs a framework with the clauses that the rule speaks to.
    """

    rule: AppliedRule
    anchor: str
    title: str
    remediation: str
    blocking: bool
    groups: tuple[Group, ...]
    open: tuple[Group, ...]
    reasons: tuple[str, ...]
    hidden: int
    passes: tuple[Place, ...]
    passes_hidden: int
    controls: tuple[tuple[str, str], ...]


class Arranged(Struct, frozen=True, kw_only=True):
    """Every rule under its verdict; `undecided` holds unknown and error."""

    failed: tuple[RuleFindings, ...]
    undecided: tuple[RuleFindings, ...]
    waived: tuple[RuleFindings, ...]
    passed: tuple[RuleFindings, ...]


def anchor(rule_id: str) -> str:
    """Return the fragment that a rule is linked by: letters, digits, `.`, `_` and `-` alone."""
    return "rule-" + re.sub(r"[^A-Za-z0-9._-]", "-", rule_id)


def arrange(findings: Findings, language: str) -> Arranged:
    """Return the rules with their findings, the severest first.

    Raises `EvidenceError` where a finding belongs to no rule: it would be shown nowhere.
    """
    by_rule: dict[str, list[Finding]] = {rule.id: [] for rule in findings.rules}
    for finding in findings.findings:
        if finding.rule not in by_rule:
            raise EvidenceError(
                f"a finding names the rule {finding.rule!r:.80}, which is not listed"
            )
        by_rule[finding.rule].append(finding)
    rules = [
        _rule_findings(rule, by_rule[rule.id], findings, language)
        for rule in sorted(findings.rules, key=_worst_first)
    ]

    def under(*verdicts: str) -> tuple[RuleFindings, ...]:
        return tuple(item for item in rules if item.rule.verdict in verdicts)

    return Arranged(
        failed=under("fail"),
        undecided=under("error", "unknown"),
        waived=under("waived"),
        passed=under("pass"),
    )


def _worst_first(rule: AppliedRule) -> tuple[int, int, str]:
    return SEVERITIES.index(rule.severity), VERDICTS.index(rule.verdict), rule.id


def _rule_findings(
    rule: AppliedRule, mine: list[Finding], findings: Findings, language: str
) -> RuleFindings:
    problems = [finding for finding in mine if finding.verdict in _PROBLEMS]
    passes = sorted(_place(finding) for finding in mine if finding.verdict == "pass")
    shown, hidden = _groups(problems, language)
    return RuleFindings(
        rule=rule,
        anchor=anchor(rule.id),
        title=rule.title.in_language(language),
        remediation=rule.remediation.in_language(language),
        blocking=any(is_blocking(finding, findings) for finding in mine),
        groups=tuple(group for group in shown if group.verdict not in _OPEN),
        open=tuple(group for group in shown if group.verdict in _OPEN),
        reasons=tuple(
            sorted({f.why(language) for f in problems if f.verdict in _OPEN and f.reason})
        ),
        hidden=hidden,
        passes=tuple(_as_place(item) for item in passes[:MAX_PASSES]),
        passes_hidden=max(0, len(passes) - MAX_PASSES),
        controls=_controls(rule),
    )


def _controls(rule: AppliedRule) -> tuple[tuple[str, str], ...]:
    """Return each framework with the clauses that the rule speaks to, in the rule's order."""
    clauses: dict[str, list[str]] = {}
    for control in rule.controls:
        clauses.setdefault(control.framework, []).append(control.id)
    return tuple((framework, ", ".join(ids)) for framework, ids in clauses.items())


def _sentences(finding: Finding, language: str) -> tuple[str, str]:
    """Return what was observed and expected, in the language where the pack has it."""
    if language == "zh":
        return finding.observed_zh or finding.observed, finding.expected_zh or finding.expected
    return finding.observed, finding.expected


def _groups(problems: list[Finding], language: str) -> tuple[tuple[Group, ...], int]:
    """Return the groups in at most `MAX_ROWS` places, and how many findings that leaves out."""
    alike: dict[tuple[int, str, str, str, str], list[Finding]] = {}
    for finding in problems:
        key = (
            VERDICTS.index(finding.verdict),
            *_sentences(finding, language),
            finding.why(language),
            repr(finding.waiver),
        )
        alike.setdefault(key, []).append(finding)
    groups = []
    room = MAX_ROWS
    for key in sorted(alike):
        members = sorted(alike[key], key=_place)
        if room:
            groups.append(_group(members, room, language))
        room = max(0, room - len(members))
    shown = sum(len(group.places) for group in groups)
    return tuple(groups), len(problems) - shown


def _group(members: list[Finding], room: int, language: str) -> Group:
    first = members[0]
    observed, expected = _sentences(first, language)
    return Group(
        verdict=first.verdict,
        observed=observed,
        expected=expected,
        reason=first.why(language),
        waiver=first.waiver,
        places=tuple(_as_place(_place(finding)) for finding in members[:room]),
    )


def _place(finding: Finding) -> tuple[str, str, str, int]:
    return finding.subject, finding.origin.place, finding.origin.collector, finding.count


def _as_place(item: tuple[str, str, str, int]) -> Place:
    subject, place, collector, count = item
    return Place(subject=subject, place=place, collector=collector, count=count)
