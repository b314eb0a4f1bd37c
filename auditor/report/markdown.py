"""Renders a judgement as a short Markdown summary, for a merge request or a ticket."""

from __future__ import annotations

import re

from auditor.report import Judgement, Renderer
from auditor.report._html_destinations import destinations
from auditor.report._html_findings import RuleFindings, arrange
from auditor.report._html_verdict import headline
from auditor.report._text import visible
from auditor.report._words import Words

MAX_RULES = 25
_LIMIT = 160
_ICONS = {"compliant": "✅", "not-compliant": "❌", "inconclusive": "❔"}
# The marks that Markdown gives a meaning inside a line.
_MARKS = re.compile(r"([\\`*_\[\]<>|~&#!$@])")


def render(judgement: Judgement) -> bytes:
    """Return the summary: verdict, figures, failed and undecided rules, limits."""
    words = Words(judgement.language)
    page = headline(judgement, destinations(judgement.derived), words)
    arranged = arrange(judgement.findings, words.language)
    lines = [
        f"## {_ICONS[page.outcome]} {page.word} {_code(judgement.evidence.subject.name)}",
        "",
        f"**{_plain(page.sentence)}** {_plain(page.reason)}",
        "",
        *(f"- {_plain(notice)}" for notice in page.notices),
        *([""] if page.notices else []),
        "| " + " | ".join(_plain(figure.label) for figure in page.figures) + " |",
        "|" + " ---: |" * len(page.figures),
        "| " + " | ".join(_plain(figure.value) for figure in page.figures) + " |",
        "",
        *_table(words("h.failed"), arranged.failed, words),
        *_table(words("h.undecided"), arranged.undecided, words),
        *_inputs(judgement, words),
        f"{words('scope.evidence')} SHA-256 {_code(judgement.findings.evidence_sha256)}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _table(title: str, rules: tuple[RuleFindings, ...], words: Words) -> list[str]:
    """Return a table of rules with their first finding; what is left out is counted."""
    if not rules:
        return []
    head = [words("col.rule"), words("col.problem"), words("col.observed"), words("col.evidence")]
    lines = [f"### {title} ({len(rules)})", "", "| " + " | ".join(head) + " |", "|" + " --- |" * 4]
    for item in rules[:MAX_RULES]:
        severity = words.term("severity", item.rule.severity)
        cells = (f"{_code(item.rule.id)} {severity}", _plain(item.title), *_first(item, words))
        lines.append("| " + " | ".join(cells) + " |")
    hidden = len(rules) - MAX_RULES
    if hidden > 0:
        lines += ["", words.count("more", hidden, where="findings.json")]
    return [*lines, ""]


def _first(item: RuleFindings, words: Words) -> tuple[str, str]:
    """Return what the rule's first finding says and where it was read, and how many more."""
    groups = item.groups + item.open
    if not groups:
        return _code(item.rule.reason), ""
    group = groups[0]
    others = sum(len(each.places) for each in groups) + item.hidden - 1
    more = f" ({words.count('further', others)})" if others else ""
    return _code(group.reason or group.observed), _code(group.places[0].place) + more


def _inputs(judgement: Judgement, words: Words) -> list[str]:
    """Return the inputs that were not read: they are never passed over in silence."""
    unread = [item for item in judgement.evidence.inputs if item.status == "gap"]
    lines = [f"- {_code(item.path)}{words('colon')}{_code(item.reason)}" for item in unread]
    if len(lines) > MAX_RULES:
        more = words.count("more", len(lines) - MAX_RULES, where="evidence.json")
        lines = [*lines[:MAX_RULES], f"- {more}"]
    if not lines:
        return []
    return [f"### {words.count('reason.inputs', len(unread))}", "", *lines, ""]


def _plain(text: str) -> str:
    """Return our own words, what has a meaning in Markdown escaped (CommonMark 2.4)."""
    return _MARKS.sub(r"\\\1", visible(text))


def _code(text: str) -> str:
    """Return text from evidence as a code span, in which no mark, link or mention is live.

    The fence is longer than any run of backticks in it (CommonMark 6.1); `|` would end the
    table's cell (GFM 4.10).
    """
    shown = visible(text, limit=_LIMIT).replace("|", "\\|") or "–"  # noqa: RUF001 - no text
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


RENDERER = Renderer(title="Summary for a merge request", filename="summary.md", render=render)
