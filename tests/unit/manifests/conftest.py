"""Reads manifests from text, as the tests of this folder write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import manifests
from auditor.evidence import kind_of


class Read:
    """What was read, by kind."""

    def __init__(self, found: manifests.Manifests) -> None:
        self.records = found.records
        self.gaps = found.gaps
        self.inputs = found.inputs
        self.runs = found.runs

    def of(self, kind):
        return [record for record in self.records if kind_of(record) == kind]

    def one(self, kind):
        (record,) = self.of(kind)
        return record

    def gap_kinds(self):
        return sorted({(gap.kind, gap.reason) for gap in self.gaps})


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return a function that reads the text of one file."""
    monkeypatch.chdir(tmp_path)

    def read_text(text: str, name: str = "a.yaml") -> Read:
        Path(name).write_text(text)
        return Read(manifests.read((Path(name),)))

    return read_text


@pytest.fixture
def samples():
    return Path(__file__).parents[3] / "samples" / "manifests"
