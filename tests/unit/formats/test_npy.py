"""NumPy's array files: the header is a literal, the array fills the file, objects are a pickle."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import Memory, npy
from tests import pickle_ops as p
from tests.formats_reading import inspect
from tests.model_samples.npy import header

RUN = p.call(p.lines("os", "system"), p.text("echo inert"))


def build(descr="'<f4'", shape="(2, 3)", data=bytes(24), *, version=1, tail=""):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}{tail}"
    return header(text.encode().ljust(117) + b"\n", version) + data


GOOD = {
    "floats": (build(), 6, "F32"),
    "version-2": (build(version=2), 6, "F32"),
    "version-3": (build(version=3), 6, "F32"),
    "no-dimension": (build(shape="()", data=bytes(4)), 1, "F32"),
    "one-dimension": (build(shape="(6,)"), 6, "F32"),
    "empty": (build(shape="(0, 3)", data=b""), 0, "F32"),
    "long-of-python-2": (build(shape="(2L, 3L)"), 6, "F32"),
    "words": (build("'<U2'", "(3,)"), 3, "U"),
    "fields": (build("[('a', '<f4'), ('b', '<i8', (2,))]", "(2,)", bytes(40)), 2, "V"),
    "fields-with-titles": (build("[(('t', 'a'), '<f4')]", "(2,)", bytes(8)), 2, "V"),
    "nested-fields": (build("[('a', [('b', '|i1')]), ('', '|V3')]", "(2,)", bytes(8)), 2, "V"),
    "date": (build("'<M8[ns]'", "(3,)"), 3, "M"),
    "double-quotes": (build('"<f4"'), 6, "F32"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_header_tells_shape_and_number_type(name):
    data, elements, label = GOOD[name]
    found = formats.inspect(Memory(data))
    assert found is not None
    assert (found.model_format, found.verdict) == ("npy", "data")
    assert (found.header.parameters, found.header.precision) == (elements, label)


OBJECTS = p.array((1,), p.dtype_state(p.dtype("O8"), flags=63), p.EMPTY_LIST + p.NONE + p.APPEND)


@pytest.mark.parametrize("descr", ["'|O'", "[('a', '<i4'), ('b', '|O')]", "('|O', (2,))"])
def test_an_array_of_objects_is_a_pickle(descr):
    assert inspect(npy, build(descr, "(1,)", p.whole(OBJECTS))).verdict == "data"
    hostile = inspect(npy, build(descr, "(1,)", p.whole(RUN)))
    assert hostile.verdict == "dangerous"
    assert hostile.reasons[0].offset > 128
    unlisted = inspect(npy, build(descr, "(1,)", p.whole(p.named("acme", "Net"))))
    assert unlisted.unlisted == ("acme.Net",)


NEGATIVE = {
    "magic-only": b"\x93NUMPY",
    "ends-in-length": b"\x93NUMPY\1\0\5",
    "ends-in-header": build()[:50],
    "version-9": build().replace(b"\x93NUMPY\1", b"\x93NUMPY\x09"),
    "version-1-1": build().replace(b"\x93NUMPY\1\0", b"\x93NUMPY\1\1"),
    "data-missing": build(data=bytes(23)),
    "bytes-behind": build(data=bytes(25)),
    "pickle-behind": build(data=bytes(24) + p.whole(RUN)),
    "not-a-dict": header(b"['<f4']\n"),
    "a-key-missing": header(b"{'descr': '<f4', 'shape': (1,)}\n") + bytes(4),
    "a-key-too-many": header(b"{'descr':'<f4','fortran_order':False,'shape':(1,),'x':1}\n") + bytes(4),
    "a-key-twice": header(b"{'descr':'<f4','descr':'|O','fortran_order':False,'shape':(1,)}\n") + bytes(4),
    "a-call": build("__import__('os').system('id')"),
    "an-expression": build("'<f' + '4'"),
    "joined-words": build("'<f' '4'"),
    "something-behind": build(tail=" + 1"),
    "negative-shape": build(shape="(-1, 3)"),
    "shape-is-a-list": build(shape="[2, 3]"),
    "shape-is-a-number": build(shape="6"),
    "shape-of-truth": build(shape="(True, 6)"),
    "shape-in-parentheses": build(shape="(6)"),
    "huge-shape": build(shape="(4611686018427387904, 4)"),
    "65-dimensions": build(shape="(" + "1," * 65 + ")"),
    "unknown-type": build("'<x4'"),
    "type-by-name": build("'object'"),
    "types-in-a-row": build("'i4,O'"),
    "fields-are-none": build("[]"),
    "field-without-a-type": build("[('a',)]"),
    "field-shape-negative": build("[('a', '<f4', (-1,))]"),
    "field-shape-huge": build("[('a', '<f4', (9999999999, 9999999999, 9999999999))]"),
    "deep": header(b"[" * 60_000 + b"\n", 2),
    "deep-fields": header(b"{'descr': " + b"[('a', " * 100 + b"'<f4'" + b")]" * 100 + b"}\n", 2),
    "many-words": header(b"{'descr': [" + b"'a'," * 200_000 + b"]}\n", 2),
    "long-header": b"\x93NUMPY\2\0" + (2 << 20).to_bytes(4, "little") + b" " * (2 << 20),
    "nul": build().replace(b"False", b"Fal\0e"),
    "not-utf8": build(version=3).replace(b"False", b"Fal\xffe"),
    "objects-cut": build("'|O'", "(1,)", p.whole(OBJECTS)[:-1]),
    "objects-and-more": build("'|O'", "(1,)", p.whole(OBJECTS) + b"x"),
    "objects-as-numbers": build("'|O'", "(1,)", bytes(8)),
}  # fmt: skip


@pytest.mark.parametrize("name", NEGATIVE)
def test_what_is_no_array_is_refused(name):
    found = formats.inspect(Memory(NEGATIVE[name]))
    assert found is not None
    assert found.model_format == "npy"
    assert found.verdict in ("malformed", "not-inspectable", "dangerous")
    assert found.reasons


ORDERED = p.whole(p.call(p.named("collections", "OrderedDict")))


def test_objects_that_end_with_a_newline_are_read_as_numpy_reads_them():
    """NumPy's own `py2-np0-objarr.npy` has a byte behind its pickle."""
    found = inspect(npy, build("'|O'", "(1,)", ORDERED + b"\n"))
    assert (found.verdict, {reason.rule for reason in found.reasons}) == ("data", {"pickle-blanks"})


@pytest.mark.parametrize("tail", [b"\0", b"\nmore", b"\n" * 65, ORDERED])
def test_other_bytes_behind_objects_are_malformed(tail):
    found = inspect(npy, build("'|O'", "(1,)", ORDERED + tail))
    assert (found.verdict, {reason.rule for reason in found.reasons}) == (
        "malformed",
        {"pickle-tail"},
    )


@pytest.mark.parametrize("tail", [b"", b"\n", b"\0more"])
def test_what_objects_do_is_told_whatever_follows_them(tail):
    found = inspect(npy, build("'|O'", "(1,)", p.whole(RUN) + tail))
    assert found.verdict == "dangerous"


def test_a_pickle_that_hides_behind_objects_is_found():
    found = inspect(npy, build("'|O'", "(1,)", ORDERED + b"\0" * 9 + p.whole(RUN)))
    assert found.verdict == "dangerous"
    assert "pickle-tail" in {reason.rule for reason in found.reasons}
