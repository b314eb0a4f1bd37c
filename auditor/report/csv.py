"""Renders a judgement as CSV (RFC 4180), one finding a row, safe to open in a spreadsheet."""

from __future__ import annotations

from auditor.policy.findings import AppliedRule, Finding
from auditor.report import Judgement, Renderer
from auditor.report._text import visible

_LIMIT = 2_000
# A spreadsheet takes a cell that begins so for a formula and may run it (OWASP, CSV injection);
# the full-width forms count in East Asian editions.
_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")  # noqa: RUF001 - that is the point
# Spreadsheets take a file without this mark for the local encoding, and garble Chinese.
_BYTE_ORDER_MARK = "\ufeff"

COLUMNS = (
    "rule", "title", "verdict", "severity", "kind", "subject", "observed", "expected", "reason",
    "source", "line", "column", "count", "waiver_owner", "waiver_expires", "fingerprint",
)  # fmt: skip


def render(judgement: Judgement) -> bytes:
    """Return the findings as UTF-8 CSV with a header; every cell is quoted."""
    rules = {rule.id: rule for rule in judgement.findings.rules}
    rows = [
        _cells(finding, rules.get(finding.rule), judgement.language)
        for finding in judgement.findings.findings
    ]
    lines = [",".join(_quoted(cell) for cell in row) for row in (COLUMNS, *rows)]
    return (_BYTE_ORDER_MARK + "".join(f"{line}\r\n" for line in lines)).encode()


def _cells(finding: Finding, rule: AppliedRule | None, language: str) -> tuple[str, ...]:
    """Return the cells of a finding, in the order of `COLUMNS`."""
    chinese = language == "zh"
    origin = finding.origin
    return (
        finding.rule,
        rule.title.in_language(language) if rule else "",
        finding.verdict,
        finding.severity,
        finding.kind,
        finding.subject,
        (chinese and finding.observed_zh) or finding.observed,
        (chinese and finding.expected_zh) or finding.expected,
        finding.why("zh" if chinese else "en"),
        origin.source,
        str(origin.line),
        str(origin.column),
        str(finding.count),
        finding.waiver.owner if finding.waiver else "",
        finding.waiver.expires if finding.waiver else "",
        finding.fingerprint,
    )


def _quoted(cell: str) -> str:
    """Return a cell in quotes; one that a spreadsheet would calculate begins with `'`."""
    text = visible(cell, limit=_LIMIT)
    if text.lstrip().startswith(_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'


RENDERER = Renderer(title="Findings as a table (CSV)", filename="findings.csv", render=render)
