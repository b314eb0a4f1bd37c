"""Renders a judgement as JUnit XML, for build servers."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from auditor.policy.findings import AppliedRule, Finding
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement, Renderer
from auditor.report._text import visible

_LIMIT = 1000
# A build server shows `skipped` as green enough to be overlooked: what is undecided is an error.
_ELEMENTS = {"fail": "failure", "error": "error", "unknown": "error", "waived": "skipped",
             "not-applicable": "skipped"}  # fmt: skip


def _quoted(text: str) -> str:
    """Return text for an XML attribute or body: no character that XML 1.0 forbids is left."""
    return escape(visible(text, limit=_LIMIT), quote=True)


def _told(finding: Finding) -> str:
    """Return what happened: why it is undecided, who accepted it, or what was observed."""
    if finding.verdict in ("unknown", "error", "not-applicable"):
        return finding.reason
    if finding.waiver is not None:
        waiver = finding.waiver
        return f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return f"observed: {finding.observed}"


def _case(rule: AppliedRule, finding: Finding, language: str) -> str:
    """Return the test case of one finding."""
    place = f' file="{_quoted(finding.origin.source)}"' if finding.origin.source else ""
    if finding.origin.line:
        place += f' line="{finding.origin.line}"'
    name = f"{rule.title.in_language(language)}: {finding.subject}"
    head = f'    <testcase classname="{_quoted(f"{rule.pack}.{rule.id}")}" name="{_quoted(name)}"'
    element = _ELEMENTS.get(finding.verdict)
    if element is None:
        return f"{head}{place}/>"
    kind = f"{finding.verdict}.{finding.severity}"
    details = "\n".join(
        visible(line, limit=_LIMIT)
        for line in (
            f"observed: {finding.observed}",
            f"expected: {finding.expected}",
            f"at: {finding.origin.place}",
            f"remediation: {rule.remediation.in_language(language)}",
        )
    )
    message = _quoted(_told(finding))
    if element == "skipped":
        return f'{head}{place}>\n      <skipped message="{message}"/>\n    </testcase>'
    return (
        f'{head}{place}>\n      <{element} type="{kind}" message="{message}">'
        f"{escape(details)}</{element}>\n    </testcase>"
    )


def _unjudged(rule: AppliedRule, language: str) -> str:
    """Return the test case of a rule that has no finding: it must not be missing."""
    name = _quoted(rule.title.in_language(language))
    head = f'    <testcase classname="{_quoted(f"{rule.pack}.{rule.id}")}" name="{name}"'
    element = _ELEMENTS.get(rule.verdict)
    if element is None:
        return f"{head}/>"
    kind = "" if element == "skipped" else f' type="{rule.verdict}.{rule.severity}"'
    message = _quoted(f"{rule.verdict}: {rule.reason}")
    return f'{head}>\n      <{element}{kind} message="{message}"/>\n    </testcase>'


def _counts(cases: list[str]) -> str:
    """Return the count attributes of a suite, counted from the elements that it holds."""
    failures = sum("<failure " in case for case in cases)
    errors = sum("<error " in case for case in cases)
    skipped = sum("<skipped " in case for case in cases)
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _properties(judgement: Judgement, summary: Summary) -> Iterator[str]:
    """Yield the figures of the whole run, each input and each gap."""
    for name in summary.__struct_fields__:
        if name not in ("by_severity", "exit_code"):
            yield f'      <property name="{name}" value="{_quoted(str(getattr(summary, name)))}"/>'
    for item in judgement.evidence.inputs:
        value = f"{item.status}, {item.documents} documents" + (item.reason and f": {item.reason}")
        yield f'      <property name="{_quoted("input " + item.path)}" value="{_quoted(value)}"/>'
    for gap in judgement.evidence.gaps:
        name, value = f"gap {gap.kind}", f"{gap.reason}: {gap.detail} ({gap.origin.place})"
        yield f'      <property name="{_quoted(name)}" value="{_quoted(value)}"/>'


def render(judgement: Judgement) -> bytes:
    """Return one suite a pack, one test case a finding, and one for each rule without any.

    `failure` is a failed finding; `error` is one that is unknown or whose rule broke; `skipped`
    is waived or not applicable. Every suite carries the figures of the whole run, the inputs
    and the gaps as properties.
    """
    findings = judgement.findings
    properties = list(_properties(judgement, summarize(judgement.evidence, findings)))
    by_rule: dict[str, list[Finding]] = {rule.id: [] for rule in findings.rules}
    for finding in findings.findings:
        by_rule[finding.rule].append(finding)
    suites: list[str] = []
    everything: list[str] = []
    packs = [pack.name for pack in findings.packs] + [rule.pack for rule in findings.rules]
    for name in dict.fromkeys(packs):
        cases: list[str] = []
        for rule in (rule for rule in findings.rules if rule.pack == name):
            mine = [_case(rule, finding, judgement.language) for finding in by_rule[rule.id]]
            cases += mine or [_unjudged(rule, judgement.language)]
        everything += cases
        suites.append(
            "\n".join(
                (
                    f'  <testsuite name="{_quoted(name)}" {_counts(cases)}>',
                    "    <properties>",
                    *properties,
                    "    </properties>",
                    *cases,
                    "  </testsuite>",
                )
            )
        )
    head = f'<testsuites name="{_quoted(judgement.evidence.tool.name)}" {_counts(everything)}>'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]
    return ("\n".join(lines) + "\n").encode()


RENDERER = Renderer(title="JUnit XML", filename="junit.xml", render=render)
