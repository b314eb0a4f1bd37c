"""The page of report formats names every format, field and column that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor import report
from auditor.evidence import Input
from auditor.policy.findings import VERDICTS, Finding
from auditor.report._models_json import ArtifactDocument, ModelsDocument, StoreDocument
from auditor.report.csv import COLUMNS
from auditor.report.json import Report

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "formats.md").read_text()


def section(title: str) -> str:
    """Return the words in backticks of a section, without the sections below it."""
    found = re.search(rf"(?ms)^#+ {title}$\n(.*?)(?=^#|\Z)", PAGE)
    assert found, title
    return found[1]


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_format_and_its_file():
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| `([\w.]+)` \|", PAGE))
    assert rows == {name: report.load(name).filename for name in report.names()}


@pytest.mark.parametrize(
    ("title", "struct"),
    [
        ("json", Report),
        ("inputs", Input),
        ("findings", Finding),
        ("models", ModelsDocument),
        ("stores", StoreDocument),
        ("artifacts", ArtifactDocument),
    ],
)
def test_every_field(title, struct):
    assert set(struct.__struct_fields__) <= set(named(section(title)))


def test_every_verdict_and_column_in_its_order():
    assert set(VERDICTS) <= set(named(section("findings")))
    columns = named(section("csv").split("in order:")[1])
    assert tuple(columns) == COLUMNS
