"""No file of the hostile corpus is called data or of a framework, and none takes long to judge."""

from __future__ import annotations

from importlib import import_module

import pytest

from auditor import formats
from auditor.formats import Memory
from tests.corpus import hostile_cases

CASES = hostile_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_not_called_clean(case):
    found = formats.inspect(Memory(case.data))
    assert found is not None, f"taken for no model file: {case.why}"
    assert found.verdict not in ("data", "framework"), f"{found.model_format}: {case.why}"
    assert found.reasons or found.unlisted, "a verdict without a reason"


def test_the_corpus_covers_every_way_to_hide():
    assert len(CASES) >= 300
    assert {case.bypass for case in CASES} == {str(number) for number in range(1, 13)}


def test_no_two_cases_are_the_same_file():
    by_content: dict[bytes, list[str]] = {}
    for case in CASES:
        by_content.setdefault(case.data, []).append(case.name)
    assert [names for names in by_content.values() if len(names) > 1] == []


@pytest.mark.parametrize("subject", ["gadgets", "containers", "zips", "nested"])
def test_the_corpus_is_the_same_whenever_it_is_made(subject):
    module = import_module(f"tests.corpus.hostile.{subject}")
    assert list(module.cases()) == list(module.cases())
