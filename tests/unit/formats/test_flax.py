"""Flax's trees in MessagePack: arrays by their shapes, nothing cut, nothing behind, nothing else."""

from __future__ import annotations

import struct

import pytest

from auditor.formats import Budget, FormatError, Memory, flax
from auditor.formats._msgpack import items
from tests.formats_reading import EVIL, judged, rules
from tests.formats_reading import inspect as inspect_as
from tests.model_samples.flax import array, sample, text, tree

WEIGHT = array()
NUMBERS = (
    b"\xca" + struct.pack(">f", 1.5), b"\xcb" + struct.pack(">d", 1.5), b"\xcc\xff",
    b"\xcd\xff\xff", b"\xce" + b"\xff" * 4, b"\xcf" + b"\xff" * 8, b"\xd0\x80", b"\xd1\x80\0",
    b"\xd2\x80\0\0\0", b"\xd3\x80" + bytes(7), b"\x7f", b"\xe0",
)  # fmt: skip


def extension(code, data):
    return b"\xc9" + struct.pack(">I", len(data)) + bytes([code]) + data


def test_a_tree_of_arrays_is_data_with_its_facts():
    found = judged(sample())
    assert (found.model_format, found.verdict, found.reasons) == ("flax", "data", ())
    assert (found.header.parameters, found.header.precision, found.header.tensors) == (6, "F32", 2)


@pytest.mark.parametrize(
    "value",
    [
        array((4,), "bfloat16", bytes(8)),
        array((), "int32", bytes(4), 3),
        array((0, 3), "float32", b""),
        array((3,), "int4", bytes(3)),
        extension(2, b"\x92\xcb" + bytes(8) + b"\xca" + bytes(4)),
        b"\x93" + b"".join(NUMBERS[:3]),
        b"\xdc\x00\x0c" + b"".join(NUMBERS),
        b"\xc0",
        b"\xc3",
        b"\xd9\x04text",
        b"\xda\0\x04text",
        b"\xdb\0\0\0\x04text",
        b"\xc4\x04text",
        b"\xde\0\x01\xa1a\x07",
        b"\x80",
        b"\xdd\0\0\0\0",
        tree(__msgpack_chunked_array__=b"\xc3", shape=b"\x81\xa10\x02", chunks=b"\x81\xa10" + WEIGHT),
    ],
    ids=[
        "bfloat16", "scalar", "no-elements", "int4", "complex", "array", "numbers", "nil", "true",
        "text-8", "text-16", "text-32", "bytes", "map-16", "empty-map", "empty-array", "chunks",
    ],
)  # fmt: skip
def test_what_flax_writes_is_data(value):
    found = judged(tree(w=WEIGHT, v=value))
    assert (found.model_format, found.verdict, found.reasons) == ("flax", "data", ())


@pytest.mark.parametrize(
    "value,verdict,rule",
    [
        (array((3, 3)), "malformed", "flax-array"),
        (array((1,)), "malformed", "flax-array"),
        (array((2, 2), "float64"), "malformed", "flax-array"),
        (array((2, 2), "object"), "not-inspectable", "flax-type"),
        (array((2, 2), "i4,O"), "not-inspectable", "flax-type"),
        (extension(1, b"\x92\x90\xa1f"), "malformed", "flax-array"),
        (extension(1, b"\x93\x91\xff" + text("int8") + b"\xc4\0"), "malformed", "flax-array"),
        (extension(1, b"\x93\x91\xc0" + text("int8") + b"\xc4\0"), "malformed", "flax-array"),
        (
            extension(1, b"\x93\x90" + text("int8") + b"\xc4\1a" + b"more"),
            "malformed",
            "flax-array",
        ),
        (extension(1, b"\x93\x90" + text("int8") + b"\xc4\x09a"), "malformed", "flax-malformed"),
        (extension(1, b""), "malformed", "flax-malformed"),
        (extension(2, b"\x92\xa1a\x01"), "malformed", "flax-complex"),
        (extension(2, b"\x92\x01\x01\x01"), "malformed", "flax-complex"),
        (extension(4, b"anything"), "not-inspectable", "flax-extension"),
        (extension(0, EVIL), "not-inspectable", "flax-extension"),
        (b"\xd4\xff\0", "not-inspectable", "flax-extension"),
        (b"\xc1", "malformed", "flax-malformed"),
        (b"\xcb\0", "malformed", "flax-malformed"),
        (b"\xdd\xff\xff\xff\xff", "malformed", "flax-malformed"),
        (b"\xdb\xff\xff\xff\xff", "malformed", "flax-malformed"),
        (b"\x91" * 100 + b"\0", "not-inspectable", "limit-depth"),
        (b"\x81\x01\x01", "malformed", "flax-name"),
        (b"\x81\xc4\x01a\x01", "malformed", "flax-name"),
        (b"\x81\x80\x01", "malformed", "flax-name"),
        (b"\x07" + EVIL, "malformed", "msgpack-tail"),
        (b"\x07\0", "malformed", "msgpack-tail"),
    ],
)
def test_what_flax_does_not_write_is_no_pass(value, verdict, rule):
    found = judged(tree(w=WEIGHT, v=value))
    assert (found.model_format, found.verdict) == ("flax", verdict)
    assert rule in rules(found)


def test_bytes_of_the_tree_are_judged_as_a_file_of_their_own():
    value = b"\xc4" + bytes([len(EVIL)]) + EVIL
    found = judged(tree(w=WEIGHT, v=value))
    assert found.verdict == "dangerous"
    assert found.reasons[0].member.startswith("bytes at ")


def test_what_is_a_pickle_as_well_is_judged_as_one():
    """A table of twelve to the one; to the other a text of 161 bytes, and then what it calls."""
    words = b"a" * 158 + b"0" + EVIL[2:]
    first = text("w") + b"\xd9" + bytes([len(words)]) + words
    others = b"".join(text(letter) + WEIGHT for letter in "bcdefghijkl")
    data = b"\x8c" + first + others
    assert flax.recognises(data[:1024], Memory(data))
    assert inspect_as(flax, data).verdict == "data"
    assert judged(data).verdict == "dangerous"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        b"\x81\xa1a",
        b"\x81\x01" + WEIGHT,
        tree(a=b"\x07"),
        b"\x81\xa1a" + b"\x91" * 999,
    ],
)
def test_what_is_not_told_to_be_flax(data):
    assert not flax.recognises(data, Memory(data))


def test_a_tree_cut_anywhere_is_no_pass():
    whole = sample()
    for end in range(1, len(whole)):
        assert inspect_as(flax, whole[:end]).verdict in ("malformed", "not-inspectable")


def test_work_is_bounded_where_a_count_is_a_lie():
    budget = Budget()
    budget.steps = 1000
    with pytest.raises(FormatError):
        list(items(Memory(b"\xdd\xff\xff\xff\xff" + bytes(100_000)), budget))
