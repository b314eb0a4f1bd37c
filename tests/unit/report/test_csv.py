"""Findings as a table: complete, and dead in a spreadsheet."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from auditor.policy.summary import summarize
from auditor.report.csv import COLUMNS, render


def rows(document: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(document.decode("utf-8-sig"), newline=""), strict=True))


def test_one_row_a_finding(judgements):
    judgement = judgements.leaky()
    table = rows(render(judgement))
    assert len(table) == len(judgement.findings.findings)
    assert tuple(table[0]) == COLUMNS
    summary = summarize(judgement.evidence, judgement.findings)
    verdicts = [row["verdict"] for row in table]
    assert verdicts.count("fail") == summary.findings_failed
    assert verdicts.count("unknown") == summary.findings_unknown
    assert verdicts.count("error") == summary.findings_errors
    waived = next(row for row in table if row["verdict"] == "waived")
    assert (waived["waiver_owner"], waived["waiver_expires"]) == ("Chen Li", "2027-03-31")


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "=cmd|'/c calc'!A1", '"=1'],
)
def test_a_formula_is_text(judgements, cell):
    found = judgements.finding("PER-CON-001", cell, observed=cell)
    judgement = msgspec.structs.replace(
        judgements.leaky(), findings=judgements.findings(findings=(found,))
    )
    (row,) = rows(render(judgement))
    for value in (row["subject"], row["observed"]):
        assert value.lstrip()[0] not in "=+-@＝"
        assert "\t" not in value
        assert "\r" not in value


@pytest.mark.parametrize("number", range(10))
def test_hostile_text_stays_in_its_cell(judgements, number):
    table = rows(render(judgements.hostile(judgements.HOSTILE[number])))
    assert len(table) == len(judgements.findings().findings)
    assert all(None not in row and None not in row.values() for row in table)


def test_chinese(judgements):
    assert rows(render(judgements.leaky("zh")))[0]["observed"] == "已连接到 203.0.113.77:443"
