"""Findings that are held once are the findings that a tuple would hold."""

from __future__ import annotations

import pytest

from auditor.policy import answers
from auditor.policy.answers import Answers, Long, Run, gathered, in_runs
from auditor.policy.findings import decode, encode
from auditor.policy.waivers import Waiver
from auditor.policy.wording import NONE
from tests.unit.policy.worlds import account, evidence, judge, pack

WORLD = evidence(*(account(f"u{n:03}", password=("set", "empty", None)[n % 3]) for n in range(90)))


@pytest.fixture
def two():
    found = judge(pack(), evidence(account("a"), account("b", password="empty"))).findings
    assert [one.subject for one in found] == ["b", "a"]
    return found


def test_runs_are_what_they_stand_for(two):
    one, other = two
    whole = (one, one, one, other, other, one)
    for found in (
        in_runs([(one, 3), (other, 2), (one, 1)]),
        Long([Run(one, 3), (other, other), Run(one, 1)]),
        gathered([Run(one, 3), (other, other), (), Run(one, 1)]),
    ):
        assert tuple(found) == whole
        assert len(found) == 6
        assert [found[at] for at in range(-6, 6)] == [whole[at] for at in range(-6, 6)]
        assert tuple(found[1:5:2]) == whole[1:5:2]
        assert found.count(other) == 2
        assert found == whole
        assert whole == found
        assert hash(found) == hash(whole)
    assert in_runs([]) == ()
    assert Long([Run(one, 2)]) != (one, other)
    assert Long([Run(one, 2)]) != (one,)
    assert Long([Run(one, 2)]) != "ab"
    assert list(Run(one, 4)[1:3]) == [one, one]
    with pytest.raises(IndexError):
        Run(one, 4)[4]


def test_what_is_added_twice_in_a_row_is_kept_once(two):
    one, other = two
    kept = Answers()
    for finding in (one, one, other, other, other, one):
        kept.add(finding)
    assert (kept.findings, dict(kept.more), kept.judged) == ([one, other, one], {0: 1, 1: 2}, 6)


@pytest.mark.parametrize("options", [{}, {"sentences": NONE}])
def test_a_judgement_of_many_is_the_same_and_is_written_and_read_alike(monkeypatch, options):
    waiver = Waiver(
        rule="TST-ACC-001", subject="u001", accepts=("fail",), owner="o", approved_by="a",
        reason="r", expires="2027-01-01", place="w:1",
    )  # fmt: skip
    plain = judge(pack(), WORLD, waivers=(waiver,), **options)
    monkeypatch.setattr(answers, "_SHORT", 0)
    held = judge(pack(), WORLD, waivers=(waiver,), **options)
    assert isinstance(held.findings, Long)
    assert held == plain
    assert encode(held) == encode(plain)
    assert decode(encode(held)) == held
