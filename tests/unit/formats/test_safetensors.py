"""Safetensors headers: what they say, and every way to hide bytes behind one."""

from __future__ import annotations

import json

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, safetensors
from tests.formats_reading import inspect


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def build(header, data=b"", *, length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + data


def read(data):
    return inspect(safetensors, data).header


def test_a_header_tells_parameters_and_precision():
    data = build(
        {
            "a": tensor("BF16", [10, 30], 0, 600),
            "b": tensor("F32", [50], 600, 800),
            "c": tensor("F64", [1], 800, 808),
            "__metadata__": {"format": "pt", "modelspec.title": "small", "license": "mit"},
        },
        b"\0" * 808,
    )
    assert formats.recognise(Memory(data)) == "safetensors"
    header = read(data)
    assert (header.parameters, header.tensors, header.precision) == (351, 3, "BF16+F32")
    assert (header.name, header.license) == ("small", "mit")


def test_half_bytes_and_no_tensors():
    assert read(build({"a": tensor("F4", [4], 0, 2)}, b"\0\0")).parameters == 4
    assert read(build({})).tensors == 0
    assert read(build(b"{}      ")).parameters == 0


NEGATIVE = {
    "empty": b"",
    "ends-in-length": b"\1\0\0",
    "length-beyond-file": build({}, length=500),
    "length-beyond-format": build({}, length=200_000_000) + b"\0" * 100,
    "not-json": build(b"{nonsense"),
    "not-utf8": build(b'{"\xff": 1}'),
    "not-a-table": build(b"[1]"),
    "a-tensor-at-top": build(tensor("U8", [0], 0, 0)),
    "tensor-is-a-number": build({"a": 1}),
    "metadata-is-a-list": build({"__metadata__": []}),
    "name-twice": build(
        b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    ),
    "hole": build({"a": tensor("U8", [1], 0, 1), "b": tensor("U8", [1], 2, 3)}, b"\0" * 3),
    "overlap": build({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, b"\0" * 3),
    "bytes-behind": build({"a": tensor("U8", [1], 0, 1)}, b"\0PK\3\4"),
    "data-missing": build({"a": tensor("U8", [9], 0, 9)}, b"\0"),
    "shape-does-not-fit": build({"a": tensor("F32", [2], 0, 4)}, b"\0" * 4),
    "offsets-reversed": build({"a": tensor("U8", [1], 1, 0)}, b"\0"),
    "negative": build({"a": tensor("U8", [-1], 0, 1)}, b"\0"),
    "floats": build({"a": tensor("U8", [1.0], 0, 1)}, b"\0"),
    "booleans": build({"a": tensor("U8", [True], 0, 1)}, b"\0"),
    "infinity": build(b'{"a":Infinity}'),
    "three-offsets": build({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 1]}}, b"\0"),
    "huge-dimension": build({"a": tensor("U8", [1 << 60, 1 << 60], 0, 1)}, b"\0"),
    "huge-number": build(b'{"a":' + b"9" * 5000 + b"}"),
    "deep": build(b'{"a":' + b"[" * 100_000),
}


@pytest.mark.parametrize("name", NEGATIVE)
def test_malformed(name):
    with pytest.raises(FormatError) as caught:
        read(NEGATIVE[name])
    assert caught.value.reason == "malformed"


def test_what_is_too_large_or_not_known_is_told_apart():
    with pytest.raises(FormatError) as caught:
        inspect(safetensors, (20_000_000).to_bytes(8, "little"), 30_000_000)
    assert caught.value.reason == "limit"
    with pytest.raises(FormatError) as caught:
        read(build({"a": tensor("Q9", [1], 0, 1)}, b"\0"))
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize(
    "head",
    [b"", b"{" * 16, b"PK\3\4" + b"\0" * 12, b"\x80\x02}q\0" + b"." * 11, b"\1" + b"\0" * 7 + b"{"],
)
def test_other_files_are_not_recognised(head):
    assert formats.recognise(Memory(head)) == ""
