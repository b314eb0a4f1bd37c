"""Safetensors headers: what they say, and every way to hide bytes behind one."""

from __future__ import annotations

import json

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, _safetensors_header, safetensors
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
    "metadata-holds-a-number": build({"__metadata__": {"a": 1}}),
    "metadata-holds-a-table": build({"__metadata__": {"a": {}}}),
    "metadata-looks-like-a-tensor": build({"__metadata__": tensor("U8", [0], 0, 0)}),
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


AS_WRITTEN = [
    b"{}",
    b'{"__metadata__":{}}',
    b'{"__metadata__":{"a":"b"},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"__metadata__":{"a":"b"}, "t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}  ',
    b'{"__metadata__":{"a":"b"},}',
    b'{"__metadata__":{"a":"b","a":"c"},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"__metadata__":{"a":"b"}\xc2\xa0,"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"__metadata__":{"a":"b"}}',
    b'{"t":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}',
    b'{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}',
    b'{"\\u0074":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"dtype":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"t":{"dtype":"U8","shape":[0.0],"data_offsets":[0,0]}}',
    b'{"__metadata__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    b'{"a":1} ',
    b"[]",
]  # fmt: skip


def said(read, raw):
    try:
        return read(raw)
    except FormatError as error:
        return error.reason


@pytest.mark.parametrize("raw", [*AS_WRITTEN, *(data[8:] for data in NEGATIVE.values())])
def test_reading_fast_and_reading_with_care_say_the_same(raw):
    fast = said(_safetensors_header._as_usual, raw)
    assert fast is None or fast == said(_safetensors_header._with_care, raw)


def test_what_is_too_large_or_not_known_is_told_apart():
    with pytest.raises(FormatError) as caught:
        inspect(safetensors, (20_000_000).to_bytes(8, "little"), 30_000_000)
    assert caught.value.reason == "limit"
    with pytest.raises(FormatError) as caught:
        read(build({"a": tensor("Q9", [1], 0, 1)}, b"\0"))
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{" * 16,
        b"PK\3\4" + b"\0" * 12,
        b"\x80\x02}q\0" + b"." * 11,
        b"\1" + b"\0" * 7 + b"{",
        b"\x1a\1\x10\0\0\0\0\0{\0\0\0",
    ],
)
def test_other_files_are_not_recognised(head):
    assert formats.recognise(Memory(head)) != "safetensors"


def test_an_adapter_and_an_optimizer_are_known_by_their_tensors():
    def role(name):
        return inspect(safetensors, build({name: tensor("U8", [0], 0, 0)})).role

    assert role("base_model.model.layers.0.q_proj.lora_A.weight") == "adapter"
    assert role("lora_unet_down_blocks_0.lora_down.weight") == "adapter"
    assert role("optimizer.state.0.exp_avg") == "optimizer"
    assert role("model.layers.0.q_proj.weight") == "weights"


def test_training_folders_that_an_adapter_carries_are_told():
    metadata = {
        "ss_base_model_version": "sdxl_base_v1-0",
        "ss_sd_model_name": "base.safetensors",
        "ss_output_name": "own",
        "ss_network_module": "networks.lora",
        "ss_dataset_dirs": json.dumps({"10_customers": {"n_repeats": 10}}),
        "ss_datasets": json.dumps([{"subsets": [{"image_dir": "faces"}, 3]}, None]),
    }
    header = read(build({"__metadata__": metadata}))
    assert header.datasets == ("10_customers", "faces")
    assert (header.architecture, header.base_model) == ("sdxl_base_v1-0", "base.safetensors")
    assert (header.name, header.producer) == ("own", "networks.lora")


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "null", "[[]]", '{"a"', "\ud800"])
def test_training_folders_that_cannot_be_read_are_no_fact(text):
    assert (
        read(build({"__metadata__": {"ss_datasets": text, "ss_dataset_dirs": text}})).datasets == ()
    )


def test_the_framework_that_wrote_it():
    assert read(build({"__metadata__": {"format": "pt"}})).producer == "PyTorch"
