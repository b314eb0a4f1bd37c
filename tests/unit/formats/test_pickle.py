"""Files of pickles: recognised by content, read to the last byte, several after each other."""

from __future__ import annotations

import pickle
import random

import pytest

from auditor import formats
from auditor.formats import Memory
from auditor.formats import pickle as pickle_format
from tests import pickle_ops as p
from tests.formats_reading import inspect
from tests.pickle_reading import rules

RUN = p.call(p.lines("os", "system"), p.text("echo inert"))
TEXTUAL = b"cos\nsystem\n(S'echo inert'\ntR."


def recognised(data: bytes) -> bool:
    return pickle_format.FORMAT.recognises(data[:1024], Memory(data))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [{"a": [1, "b"]}, [1.5] * 3000, "a text", {"k": list(range(9))}])
def test_pickles_are_recognised_without_their_name(protocol, value):
    data = pickle.dumps(value, protocol=protocol)
    assert recognised(data)
    found = inspect(pickle_format.FORMAT, data)
    assert (found.model_format, found.verdict, found.role) == ("pickle", "data", "object")
    assert found.header.producer == f"pickle protocol {protocol if protocol > 1 else 0}"


HOSTILE = {
    "protocol-0": TEXTUAL,
    "breaks-behind-the-call": TEXTUAL[:-1] + b"\xff\xff",
    "instance": b"(S'echo inert'\nios\nsystem\n.",
    "object": b"(cos\nsystem\nS'echo inert'\no.",
    "known-name-and-then-nothing": b"cos\nsystem\nxx",
    "import-that-opens-a-browser": b"cantigravity\ngeohash\n",
    "protocol-1-with-magic": b"\x80\x01" + TEXTUAL,
    "protocol-6": b"\x80\x06" + TEXTUAL,
    "protocol-255": b"\x80\xff" + TEXTUAL,
    "call-behind-much": b"N0" * 10_000 + TEXTUAL,
    "call-behind-a-long-text": b"X" + (500_000).to_bytes(4, "little") + b"a" * 500_000 + b"0" + TEXTUAL,
    **{
        f"first-{first[0]:02x}": first + b"0" + TEXTUAL
        for first in (
            b"\x88", b"\x89", b"\x8c\x01a", b"\x8f", b"C\x01a", b"B\1\0\0\0a", b"N", b"I1\n", b"J\0\0\0\0",
            b"\x8a\x01a", b"\x8b\1\0\0\0a", b"\x8d\1" + bytes(7) + b"a", b"\x8e\1" + bytes(7) + b"a", b"(",
            b"\x96\1" + bytes(7) + b"a", b"G" + bytes(8), b"F1\n", b"L1L\n", b"S'a'\n", b"Va\n", b"U\1a",
            b"T\1\0\0\0a", b"]", b"}", b")", b"K\1", b"M\1\1", b"Pa\n", b"\x97",
        )
    },
    "frame-first": b"\x95" + bytes(8) + TEXTUAL,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_runs_is_recognised_however_it_begins(name):
    data = HOSTILE[name]
    assert recognised(data)
    found = formats.inspect(Memory(data))
    assert found is not None
    assert found.verdict in ("dangerous", "malformed", "not-inspectable")
    assert found.verdict == "dangerous" or name == "call-behind-nothing"


OTHER = {
    "prose": b"Caught in the rain, they went home.\nNothing was said.\n",
    "prose-on-internals": b"(internal use only)\n\nNot for others.\n",
    "prose-with-i": b"I am a text.\nAnd go on.\n",
    "words": b"cat\ndog\nhorse\nbird\n",
    "requirements": b"click\ncolorama\njinja2==3.1\n",
    "table": b"name,size\nllama,7\n",
    "json": b'{"a": [1, 2, 3]}\n',
    "json-list": b"[1, 2, 3]\n",
    "yaml": b"model: llama\nlayers: 32\n",
    "python": b"import os\nos.system('ls')\n",
    "python-class": b"class Net:\n    pass\n",
    "c": b"#include <stdio.h>\nint main() {}\n",
    "markdown": b"# Title\n\nText.\n",
    "xml": b"<?xml version='1.0'?>\n<a/>\n",
    "ini": b"[section]\nkey=value\n",
    "vocabulary": b"[PAD]\n[unused0]\n[CLS]\n",
    "merges": b"#version: 0.2\nt h\n",
    "lisp": b"(defun f (x) x)\n",
    "genome": b"NNNNACGT" * 100,
    "title": b"Title\nof the text\n" * 10,
    "nothing": b"",
    "one-byte": b".",
    "two-bytes": b"N.",
    "magic-only": b"\x80\x04",
    "printer-font": b"\x80\x01\x05\x1b\0\0%!PS-AdobeFont",
    "elf": b"\x7fELF" + bytes(60),
    "zeroes": bytes(5000),
}


@pytest.mark.parametrize("name", OTHER)
def test_other_files_are_no_pickles(name):
    assert not recognised(OTHER[name])


def test_random_bytes_are_hardly_ever_pickles():
    chance = random.Random(4)
    taken = sum(recognised(bytes([0x28]) + chance.randbytes(2000)) for _ in range(2000))
    taken += sum(recognised(chance.randbytes(2000)) for _ in range(2000))
    assert taken <= 20


def test_several_pickles_after_each_other_are_all_read():
    one = pickle.dumps([1, 2])
    assert inspect(pickle_format.FORMAT, one * 5).verdict == "data"
    found = inspect(pickle_format.FORMAT, one * 5 + TEXTUAL)
    assert found.verdict == "dangerous"
    assert found.reasons[0].offset == len(one) * 5


TAILS = {
    "zeroes": bytes(100),
    "newline": b"\n",
    "words": b"the end",
    "archive": b"PK\3\4" + bytes(50),
    "half-a-pickle": pickle.dumps([1, 2])[:-3],
}


@pytest.mark.parametrize("name", TAILS)
def test_bytes_behind_the_end_are_malformed(name):
    found = inspect(pickle_format.FORMAT, pickle.dumps([1, 2]) + TAILS[name])
    assert found.verdict == "malformed"
    assert rules(found) & {"pickle-tail", "pickle-truncated"}


@pytest.mark.parametrize("gap", [b"\0", b"\n", b"some words ", bytes(5000)])
@pytest.mark.parametrize("hidden", [TEXTUAL, p.whole(RUN), b"(" + TEXTUAL])
def test_a_pickle_hidden_behind_other_bytes_is_found(gap, hidden):
    found = inspect(pickle_format.FORMAT, pickle.dumps([1, 2]) + gap + hidden)
    assert found.verdict == "dangerous"
    assert "pickle-tail" in rules(found)


def test_facts_are_counted():
    f4 = p.dtype_state(p.dtype("f4"))
    array = p.array((1000,), f4, p.raw(bytes(4000)))
    data = p.whole(p.MARK, array, array, p.array((10,), p.dtype("i1"), p.raw(bytes(10))), p.TUPLE)
    header = inspect(pickle_format.FORMAT, data).header
    assert (header.parameters, header.precision, header.tensors) == (2010, "F32", 3)
    assert inspect(pickle_format.FORMAT, pickle.dumps([1])).header.parameters is None


NO_PICKLES = {
    # `C` takes `T` for a length, and 84 letters later there is a full stop.
    "a-page-that-comes-out-even": b"CTEST_TRIGGER_SITE\n------------------\n\n"
    b".. versionadded:: 3.1\n\nLegacy option.  Not used.\n",
    "the-same-without-a-newline": b"CT" + b"x" * 84 + b".",
    # `F` takes each line for a number.
    "a-list-of-functions": b"FUNC:_ZGTtNKSt11logic_error4whatEv@@GLIBCXX_3.4.22\n" * 9_000,
    "a-list-of-what-i-did": b"I did nothing\n" * 9_000,
}  # fmt: skip
PICKLES = {
    "a-call-behind-what-is-no-number": b"FUNC\n" + TEXTUAL,
    "a-number-of-python-2": b"I08\n0" + b"N0" * 5_000 + TEXTUAL,
    "a-number-of-the-reader-in-python": b"F1_0\n0" + b"N0" * 5_000 + TEXTUAL,
    "a-number-of-more-digits-than-python-reads-today": b"I"
    + b"9" * 5_000
    + b"\n0"
    + b"N0" * 5_000
    + TEXTUAL,
    "bytes-before-a-pickle-that-calls": b"CTx" + b"y" * 83 + b"." + TEXTUAL,
    "bytes-before-blanks-and-a-pickle": b"CTx" + b"y" * 83 + b"." + b"\n" * 70 + p.whole(RUN),
    "bytes-that-are-a-pickle": b"C" + bytes((len(p.whole(RUN)),)) + p.whole(RUN) + b".\n",
    "data-of-protocol-0": b"(lp0\nI1\naI2\na.",
}


@pytest.mark.parametrize("name", NO_PICKLES)
def test_a_text_is_no_pickle_where_no_reader_imports_anything(name):
    assert formats.inspect(Memory(NO_PICKLES[name])) is None


@pytest.mark.parametrize("name", PICKLES)
def test_what_some_reader_loads_is_a_pickle(name):
    found = formats.inspect(Memory(PICKLES[name]))
    assert found is not None
    assert found.verdict != "data" or name == "data-of-protocol-0"


@pytest.mark.parametrize("protocol", range(5))
def test_a_pickle_in_a_literal_is_told_of_small_files_too(protocol):
    """A trial of a few steps ends within the literal, and is no reading."""
    inner = TEXTUAL.decode()
    found = formats.inspect(Memory(pickle.dumps({"a": inner}, protocol)))
    assert {reason.rule for reason in found.reasons} == {"pickle-embedded"}
