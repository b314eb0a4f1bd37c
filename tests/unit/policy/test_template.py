"""A sentence shows values as a reader sees them, and no value fills a report."""

from __future__ import annotations

import pytest

from auditor.policy.expression import ExpressionError
from auditor.policy.shapes import STRING
from auditor.policy.template import read_template, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"), (True, "yes"), (False, "no"), (0, "0"), ("", "none"), ((), "none"),
        (("a", None), "a, unknown"), ("x" * 300, "x" * 199 + "…"),
        (tuple(range(12)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"), ({"a": 1}, "a=1"),
    ],
)  # fmt: skip
def test_values_are_shown_and_cut(value, text):
    assert shown(value) == text


def test_placeholders_are_fields_parameters_and_the_label():
    template = read_template(
        "{label}: {username} {origin.source} {params.x}", "account", {"x": STRING}
    )
    record = {"username": "{uid}", "label": "L", "origin": {"source": "/etc/passwd"}}
    assert template.render(record, {"x": "y"}) == "L: {uid} /etc/passwd y"


@pytest.mark.parametrize(
    "text", ["{}", "{nobody}", "{params.y}", "{params}", "{a", "a}", "{uid.x}"]
)
def test_a_placeholder_that_names_nothing_is_refused(text):
    with pytest.raises(ExpressionError):
        read_template(text, "account", {"x": STRING})


@pytest.mark.parametrize(
    ("source", "operator", "expected"),
    [
        ("to {target} ({operator})", "OpenAI", "to x (OpenAI)"),
        ("to {target} ({operator})", "", "to x"),
        ("发往 {target}（{operator}）。", "", "发往 x。"),
        ("发往 {target}（{operator}）。", "OpenAI", "发往 x（OpenAI）。"),
        ("to {target} ({operator}, known)", "", "to x (none, known)"),
        ("to {target}, by {operator}", "", "to x, by none"),
    ],
)
def test_a_value_alone_in_brackets_takes_them_with_it(source, operator, expected):
    template = read_template(source, "destination", {})
    assert template.render({"target": "x", "operator": operator}, {}) == expected
