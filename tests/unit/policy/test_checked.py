"""What was checked when it was shipped is what would be read now, and nothing else is taken so."""

from __future__ import annotations

import msgspec
import pytest

from auditor import api
from auditor.data import folder
from auditor.errors import PackError
from auditor.policy import checked, pack
from auditor.policy.examples import run
from tests.unit.policy.worlds import account, evidence

WHOLE = pack.load_packs()


def without_examples(one):
    rules = tuple(msgspec.structs.replace(rule, examples=()) for rule in one.rules)
    return msgspec.structs.replace(one, rules=rules)


def test_the_packs_that_were_checked_are_those_of_the_files():
    assert pack.load_packs(examples=False) == tuple(map(without_examples, WHOLE))
    assert checked.written(WHOLE) == checked._FILE.read_bytes(), "run `make docs`"


def test_every_condition_and_sentence_is_what_the_reader_made():
    for one, whole in zip(pack.load_packs(examples=False), WHOLE, strict=True):
        for rule, read in zip(one.rules, whole.rules, strict=True):
            assert [c.analysis for c in rule.conditions] == [c.analysis for c in read.conditions]
            assert [type(c.program) for c in rule.conditions] == [
                type(c.program) for c in read.conditions
            ]
            assert (rule.observed.en, rule.observed.zh) == (read.observed.en, read.observed.zh)
            assert rule.expected.en == read.expected.en
            assert (rule.because and rule.because.en) == (read.because and read.because.en)


def test_a_pack_that_was_changed_by_a_byte_is_read_and_checked_whole(tmp_path):
    data = (folder("policies") / "models.yaml").read_bytes()
    assert checked.checked(data, "models.yaml") is not None
    assert checked.checked(data + b"\n", "models.yaml") is None
    own = tmp_path / "own.yaml"
    own.write_bytes(data + b"\n")
    (read,) = pack.load_packs([own], examples=False)
    assert read.rules[0].examples
    own.write_bytes(data.replace(b"require: ", b"require: nonsense ", 1))
    with pytest.raises(PackError):
        pack.load_packs([own], examples=False)


def test_the_examples_of_packs_are_there_for_whoever_runs_them():
    assert all(rule.examples for one in WHOLE for rule in one.rules)
    assert all(result.holds for result in run(WHOLE[:1]))


def test_a_shipped_condition_that_does_not_fit_the_toolkit_is_an_error_and_no_pass(monkeypatch):
    prepared = api.prepare(api.Criteria())
    rules = [rule for one in prepared.packs for rule in one.rules if rule.each == "account"]
    monkeypatch.setattr(type(rules[0].require), "analysis", property(lambda _: checked_again()))
    with pytest.raises(PackError, match="does not fit"):
        api.evaluate(evidence(account()), prepared)


def checked_again():
    from auditor.policy.expression import ExpressionError

    raise ExpressionError("an account has no field 'x'")
