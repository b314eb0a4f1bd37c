"""A malformed waiver stops the run; a pattern means what it says."""

from __future__ import annotations

import fnmatch
import time

import pytest

from auditor.errors import PackError
from auditor.policy.waivers import load_waivers, matches

GOOD = "{rule: A-001, subject: s, owner: o, approved_by: a, reason: r, expires: 2027-01-31}"


def load(text: str):
    return load_waivers(f"waivers: [{text}]".encode(), "waivers.yaml")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("owner: o", "owner: ''", "a text is due"),
        ("owner: o, ", "", "'owner' is missing"),
        ("owner", "ownr", "'ownr' is not known"),
        ("2027-01-31", "2027-1-31", "is no date"),
        ("2027-01-31", "31.01.2027", "is no date"),
        ("2027-01-31", "2027-02-30", "is no date"),
        ("2027-01-31", "never", "is no date"),
        ("2027-01-31", "2027-01-31, accepts: [error]", "cannot be accepted"),
        (GOOD, f"{GOOD}, {GOOD}", "waived twice"),
    ],
)
def test_a_malformed_waiver_stops_the_run(old, new, what):
    with pytest.raises(PackError) as caught:
        load(GOOD.replace(old, new))
    assert what in caught.value.what
    assert caught.value.where.startswith("waivers.yaml:1:")


def test_a_waiver_counts_on_its_last_day_and_not_after():
    (waiver,) = load(GOOD)
    assert not waiver.expired("2027-01-31")
    assert waiver.expired("2027-02-01")


@pytest.mark.parametrize("day", ["", "1-01-01T00", "9999", "tomorrow"])
def test_no_waiver_counts_on_what_is_no_day(day):
    (waiver,) = load(GOOD)
    assert waiver.expired(day)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("vllm tcp [::1]:80", "vllm tcp [::1]:80", True),
        ("* tcp [::1]:*", "vllm tcp [::1]:80", True),
        ("[a]", "a", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*", "", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-b-b-d", False),
        ("", "a", False),
    ],
)
def test_only_star_and_question_mark_are_special(pattern, text, fits):
    assert matches(pattern, text) is fits
    if "[" not in pattern:
        assert fnmatch.fnmatchcase(text, pattern) is fits


def test_a_hostile_pattern_does_not_hang():
    started = time.process_time()
    assert not matches("*a" * 30 + "b", "a" * 3000)
    assert time.process_time() - started < 1
