"""The short summary: the verdict first, no line too wide, nothing left out in silence."""

from __future__ import annotations

import msgspec
import pytest

from auditor.report import _text_words, text
from auditor.report._text import columns


@pytest.mark.parametrize("language", ["en", "zh", "xx"])
def test_no_line_is_wider_than_the_terminal(every_verdict, language):
    judgement = msgspec.structs.replace(every_verdict, language=language)
    lines = text.render(judgement).decode().splitlines()
    assert max(map(columns, lines)) <= text.WIDTH


def test_the_headline_tells_verdict_inputs_undecided_gaps_and_perimeter(every_verdict):
    head = text.render(every_verdict).decode().partition("FAILED")[0]
    assert head.startswith("[x] NOT COMPLIANT: 2 failed findings")
    for words in ("1 of 2 judged", "1 unknown", "1 errors", "2 gaps", "no site file", "TST-009"):
        assert words in head


def test_many_findings_say_how_many_are_not_shown(every_verdict):
    first = every_verdict.findings.findings[0]
    many = tuple(msgspec.structs.replace(first, subject=f"s{n}") for n in range(50))
    findings = msgspec.structs.replace(every_verdict.findings, findings=many)
    output = text.render(msgspec.structs.replace(every_verdict, findings=findings)).decode()
    assert "... and 45 more" in output


def test_a_reason_that_leaves_many_rules_undecided_is_told_once(every_verdict):
    unknown = every_verdict.findings.findings[2]
    many = tuple(
        msgspec.structs.replace(unknown, rule=f"TST-{n:03}", subject="x") for n in range(7)
    )
    findings = msgspec.structs.replace(every_verdict.findings, findings=many)
    output = text.render(msgspec.structs.replace(every_verdict, findings=findings)).decode()
    assert output.count("privileged could not be read") == 1
    assert "UNKNOWN (7)" in output


def test_both_languages_have_the_same_words():
    assert _text_words.EN.keys() == _text_words.ZH.keys()
    for key, words in _text_words.EN.items():
        placeholders = {part.partition("}")[0] for part in words.split("{")[1:]}
        assert all(f"{{{name}}}" in _text_words.ZH[key] for name in placeholders), key
