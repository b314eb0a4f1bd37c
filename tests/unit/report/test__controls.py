"""Clauses of frameworks: the weakest word wins, and untested is never met."""

from __future__ import annotations

import pytest

from auditor.policy import controls
from auditor.policy.findings import Control
from auditor.report._controls import frameworks
from auditor.report.html import bars


@pytest.mark.parametrize(
    "verdicts, state",
    [
        (("pass",), "met"),
        (("pass", "not-applicable"), "met"),
        (("not-applicable",), "not-tested"),
        (("pass", "unknown"), "undecided"),
        (("pass", "error"), "undecided"),
        (("pass", "waived"), "waived"),
        (("unknown", "waived"), "undecided"),
        (("pass", "unknown", "fail", "waived"), "not-met"),
    ],
)
def test_the_weakest_thing_that_can_be_said(judgements, verdicts, state):
    rules = tuple(
        judgements.rule(
            f"R-{i}", "swap", verdict, controls=(Control(framework="mlps-3", id="8.1.4.8"),)
        )
        for i, verdict in enumerate(verdicts)
    )
    (framework,) = frameworks(rules, "en")
    (clause,) = framework.clauses
    assert clause.state == state
    assert clause.title
    assert dict(framework.counts)["met"] == (1 if state == "met" else 0)
    assert sum(n for _, n in framework.counts) == framework.total
    assert framework.total == len(controls.load_framework("mlps-3").clauses)
    assert framework.catalogued


def test_a_framework_without_a_catalogue_says_so(judgements):
    rule = judgements.rule("R-1", "swap", "pass", controls=(Control(framework="../../x", id="1"),))
    (framework,) = frameworks((rule,), "en")
    assert not framework.catalogued
    assert framework.total == 1
    assert framework.name == "../../x"


def test_clauses_come_in_the_order_of_their_numbers(judgements):
    rules = tuple(
        judgements.rule(f"R-{i}", "swap", "pass", controls=(Control(framework="x", id=clause),))
        for i, clause in enumerate(("A.8.10", "A.8.9", "A.10.1", "B", "A.8"))
    )
    (framework,) = frameworks(rules, "en")
    assert [c.id for c in framework.clauses] == ["A.8", "A.8.9", "A.8.10", "A.10.1", "B"]


def test_bars_fill_their_whole_and_leave_empty_parts_out():
    assert bars((("met", 1), ("not-met", 0), ("waived", 2)), 3) == (
        ("met", "0.00%", "33.33%"),
        ("waived", "33.33%", "66.66%"),
    )
    assert bars((("met", 0),), 0) == ()
