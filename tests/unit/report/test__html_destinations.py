"""Destinations: outside first, one row a target, configured and observed side by side."""

from __future__ import annotations

import pytest

from auditor.report._html_destinations import MAX_ROWS, MAX_SUBJECTS, destinations, standing


@pytest.mark.parametrize(
    "inside, approved, expected",
    [
        (True, True, "inside"),
        (False, False, "outside"),
        (False, None, "outside"),
        (False, True, "excepted"),
        (None, None, "undecided"),
        (None, False, "undecided"),
        (None, True, "excepted"),
    ],
)
def test_an_exception_never_makes_inside(judgements, inside, approved, expected):
    assert standing(judgements.destination("x", inside=inside, approved=approved)) == expected


def test_one_row_a_target_with_both_bases(judgements):
    found = destinations(
        (
            judgements.destination("203.0.113.9", subject="a"),
            judgements.destination("203.0.113.9", subject="b", basis="observed"),
        )
    )
    (target,) = found.targets
    assert target.configured.shown == ("a",)
    assert target.observed.shown == ("b",)
    assert found.observed_outside == 1


def test_outside_and_observed_come_first(judgements):
    found = destinations(judgements.derived())
    assert found.targets[0].target == "203.0.113.77"
    ranks = [t.standing for t in found.targets]
    assert ranks == sorted(ranks, key=["outside", "undecided", "excepted", "inside"].index)
    assert found.counts == {"outside": 5, "undecided": 1, "excepted": 1, "inside": 3}


def test_operators_hold_every_target_that_is_not_inside(judgements):
    found = destinations(judgements.derived())
    assert sum(row.targets for row in found.operators) == 7
    assert [row.operator for row in found.operators[-3:]] == ["", "", ""]
    assert ("Vendor telemetry", "US") in {(r.operator, r.country) for r in found.operators}


def test_what_is_not_shown_is_counted(judgements):
    many = tuple(judgements.destination(f"host{i}.example") for i in range(MAX_ROWS + 4))
    found = destinations(many)
    assert (len(found.targets), found.hidden) == (MAX_ROWS, 4)
    assert found.counts["outside"] == MAX_ROWS + 4
    crowd = tuple(judgements.destination("h.example", subject=f"s{i}") for i in range(9))
    (target,) = destinations(crowd).targets
    assert (len(target.configured.shown), target.configured.more) == (MAX_SUBJECTS, 3)


def test_order_does_not_depend_on_the_order_of_records(judgements):
    records = judgements.derived()
    assert destinations(records) == destinations(tuple(reversed(records)))
