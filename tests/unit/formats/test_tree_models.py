"""Models of trees: XGBoost, LightGBM and CatBoost hold numbers and text, to the last byte."""

from __future__ import annotations

import json

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory
from auditor.formats._ubjson import Reader
from tests.model_samples import catboost, lightgbm, xgboost


def found(data):
    return formats.inspect(Memory(data))


def verdict(data):
    inspected = found(data)
    return (inspected.model_format, inspected.verdict) if inspected else None


@pytest.mark.parametrize(
    "data", [xgboost.sample(), xgboost.text(), json.dumps(xgboost.MODEL, indent=1).encode()]
)
def test_xgboost_in_every_coat(data):
    inspected = found(data)
    assert (inspected.model_format, inspected.verdict) == ("xgboost", "data")
    assert inspected.header.architecture == "gbtree reg:squarederror"
    assert inspected.header.producer == "XGBoost 3.2.0"


def test_the_version_may_stand_first():
    turned = {"version": [1, 7, 6], "learner": xgboost.MODEL["learner"]}
    for data in (xgboost.ubjson(turned), json.dumps(turned).encode()):
        assert found(data).header.producer == "XGBoost 1.7.6"


WHOLE = xgboost.sample()
XGBOOST = {
    "ends-early": WHOLE[:-1],
    "bytes-behind": WHOLE + b"PK\3\4",
    "text-ends-early": xgboost.text()[:-1],
    "text-with-bytes-behind": xgboost.text() + b"#",
    "no-objective": xgboost.ubjson({"learner": {"gradient_booster": {"name": "a"}}}),
    "learner-is-a-number": xgboost.ubjson({"learner": 1}),
    "name-twice": b"{" + xgboost.ubjson({"learner": 1})[1:-1] * 2 + b"}",
    "unknown-mark": xgboost.ubjson({"learner": 1})[:-10] + b"?",
    "length-beyond-the-file": b"{L\0\0\0\0\0\0\0\x07learner[$d#L\0\0\0\xff\0\0\0\0",
    "negative-length": b"{L\0\0\0\0\0\0\0\x07learnerSL" + b"\xff" * 8,
    "type-without-a-count": b"{L\0\0\0\0\0\0\0\x07learner[$dd",
}


@pytest.mark.parametrize("name", XGBOOST)
def test_broken_models_of_xgboost(name):
    assert verdict(XGBOOST[name]) == ("xgboost", "malformed")


def test_deep_and_endless_documents_end():
    deep = b"{L\0\0\0\0\0\0\0\x07learner" + b"[" * 100_000
    assert verdict(deep) == ("xgboost", "not-inspectable")
    nulls = b"{L\0\0\0\0\0\0\0\x07learner[$Z#L\0\0\0\0\0\0\x01\0" + b"\0" * 400
    assert verdict(nulls) == ("xgboost", "malformed")
    budget = Budget()
    budget.steps = 10
    with pytest.raises(FormatError) as caught:
        Reader(Memory(WHOLE), Context(budget=budget)).document()
    assert caught.value.rule == "limit-steps"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"Z", None), (b"T", True), (b"i\xff", -1), (b"U\xff", 255), (b"I\1\0", 256), (b"Ca", "a"),
        (b"d\x3f\x80\0\0", 1.0), (b"[]", []), (b"[NNT]", [True]), (b"[#i\2TF", [True, False]),
        (b"[$d#i\1\0\0\0\0", []), (b"[$C#i\2ab", ["a", "b"]), (b"{}", {}), (b"{i\1aT}", {"a": True}),
        (b"{#i\1i\1aT", {"a": True}), (b"{$i#i\1i\1a\5", {"a": 5}), (b"[[T]F]", [[True], False]),
        (b"Si\1a", "a"), (b"NZ", None),
    ],
)  # fmt: skip
def test_every_kind_of_ubjson(raw, value):
    assert Reader(Memory(raw), Context(budget=Budget())).document() == value


def test_lightgbm():
    inspected = found(lightgbm.sample())
    assert (inspected.model_format, inspected.verdict) == ("lightgbm", "data")
    assert inspected.header.architecture == "tree binary sigmoid:1"
    assert inspected.header.producer == "LightGBM v4"


LIGHTGBM = {
    "trees-end-elsewhere": lightgbm.sample(size=5),
    "trees-beyond-the-file": lightgbm.sample(size=1 << 60),
    "no-end-of-the-header": b"tree\nversion=v4\n" + b"a=1\n" * 100,
    "sizes-are-words": lightgbm.sample().replace(b"tree_sizes=", b"tree_sizes=x "),
    "sizes-are-negative": lightgbm.sample().replace(b"tree_sizes=", b"tree_sizes=-1 "),
    "bytes-behind": lightgbm.sample(tail=lightgbm.TAIL + "\0\0"),
}


@pytest.mark.parametrize("name", LIGHTGBM)
def test_broken_models_of_lightgbm(name):
    assert verdict(LIGHTGBM[name]) == ("lightgbm", "malformed")


def test_catboost():
    inspected = found(catboost.sample())
    assert (inspected.model_format, inspected.verdict) == ("catboost", "data")
    assert (inspected.header.architecture, inspected.header.producer) == ("RMSE", "CatBoost")


CATBOOST = {
    "ends-early": (catboost.sample()[:-1], "malformed"),
    "bytes-behind": (catboost.sample(tail=b"#!/bin/sh"), "malformed"),
    "layout-of-tomorrow": (catboost.sample("FlabuffersModel_v9"), "not-inspectable"),
    "mark-alone": (b"CBM1", "malformed"),
}


@pytest.mark.parametrize("name", CATBOOST)
def test_broken_models_of_catboost(name):
    data, expected = CATBOOST[name]
    assert verdict(data) == ("catboost", expected)


def test_a_pickle_that_begins_like_catboost_is_a_pickle():
    evil = b"CBM1" + bytes(64) + b"0cposix\nsystem\n(S'id'\ntR."
    assert verdict(evil) == ("pickle", "dangerous")


def test_other_json_is_no_xgboost():
    for other in (b'{"version": "1.0", "model": {}}', b'{"learner": 1}', b'{"version": 1}'):
        assert verdict(other) != ("xgboost", "data")
