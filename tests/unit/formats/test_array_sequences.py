"""Arrays end to end, as Equinox writes a model's leaves, and the line of JSON before them."""

from __future__ import annotations

import pytest

from auditor.formats import _npy_arrays
from tests.corpus._archives import plain_zip
from tests.formats_reading import EVIL, judged, rules
from tests.model_samples.npy import header


def array(descr="<f4", shape="(2, 3)", data=bytes(24)):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    return header(text.encode().ljust(117) + b"\n") + data


FLOATS = array()
NUMBER = array("<i8", "()", bytes(8))
OBJECTS = array("|O", "(1,)", b"\x80\x02]N" + b"a.")
HOSTILE = array("|O", "(1,)", EVIL)
LINE = b'{"in_size": 2, "width": 8}\n'


@pytest.mark.parametrize("line,kind", [(b"", "npy"), (LINE, "equinox")])
def test_the_leaves_of_a_model_are_data_with_their_facts(line, kind):
    found = judged(line + FLOATS * 3 + NUMBER)
    assert (found.model_format, found.verdict, found.reasons) == (kind, "data", ())
    facts = found.header
    assert (facts.parameters, facts.precision, facts.tensors) == (19, "F32+I64", 4)


@pytest.mark.parametrize("line", [b"", LINE])
@pytest.mark.parametrize("place", range(3))
def test_objects_that_call_are_found_wherever_they_lie(line, place):
    arrays = [FLOATS, NUMBER, FLOATS]
    arrays[place] = HOSTILE
    found = judged(line + b"".join(arrays))
    assert found.verdict == "dangerous"
    assert found.reasons[0].offset > 0


def test_objects_between_arrays_are_read_to_their_end():
    assert judged(FLOATS + OBJECTS + OBJECTS + FLOATS).verdict == "data"
    found = judged(HOSTILE + b"\0" + FLOATS)
    assert found.verdict == "dangerous"


@pytest.mark.parametrize(
    "data",
    [
        FLOATS + b"\0" + FLOATS,
        FLOATS + b"\n" + FLOATS,
        FLOATS + EVIL + FLOATS,
        FLOATS + FLOATS + EVIL,
        FLOATS + FLOATS + b"\0",
        FLOATS + FLOATS[:-1],
        FLOATS + FLOATS[:50],
        FLOATS + FLOATS[:6],
        FLOATS + plain_zip({"a.pkl": EVIL}),
        FLOATS + FLOATS.replace(b"<f4", b"<x4"),
        LINE + FLOATS + EVIL,
        LINE + FLOATS + b"\n",
        b"{\n" + FLOATS,
        b"{in_size: 2}\n" + FLOATS,
        b'{"a": 1}{}\n' + FLOATS,
        b'{"a": 1} \x00\n' + FLOATS,
    ],
    ids=[
        "byte-between", "line-between", "pickle-between", "pickle-behind", "byte-behind", "cut",
        "header-cut", "magic-alone", "archive-behind", "type-unknown", "line-pickle-behind",
        "line-line-behind", "line-cut", "line-no-json", "line-two-tables", "line-and-a-nul",
    ],
)  # fmt: skip
def test_what_lies_beside_the_arrays_is_no_pass(data):
    found = judged(data)
    assert found.verdict in ("malformed", "dangerous", "not-inspectable")
    assert found.reasons


def test_what_the_line_would_make_is_told():
    """A table that Keras takes a class by its name from is that, whatever follows it."""
    line = (
        b'{"class_name": "Lambda", "module": "keras.layers", "registered_name": null,'
        b' "config": {"function": {"class_name": "__lambda__", "config": {"code": "eA=="}}}}\n'
    )
    found = judged(line + FLOATS)
    assert found.verdict == "dangerous"
    assert found.reasons[0].member == "hyperparameters"


def test_more_arrays_than_are_read_are_not_inspectable(monkeypatch):
    monkeypatch.setattr(_npy_arrays, "MOST_ARRAYS", 3)
    assert judged(FLOATS * 3).verdict == "data"
    found = judged(FLOATS * 3 + HOSTILE)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"limit-members"})
