"""JSON escapes that YAML spells otherwise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.yamldoc import Mapping, Scalar, load


def _value(data: bytes) -> object:
    node = load(data, where="x.json")
    assert isinstance(node, Mapping)
    found = node.get("k")
    assert isinstance(found, Scalar)
    return found.value


@settings(max_examples=100)
@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=12))
def test_every_string_that_json_writes_is_read_back(text: str) -> None:
    assert _value(json.dumps({"k": text}).encode()) == text


def test_an_escaped_backslash_before_the_escape_is_no_part_of_it() -> None:
    assert _value(rb'{"k": "\\ud83d\\ude00"}') == "\\ud83d\\ude00"
    assert _value(rb'{"k": "\\\ud83d\ude00"}') == "\\\U0001f600"


@pytest.mark.parametrize("half", [rb'{"k": "\ud83d"}', rb'{"k": "\ude00\ud83d"}'])
def test_half_a_pair_is_refused(half: bytes) -> None:
    with pytest.raises(DocumentError):
        load(half, where="x.json")
