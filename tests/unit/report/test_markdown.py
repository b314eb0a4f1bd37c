"""The summary for a merge request: short, true, and inert."""

from __future__ import annotations

import re

import msgspec
import pytest

from auditor.report._text import visible
from auditor.report.markdown import MAX_RULES, render

# An escaped mark, a code span (CommonMark 6.1), or a character that is live.
TOKEN = re.compile(r"\\[!-/:-@\[-`{-~]|(?<!`)(`+)(?!`)(?:.+?)(?<!`)\1(?!`)|(.)", re.DOTALL)


def live(document: str) -> str:
    """Return what a Markdown reader would still interpret."""
    return "".join(match.group(2) or "" for match in TOKEN.finditer(document))


def test_it_says_the_verdict_and_every_failed_rule(judgements):
    text = render(judgements.leaky()).decode()
    assert text.startswith("## ❌ NOT COMPLIANT `llm-03.plant.corp.example`\n")
    for rule in judgements.findings().rules:
        assert (rule.id in text) == (rule.verdict in ("fail", "unknown", "error"))
    assert "47 facts could not be read" in text
    assert len(text) < 4_000


def test_it_is_green_only_where_the_judgement_is(judgements):
    assert render(judgements.sealed()).decode().startswith("## ✅ COMPLIANT")
    empty = judgements.findings(rules=(), findings=())
    judgement = msgspec.structs.replace(judgements.leaky(), findings=empty)
    assert render(judgement).decode().startswith("## ❔ INCONCLUSIVE")


def test_unread_inputs_are_listed(judgements):
    text = render(judgements.manifests()).decode()
    assert "`deploy/chart/templates/x.yaml`: `unsupported: Helm template`" in text


def test_rules_left_out_are_counted(judgements):
    text = render(judgements.many(100)).decode()
    assert text.count("| `PER-BIG-") == MAX_RULES
    assert "25 more in findings.json." in text


@pytest.mark.parametrize(
    "text", ["``` `a` ```", "a | b", "@everyone #1", "![x](http://h.example)", "`", "<b>"]
)
@pytest.mark.parametrize("mode", ["host", "manifests", "models"])
def test_text_from_evidence_stands_in_code(judgements, text, mode):
    document = render(judgements.hostile(text, mode)).decode()
    bare = live(document)
    assert not re.search(r"[`<>@]|\]\(", bare), bare
    for line in document.splitlines():
        if line.startswith("|") and "PER" not in line:
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (6, 8)


def test_hostile_text_is_shown_escaped(judgements):
    document = render(judgements.hostile("evil\u202egpj.exe")).decode()
    assert "\u202e" not in document
    assert visible("evil\u202egpj.exe") in document
