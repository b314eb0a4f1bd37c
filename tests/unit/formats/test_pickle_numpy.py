"""Arrays in pickles: number types are what NumPy writes, bytes fit, objects are never bytes."""

from __future__ import annotations

import pytest

from auditor.formats._npy_types import simple
from tests import pickle_ops as p
from tests.pickle_reading import examined, rules

CORE = "numpy._core.multiarray"
F4 = p.dtype_state(p.dtype("f4"))
OBJECT = p.dtype_state(p.dtype("O8"), flags=63)


def read(*parts):
    return examined(p.whole(*parts))


def record(*, flags=0, size=12, offset=4, inner=None):
    fields = p.EMPTY_DICT + p.MARK
    fields += p.text("a") + p.tuple_of(p.dtype("i4"), p.number(0))
    fields += p.text("b") + p.tuple_of(inner or p.dtype("f8"), p.number(offset)) + p.SETITEMS
    names = p.tuple_of(p.text("a"), p.text("b"))
    return p.dtype_state(p.dtype(f"V{size}"), flags=flags, names=names, fields=fields, size=size)


GOOD = {
    "floats": p.array((2, 3), F4, p.raw(bytes(24))),
    "python-2-bytes": p.array((4,), p.dtype("i1"), b"U\x04abcd"),
    "encoded-bytes": p.array(
        (2,), p.dtype("i1"), p.call(p.named("_codecs", "encode"), p.text("ab"), p.text("latin1"))
    ),
    "no-dimension": p.array((), F4, p.raw(bytes(4))),
    "objects": p.array((2,), OBJECT, p.EMPTY_LIST + p.MARK + p.NONE + p.text("x") + p.APPENDS),
    "record": p.array((1,), record(), p.raw(bytes(12))),
    "record-of-objects": p.array(
        (1,), record(flags=27, inner=OBJECT), p.EMPTY_LIST + p.EMPTY_TUPLE + p.APPEND
    ),
    "scalar": p.call(p.named(CORE, "scalar"), F4, p.raw(bytes(4))),
    "buffer": p.call(
        p.named("numpy._core.numeric", "_frombuffer"), p.raw(bytes(8)), F4, p.tuple_of(p.number(2)),
        p.text("C"),
    ),
    "record-of-numpy-1": p.dtype_state(
        p.call(p.named("numpy", "dtype"), p.named("numpy.core.records", "record"), p.number(0),
               p.number(1)),
        names=p.tuple_of(p.text("a")), size=8, fields=p.EMPTY_DICT + p.MARK + p.text("a")
        + p.tuple_of(p.dtype("f8"), p.number(0)) + p.SETITEMS, flags=16,
    ),
    "class-as-a-value": p.named("numpy", "float32"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_arrays_as_numpy_writes_them_are_data(name):
    found = read(GOOD[name])
    assert (found.verdict, found.reasons) == ("data", ())


@pytest.mark.parametrize(
    "module,name", [("numpy", "matrix"), ("numpy.matrixlib.defmatrix", "matrix")]
)
def test_a_matrix_is_an_array_under_each_of_its_names(module, name):
    data = p.array((2, 2), F4, p.raw(bytes(16)))
    named = data.replace(p.named("numpy", "ndarray"), p.named(module, name))
    assert named != data
    assert read(named).verdict == "data"
    called = p.call(p.named(module, name), p.text("1 2"))
    assert read(called).verdict == "dangerous"


def test_elements_are_counted_by_number_type():
    found = read(p.MARK, GOOD["floats"], GOOD["floats"], GOOD["python-2-bytes"], p.TUPLE)
    assert (found.elements, found.arrays) == ((("F32", 12), ("I8", 4)), 3)


POINTERS = {
    "fewer-objects-than-the-shape-says": p.array((200,), OBJECT, p.EMPTY_LIST + p.NONE + p.APPEND),
    "more-objects-than-the-shape-says": p.array((0,), OBJECT, p.EMPTY_LIST + p.NONE + p.APPEND),
    "aligned-to-nothing": p.dtype_state(p.dtype("V8"), size=8, alignment=0),
    "date-without-a-unit": p.dtype_state(p.dtype("M8")),
    "object-over-a-number": record(flags=27, inner=OBJECT, offset=0),
    "order-is-none": p.dtype_state(p.dtype("f8")).replace(p.text("|"), p.text("x")),
    "date-is-read-through-pointers": p.dtype_state(p.dtype("M8"), flags=0xA4),
    "number-is-read-through-pointers": p.dtype_state(p.dtype("f8"), flags=0x20),
    "objects-with-other-flags": p.dtype_state(p.dtype("O8"), flags=27),
    "names-of-no-field": p.dtype_state(
        p.dtype("V4"), size=4, names=p.tuple_of(p.text("x")),
        fields=p.EMPTY_DICT + p.text("a") + p.tuple_of(p.dtype("f4"), p.number(0)) + p.SETITEM,
    ),
    "objects-filled-with-bytes": p.array((1,), OBJECT, p.raw(bytes(8))),
    "objects-without-their-flags": p.dtype_state(p.dtype("O8"), flags=0),
    "objects-with-half-of-their-flags": p.dtype_state(p.dtype("O8"), flags=1),
    "flags-of-objects-on-numbers": p.dtype_state(p.dtype("f8"), flags=63),
    "record-hides-its-objects": record(flags=0, inner=OBJECT),
    "field-outside": record(offset=8),
    "field-at-a-negative-offset": record(offset=-1),
    "negative-size": p.dtype_state(p.dtype("V8"), size=-8),
    "subarray-larger-than-its-element": p.dtype_state(
        p.dtype("V8"), size=8, subarray=p.tuple_of(p.dtype("f8"), p.tuple_of(p.number(2)))
    ),
    "fields-of-a-number": p.dtype_state(p.dtype("f8"), names=p.EMPTY_TUPLE, fields=p.EMPTY_DICT),
    "state-twice": p.dtype_state(p.dtype_state(p.dtype("f8"))),
    "state-after-its-use": (
        p.array((1,), p.dtype("V8") + p.put(7), p.raw(bytes(8))) + p.POP
        + p.dtype_state(p.get(7), flags=63, size=8)
    ),
    "type-within-itself": p.dtype_state(
        p.dtype("V8") + p.put(7), size=8, names=p.tuple_of(p.text("a")),
        fields=p.EMPTY_DICT + p.text("a") + p.tuple_of(p.get(7), p.number(0)) + p.SETITEM,
    ),
    "scalar-of-objects-from-bytes": p.call(p.named(CORE, "scalar"), OBJECT, p.raw(bytes(8))),
}  # fmt: skip


@pytest.mark.parametrize("name", POINTERS)
def test_what_makes_numpy_believe_false_things_of_memory_is_dangerous(name):
    found = read(POINTERS[name])
    assert found.verdict == "dangerous"
    assert "numpy-dtype-state" in rules(found)


def reconstructed(*arguments):
    return p.call(p.named(CORE, "_reconstruct"), *arguments)


ODD = {
    "bytes-too-few": p.array((4,), F4, p.raw(bytes(15))),
    "bytes-too-many": p.array((4,), F4, p.raw(bytes(17))),
    "negative-shape": p.array((-1,), F4, p.raw(b"")),
    "no-number-type": p.array((1,), p.text("f4"), p.raw(bytes(4))),
    "number-type-of-words": p.call(p.named("numpy", "dtype"), p.text("i4,O"), p.FALSE, p.TRUE),
    "number-type-of-a-dict": p.call(p.named("numpy", "dtype"), p.EMPTY_DICT, p.FALSE, p.TRUE),
    "made-of-another-class": reconstructed(ORDERED := p.named("collections", "OrderedDict"), p.tuple_of(p.number(0)), p.raw(b"b")),
    "made-with-a-shape": reconstructed(p.named("numpy", "ndarray"), p.tuple_of(p.number(9)), p.raw(b"b")),
    "made-of-objects": reconstructed(p.named("numpy", "ndarray"), p.tuple_of(p.number(0)), p.raw(b"O")),
    "scalar-too-short": p.call(p.named(CORE, "scalar"), F4, p.raw(bytes(3))),
    "buffer-of-objects": p.call(
        p.named("numpy._core.numeric", "_frombuffer"), p.raw(bytes(8)), OBJECT, p.tuple_of(p.number(1)), p.text("C")
    ),
    "buffer-too-short": p.call(
        p.named("numpy._core.numeric", "_frombuffer"), p.raw(bytes(8)), F4, p.tuple_of(p.number(3)), p.text("C")
    ),
    "generator-of-another-class": p.call(p.named("numpy.random._pickle", "__bit_generator_ctor"), ORDERED),
    "generator-with-another-constructor": p.call(
        p.named("numpy.random._pickle", "__generator_ctor"), p.text("PCG64"), p.named("_codecs", "encode")
    ),
    "array-wrapped-for-nobody": p.array((1,), F4, p.NONE),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_arrays_that_numpy_does_not_write_are_malformed(name):
    assert read(ODD[name]).verdict == "malformed"


def test_a_random_generator_stands_within_its_words():
    made = p.call(p.named("numpy.random._pickle", "__randomstate_ctor"), p.text("MT19937"))

    def state(position):
        return made + p.dict_of(state=p.dict_of(pos=p.number(position))) + p.BUILD

    assert read(state(624)).verdict == "data"
    assert read(state(625)).verdict == "dangerous"


@pytest.mark.parametrize(
    ("name", "size", "label"),
    [
        ("<f4", 4, "F32"), ("|b1", 1, "BOOL"), ("<i8", 8, "I64"), ("<U5", 20, "U"), ("S3", 3, "S"),
        ("<M8[ns]", 8, "M"), ("|O", 8, "O"), ("|V7", 7, "V"), ("<c16", 16, "C128"), ("?", 1, "BOOL"),
        (">u2", 2, "U16"), ("d", 8, "F64"),
    ],
)  # fmt: skip
def test_short_names_of_number_types(name, size, label):
    found = simple(name)
    assert found is not None
    assert (found.size, found.label, found.objects) == (size, label, label == "O")


@pytest.mark.parametrize(
    "name", ["", "f3", "i4,O", "object", "float64", "O'", "u", "f4\n", "(2,)f4"]
)
def test_other_names_are_none(name):
    assert simple(name) is None
