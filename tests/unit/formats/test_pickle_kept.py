"""A function that is kept as a value: nothing calls it now, a method of what is loaded may."""

from __future__ import annotations

import collections
import datetime as dt
import pickle
import random
import time

import pytest

from auditor.formats._pickle_tables import entries
from tests import pickle_ops as p
from tests.pickle_reading import CLEAN, examined, rules

LOADS = p.named("torch.storage", "_load_from_bytes")
ENCODES = p.named("_codecs", "encode")
SCALER = p.named("sklearn.preprocessing._data", "StandardScaler") + p.EMPTY_TUPLE + p.NEWOBJ
ORDERED = p.named("collections", "OrderedDict") + p.EMPTY_TUPLE + p.REDUCE
SET = p.EMPTY_SET + p.MARK
KEPT = {
    "whole": LOADS,
    "in-a-tuple": LOADS + p.TUPLE1,
    "in-tuples": p.number(1) + LOADS + p.TUPLE2 + p.TUPLE1 + p.NONE + p.TUPLE2,
    "appended": p.EMPTY_LIST + LOADS + p.APPEND,
    "appended-with-others": p.EMPTY_LIST + p.MARK + p.NONE + LOADS + p.APPENDS,
    "in-a-list-of-protocol-0": p.MARK + LOADS + b"l",
    "in-a-dict-of-protocol-0": p.MARK + p.text("func") + LOADS + b"d",
    "set-in-a-dict": p.EMPTY_DICT + p.text("func") + LOADS + p.SETITEM,
    "a-key": p.EMPTY_DICT + LOADS + p.NONE + p.SETITEM,
    "called-a-subclass-in-a-dict": p.dict_of(subclass=LOADS),
    "in-a-set": SET + LOADS + p.ADDITEMS,
    "in-a-frozen-set": p.MARK + LOADS + b"\x91",
    "in-a-tuple-in-a-list": p.EMPTY_LIST + LOADS + p.TUPLE1 + p.APPEND,
    "attribute-of-a-scaler": SCALER + p.dict_of(func=LOADS) + p.BUILD,
    "attribute-in-a-tuple": SCALER + p.dict_of(steps=p.text("a") + LOADS + p.TUPLE2) + p.BUILD,
    "attribute-of-slots": SCALER + p.NONE + p.dict_of(func=LOADS) + p.TUPLE2 + p.BUILD,
    "item-of-an-ordered-dict": ORDERED + p.text("func") + LOADS + p.SETITEM,
    "element-of-a-deque": (
        p.named("collections", "deque") + p.EMPTY_TUPLE + p.REDUCE + LOADS + p.APPEND
    ),
    "given-to-a-deque": p.call(p.named("collections", "deque"), LOADS + p.TUPLE1),
    "remembered": LOADS + p.MEMOIZE + p.POP + p.EMPTY_LIST + p.get(0) + p.APPEND,
    "tuple-remembered": (
        LOADS + p.TUPLE1 + p.MEMOIZE + p.POP + p.EMPTY_LIST + p.get(0) + p.APPEND
    ),
    "encodes": p.EMPTY_LIST + ENCODES + p.APPEND,
    "makes-objects": p.EMPTY_LIST + p.named("copyreg", "__newobj__") + p.APPEND,
    "reconstructs": p.EMPTY_LIST + p.named("copyreg", "_reconstructor") + p.APPEND,
    "rebuilds-arrays": p.EMPTY_LIST + p.named("numpy._core.multiarray", "_reconstruct") + p.APPEND,
    "rebuilds-tensors": p.EMPTY_LIST + p.named("torch._utils", "_rebuild_tensor_v2") + p.APPEND,
    "opens-a-file": p.EMPTY_LIST + p.named("numpy", "memmap") + p.APPEND,
    "opens-a-file-as-attribute": SCALER + p.dict_of(dtype=p.named("numpy", "memmap")) + p.BUILD,
    "class-of-a-framework": (
        SCALER + p.dict_of(func=p.named("lightgbm.basic", "Booster")) + p.BUILD
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_function_that_is_kept_is_told(name):
    found = examined(p.whole(KEPT[name]))
    assert "pickle-callable-kept" in rules(found), found
    assert found.verdict == "unlisted"
    told = {r.global_name for r in found.reasons if r.rule == "pickle-callable-kept"}
    assert told <= set(found.unlisted)


INERT = {
    "a-class-of-python": p.EMPTY_LIST + p.named("builtins", "float") + p.APPEND,
    "a-truth": p.EMPTY_LIST + p.named("builtins", "bool") + p.APPEND,
    "a-number-type": SCALER + p.dict_of(dtype=p.named("numpy", "float64")) + p.BUILD,
    "a-function-that-may-be-kept": SCALER + p.dict_of(
        score_func=p.named("sklearn.feature_selection._univariate_selection", "f_classif")
    ) + p.BUILD,
    "a-tensor's-type": p.EMPTY_LIST + p.named("torch", "float32") + p.APPEND,
}  # fmt: skip


@pytest.mark.parametrize("name", INERT)
def test_what_is_only_named_may_be_kept(name):
    found = examined(p.whole(INERT[name]))
    assert found.verdict in CLEAN, found


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [
    {"d": dt.date(2026, 1, 1), "t": dt.date}, [bool, int, slice, range, dt.datetime],
    collections.OrderedDict(a=1), {frozenset((1, 2))}, b"\xff" * 3, random.Random(1).random(),
    collections.defaultdict(list, a=[1]),
])  # fmt: skip
def test_plain_values_stay_data(value, protocol):
    assert examined(pickle.dumps(value, protocol)).verdict == "data"


def test_a_tensor_of_a_class_names_the_function_that_rebuilds_it():
    arguments = p.tuple_of(
        p.storage("0", "FloatStorage", 4), p.number(0), p.tuple_of(p.number(4)),
        p.tuple_of(p.number(1)), p.FALSE, ORDERED,
    )  # fmt: skip
    parts = (
        p.named("torch._utils", "_rebuild_tensor_v2"), p.named("torch", "Tensor"), arguments,
    )  # fmt: skip
    callee = p.named("torch._tensor", "_rebuild_from_type_v2")
    found = examined(p.whole(p.call(callee, *parts, p.EMPTY_DICT)), torch=True)
    assert (found.verdict, found.reasons) == ("data", ())
    kept = examined(p.whole(p.call(callee, *parts, p.dict_of(func=LOADS))), torch=True)
    assert "pickle-callable-kept" in rules(kept)


def test_joblib_names_an_array_of_a_file_as_its_class():
    state = p.dict_of(
        subclass=p.named("numpy", "memmap"), shape=p.tuple_of(p.number(0)), order=p.text("C"),
        dtype=p.call(p.named("numpy", "dtype"), p.text("f8"), p.FALSE, p.TRUE),
        allow_mmap=p.TRUE,
    )  # fmt: skip
    made = p.named("joblib.numpy_pickle", "NumpyArrayWrapper") + p.EMPTY_TUPLE + p.NEWOBJ
    assert "pickle-callable-kept" not in rules(examined(p.whole(made, state, p.BUILD)))


def test_a_tuple_that_is_stored_often_is_looked_into_once():
    body = p.MARK + LOADS * 1000 + p.TUPLE + p.MEMOIZE + p.POP + p.EMPTY_LIST
    body += (p.get(0) + p.APPEND) * 20_000
    begun = time.process_time()
    assert examined(p.whole(body)).verdict == "unlisted"
    assert time.process_time() - begun < 2


def test_no_function_of_the_tables_may_be_kept():
    kept = {
        f"{module}.{name}" for (module, name), entry in entries().items()
        if entry.call and entry.may_be_kept and not entry.new
    }  # fmt: skip
    assert all(full.rpartition(".")[2].lower() != "encode" and "_rebuild" not in full
               and "econstruct" not in full and "._" not in full.replace("._local", "")
               for full in kept), kept  # fmt: skip


def test_a_value_that_holds_itself_a_million_times_is_not_written_out():
    layers = p.MARK + p.number(1) * 1000 + p.TUPLE + p.put(0)
    for level in range(1, 4):
        layers += p.POP + p.MARK + p.get(level - 1) * 1000 + p.TUPLE + p.put(level)
    begun = time.process_time()
    found = examined(p.whole(layers), joblib=False)
    assert time.process_time() - begun < 2
    assert len(found.value) == 1000
