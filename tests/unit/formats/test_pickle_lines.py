"""Protocol 0 writes a text, or bytes as a text, on one line, however long: no length is wrong."""

from __future__ import annotations

import pickle

import pytest

from auditor import formats
from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle import examine
from tests.pickle_reading import examined, rules

RUN = b"0cos\nsystem\n(S'echo inert'\ntR."
LENGTHS = (1023, 1024, 1025, 65_535, 65_536, 65_537, 1_048_577, 3_000_000)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("value", ["a", "\u00e9", "\u20ac", "\\", "'"])
def test_a_line_of_any_length_is_data(value, length):
    data = pickle.dumps([value * length, 1], 0)
    found = formats.inspect(Memory(data))
    assert (found.model_format, found.verdict, found.reasons) == ("pickle", "data", ())


@pytest.mark.parametrize("length", LENGTHS)
def test_bytes_of_any_length_are_data(length):
    found = examined(pickle.dumps(bytes(length), 0))
    assert found.verdict == "data"
    assert found.end > length


@pytest.mark.parametrize("line", [
    b"V" + b"a" * 70_000 + b"\n",
    b"S'" + b"a" * 70_000 + b"'\n",
    b"V" + b"a" * 20_000_000 + b"\n",
    b"V" + b"\\u0041" * 12_000 + b"\n",
    b"I" + b"0" * 70_000 + b"\n",
    b"F1." + b"0" * 70_000 + b"\n",
    b"P" + b"a" * 70_000 + b"\n",
], ids=["text", "quoted", "very-long", "escapes", "integer", "float", "persistent"])  # fmt: skip
def test_a_call_behind_a_long_line_is_seen(line):
    found = formats.inspect(Memory(line + RUN))
    assert found is not None
    assert found.verdict == "dangerous"
    assert "os.system" in {reason.global_name for reason in found.reasons}


@pytest.mark.parametrize("begins", [b"V", b"S'", b"I", b"c"])
def test_text_on_one_line_is_no_pickle(begins):
    assert formats.inspect(Memory(begins + b"a" * 2_000_000)) is None


def test_a_line_that_is_no_end_of_the_file_costs_a_bounded_search():
    class Endless:
        size = 1 << 40
        read = 0

        def at(self, offset, length):
            Endless.read += length
            return b"V" + b"a" * (length - 1)

    budget = Budget()
    budget.steps = 4096
    found = examine(Endless(), Context(budget=budget))
    assert rules(found) == {"limit-steps"}
    assert Endless.read < 100 << 20


def test_the_bytes_of_an_array_are_counted_in_a_long_line():
    def array(shape):
        contents = "\\u00ff" * 5000
        return (
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt"
            b"c_codecs\nencode\n(Vb\nVlatin1\ntRtR(I1\n(I%d\ntcnumpy\ndtype\n(Vf8\nI00\nI01\ntR"
            b"(I3\nV<\nNNNI-1\nI-1\nI0\ntbI00\nc_codecs\nencode\n(V" % shape
            + contents.encode() + b"\nVlatin1\ntRtb."
        )  # fmt: skip

    found = examined(array(625))
    assert (found.verdict, found.elements) == ("data", (("F64", 625),))
    assert rules(examined(array(626))) == {"pickle-call-arguments"}


def test_a_file_within_a_long_line_is_looked_into():
    escaped = (b"A" * 2000).decode() + "\\x80"
    data = (
        b"ctorch.storage\n_load_from_bytes\n(S'" + b"\\x80\\x02cos\\nsystem\\nX\\x01\\x00\\x00"
        b"\\x00a\\x85R." + escaped.encode() + b"'\ntR."
    )
    found = examined(data)
    assert found.verdict == "dangerous"
    assert "os.system" in {reason.global_name for reason in found.reasons}


@pytest.mark.parametrize("line", [
    b"V" + b"a" * 2000 + b"\\u00zz\n", b"S'" + b"a" * 2000 + b"\n", b"S" + b"a" * 2000 + b"\n",
    b"S'" + b"a" * 2000 + b"\\xz'\n",
], ids=["no-escape", "no-end-quote", "no-quotes", "no-byte"])  # fmt: skip
def test_a_long_line_that_python_refuses_is_malformed(line):
    assert rules(examined(line + b".")) == {"pickle-literal"}
