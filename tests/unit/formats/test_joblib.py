"""joblib's files: arrays between the opcodes are stepped over, and hide nothing."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import Memory
from auditor.formats import joblib as joblib_format
from tests import pickle_ops as p
from tests.formats_reading import inspect
from tests.model_samples.joblib import sample
from tests.pickle_reading import rules

F4 = p.dtype("f4")
SIXTEEN = p.number(16)
OBJECT = p.dtype_state(p.dtype("O8"), flags=63)
PADDED = b"\x03\xff\xff\xff"
RUN = p.call(p.lines("os", "system"), p.text("echo inert"))


def listed(*parts):
    return p.whole(p.EMPTY_LIST, p.MARK, *parts, p.APPENDS)


def test_the_sample_tells_its_arrays():
    found = inspect(joblib_format.FORMAT, sample())
    assert (found.model_format, found.verdict) == ("joblib", "data")
    header = found.header
    assert (header.parameters, header.precision, header.tensors) == (6, "F32", 1)


def test_a_wrapper_that_comes_late_makes_it_joblib():
    data = listed(p.longer(b"a" * 5000), p.wrapper((1,), F4, alignment=SIXTEEN) + PADDED + bytes(4))
    assert formats.recognise(Memory(data)) == "pickle"
    assert formats.inspect(Memory(data)).model_format == "joblib"


def test_arrays_without_padding_are_those_of_older_versions():
    data = listed(p.wrapper((3,), F4) + bytes(12), p.text("x"))
    assert inspect(joblib_format.FORMAT, data).verdict == "data"


def test_objects_are_a_pickle_within():
    inner = p.whole(p.array((1,), OBJECT, p.EMPTY_LIST + p.NONE + p.APPEND), version=2)
    data = listed(p.wrapper((1,), OBJECT) + inner, p.text("x"))
    assert inspect(joblib_format.FORMAT, data).verdict == "data"
    hostile = listed(p.wrapper((1,), OBJECT) + p.whole(RUN), p.text("x"))
    assert inspect(joblib_format.FORMAT, hostile).verdict == "dangerous"
    unlisted = listed(p.wrapper((1,), OBJECT) + p.whole(p.named("acme", "Net")), p.text("x"))
    assert inspect(joblib_format.FORMAT, unlisted).unlisted == ("acme.Net",)


def test_what_follows_an_array_is_judged():
    data = listed(p.wrapper((1,), F4, alignment=SIXTEEN) + PADDED + bytes(4), RUN)
    assert inspect(joblib_format.FORMAT, data).verdict == "dangerous"


HIDDEN = {
    "in-the-numbers": p.POP + RUN + p.POP,
    "by-what-was-imported-before": p.POP + p.lines("os", "system") + p.text("x") + p.TUPLE1 + p.REDUCE,
    "an-instance": b"(S'x'\nios\nsystem\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("alignment", [None, p.NONE])
def test_numbers_that_are_opcodes_to_others_are_dangerous(name, alignment):
    numbers = HIDDEN[name] + p.STOP
    data = listed(p.wrapper((len(numbers),), p.dtype("i1"), alignment=alignment) + numbers)
    found = inspect(joblib_format.FORMAT, data)
    assert (found.verdict, rules(found)) == ("dangerous", {"joblib-array"})


LOADS = p.named("torch.storage", "_load_from_bytes")
STORED = p.raw(p.whole(RUN))


def test_numbers_that_call_what_was_named_before_are_dangerous():
    numbers = p.POP + p.get(0) + STORED + p.TUPLE1 + p.REDUCE + p.STOP
    data = listed(LOADS + p.put(0), p.wrapper((len(numbers),), p.dtype("i1")) + numbers)
    found = inspect(joblib_format.FORMAT, data)
    assert found.verdict == "dangerous"
    assert rules(found) == {"joblib-array", "pickle-callable-kept"}


def test_objects_that_are_others_in_the_memo_of_the_whole_are_dangerous():
    """The inner pickle's first memorized value is a class of bytes, the outer's loads files."""
    kind = p.named("builtins", "bytearray") + p.MEMOIZE + p.POP
    inner = p.whole(kind, p.get(0), STORED, p.TUPLE1, p.REDUCE)
    data = listed(LOADS + p.MEMOIZE, p.wrapper((1,), OBJECT) + inner)
    found = inspect(joblib_format.FORMAT, data)
    assert found.verdict == "dangerous"
    assert "joblib-array" in rules(found)


BROKEN = {
    "array-cut": p.wrapper((3,), F4, alignment=SIXTEEN) + PADDED + bytes(4),
    "padding-of-nothing": p.wrapper((1,), F4, alignment=SIXTEEN) + b"\0" + bytes(4),
    "padding-too-long": p.wrapper((1,), F4, alignment=SIXTEEN) + b"\x20" + b"\xff" * 32 + bytes(4),
    "padding-holds-words": p.wrapper((1,), F4, alignment=SIXTEEN) + b"\x03abc" + bytes(4),
    "aligned-to-64": p.wrapper((1,), F4, alignment=p.number(64)) + PADDED + bytes(4),
    "no-shape": p.named("joblib.numpy_pickle", "NumpyArrayWrapper") + p.EMPTY_TUPLE + p.NEWOBJ
    + p.dict_of(subclass=p.named("numpy", "ndarray"), dtype=F4) + p.BUILD,
    "state-is-a-tuple": p.named("joblib.numpy_pickle", "NumpyArrayWrapper") + p.EMPTY_TUPLE + p.NEWOBJ
    + p.EMPTY_TUPLE + p.BUILD,
    "shape-of-2-to-the-60": p.wrapper((1 << 60,), F4, alignment=SIXTEEN) + PADDED,
    "objects-without-an-end": p.wrapper((1,), OBJECT) + b"\x80\x02N",
    "wrapper-in-the-pickle-of-objects": p.wrapper((1,), OBJECT) + p.whole(p.wrapper((1,), F4)),
    "array-within-a-frame": b"\x95\x90" + bytes(7) + p.wrapper((1,), F4) + bytes(4),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_arrays_that_joblib_does_not_write_are_malformed(name):
    found = inspect(joblib_format.FORMAT, listed(BROKEN[name]))
    assert found.verdict in ("malformed", "dangerous")


@pytest.mark.parametrize(
    "module,name",
    [
        ("numpy.matrixlib.defmatrix", "matrix"),
        ("numpy.core.records", "recarray"),
        ("numpy", "matrix"),
    ],
)
def test_an_array_of_a_class_of_numpys_is_data(module, name):
    plain = p.wrapper((1,), F4)
    wrapped = plain.replace(p.named("numpy", "ndarray"), p.named(module, name))
    assert wrapped != plain
    assert inspect(joblib_format.FORMAT, listed(wrapped + bytes(4))).verdict == "data"


def test_an_array_of_another_class_is_dangerous():
    data = listed(p.wrapper((1,), F4).replace(b"\x07ndarray", b"\x05dtype") + bytes(4))
    assert inspect(joblib_format.FORMAT, data).verdict == "dangerous"


@pytest.mark.parametrize("module", ["numpy_pickle", "numpy_pickle_compat"])
def test_arrays_in_files_beside_are_not_inspectable(module):
    made = p.named(f"joblib.{module}", "NDArrayWrapper") + p.EMPTY_TUPLE + p.NEWOBJ
    data = listed(made + p.dict_of(filename=p.text("model.pkl_01.npy")) + p.BUILD)
    found = inspect(joblib_format.FORMAT, data)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"joblib-side-file"})
