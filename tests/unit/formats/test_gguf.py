"""GGUF headers of every version and byte order, and what is refused."""

from __future__ import annotations

import hashlib
import struct

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory, gguf
from tests.formats_reading import Claimed, inspect


class Writer:
    """Writes GGUF in one version and byte order."""

    def __init__(self, version=3, order="<"):
        self.version, self.order = version, order

    def u32(self, n):
        return struct.pack(f"{self.order}I", n)

    def u64(self, n):
        return struct.pack(f"{self.order}Q", n)

    def count(self, n):
        return self.u32(n) if self.version == 1 else self.u64(n)

    def string(self, text):
        raw = text if isinstance(text, bytes) else text.encode()
        return self.count(len(raw)) + raw

    def value(self, value):
        if isinstance(value, str):
            return self.u32(8) + self.string(value)
        if isinstance(value, bool):
            return self.u32(7) + bytes([value])
        if isinstance(value, int):
            return self.u32(4) + self.u32(value)
        if isinstance(value, float):
            return self.u32(6) + struct.pack(f"{self.order}f", value)
        return self.u32(9) + self.array(value)

    def array(self, items):
        if items and isinstance(items[0], str):
            return self.u32(8) + self.count(len(items)) + b"".join(map(self.string, items))
        if items and isinstance(items[0], list):
            return self.u32(9) + self.count(len(items)) + b"".join(map(self.array, items))
        return self.u32(4) + self.count(len(items)) + b"".join(map(self.u32, items))

    def build(self, metadata, tensors=(), data=b"", *, pairs=None, count=None):
        out = b"GGUF" + self.u32(self.version)
        out += self.count(len(tensors) if count is None else count)
        out += self.count(len(metadata) if pairs is None else pairs)
        for key, value in metadata.items() if isinstance(metadata, dict) else metadata:
            out += self.string(key) + self.value(value)
        for name, shape, kind, offset in tensors:
            out += self.string(name) + self.u32(len(shape)) + b"".join(map(self.count, shape))
            out += self.u32(kind) + self.u64(offset)
        return out + b"\0" * (-len(out) % 32) + data


METADATA = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "general.file_type": 15,
    "general.license": "apache-2.0",
    "general.base_model.0.name": "Base",
    "general.base_model.0.organization": "Example",
    "llama.context_length": 8192,
    "llama.rope": 1.5,
    "flag": True,
    "tokenizer.ggml.tokens": ["a", "b", "\u00e9"],
    "tokenizer.ggml.types": [1, 2, 3],
    "nested": [[1, 2], [3]],
}
TENSORS = (("token_embd", (256, 4), 12, 0), ("norm", (32,), 0, 576))
DATA = b"\0" * (576 + 128)


def read(data, size=None):
    return inspect(gguf, data, size).header


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_version_in_either_byte_order(version, order):
    data = Writer(version, order).build(METADATA, TENSORS, DATA)
    assert formats.recognise(Memory(data)) == "gguf"
    header = read(data)
    assert (header.architecture, header.name, header.precision) == ("llama", "Tiny", "Q4_K_M")
    assert (header.parameters, header.tensors, header.context_length) == (1056, 2, 8192)
    assert (header.license, header.base_model) == ("apache-2.0", "Example/Base")


def test_without_a_file_type_the_tensors_tell_the_precision():
    assert read(Writer().build({}, TENSORS, DATA)).precision == "Q4_K+F32"


def test_a_header_longer_than_the_first_step_is_read_on():
    data = Writer().build({"tokens": ["x" * 100] * 15_000, "general.name": "late"})
    view = Claimed(data, len(data))
    assert gguf.inspect(view, Context(budget=Budget())).header.name == "late"
    assert [length for _, length in view.asked] == list(gguf.STEPS[:2])


W = Writer()
NEGATIVE = {
    "empty": b"",
    "magic-alone": b"GGUF",
    "ends-in-a-key": W.build(METADATA)[:60],
    "more-keys-than-there-are": W.build({}, pairs=5),
    "more-tensors-than-there-are": W.build({}, count=5),
    "key-twice": W.build([("a", 1), ("a", 2)]),
    "tensor-twice": W.build({}, (("t", (1,), 0, 0), ("t", (1,), 0, 32)), b"\0" * 64),
    "five-dimensions": W.build({}, (("t", (1, 1, 1, 1, 1), 0, 0),), b"\0" * 64),
    "huge-tensor": W.build({}, (("t", (1 << 40, 1 << 40), 0, 0),), b"\0" * 64),
    "huge-row-times-nothing": W.build({}, (("t", (1 << 63, 1 << 63, 0), 0, 0),), b"\0" * 64),
    "tensor-beyond-the-file": W.build({}, (("t", (1,), 0, 1 << 30),), b"\0" * 64),
    "tensor-of-unknown-type-beyond-the-file": W.build({}, (("t", (1,), 999, 1 << 30),)),
    "tensor-ends-behind-the-file": W.build({}, (("t", (32,), 0, 0),), b"\0" * 127),
    "tensor-not-aligned": W.build({}, (("t", (1,), 0, 3),), b"\0" * 64),
    "tensors-overlap": W.build({}, (("t", (64,), 0, 0), ("u", (1,), 0, 32)), b"\0" * 256),
    "tensors-have-a-hole": W.build({}, (("t", (8,), 0, 0), ("u", (8,), 0, 64)), b"\0" * 96),
    "first-tensor-not-at-the-start": W.build({}, (("t", (8,), 0, 32),), b"\0" * 64),
    "row-is-no-multiple-of-a-block": W.build({}, (("t", (100,), 12, 0),), b"\0" * 144),
    "alignment-zero": W.build({"general.alignment": 0}),
    "alignment-text": W.build({"general.alignment": "32"}),
    "unknown-value-type": W.build({}, pairs=1)[:24] + W.string("k") + W.u32(77) + b"\0" * 64,
    "unknown-array-type": W.build({}, pairs=1)[:24]
    + W.string("k")
    + W.u32(9)
    + W.u32(66)
    + W.u64(1)
    + b"\0" * 64,
    "strings-that-end-behind-the-file": W.build({}, pairs=1)[:24]
    + W.string("k")
    + W.u32(9)
    + W.u32(8)
    + W.u64(200)
    + W.string("a") * 199,
    "deep-arrays": W.build({}, pairs=1)[:24]
    + W.string("k")
    + W.u32(9)
    + (W.u32(9) + W.u64(1)) * 5000,
    "long-key": W.build({"k" * 70_000: 1}),
}


@pytest.mark.parametrize("name", NEGATIVE)
def test_malformed(name):
    with pytest.raises(FormatError) as caught:
        read(NEGATIVE[name])
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "unsupported"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "limit"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "limit"),
    ],
)
def test_what_is_not_known_or_too_large(data, reason):
    with pytest.raises(FormatError) as caught:
        read(data)
    assert caught.value.reason == reason


def test_a_bomb_of_strings_is_cut_off():
    head = W.build({}, pairs=1)[:24] + W.string("k") + W.u32(9) + W.u32(8) + W.u64(1 << 50)
    with pytest.raises(FormatError) as caught:
        read(head + b"\0" * 1000)
    assert caught.value.reason == "limit"


def reasons(data):
    return {(reason.rule, reason.verdict) for reason in inspect(gguf, data).reasons}


def test_bytes_behind_the_last_tensor_are_told():
    whole = W.build({}, (("t", (8,), 0, 0),), b"\0" * 32)
    assert reasons(whole) == set()
    assert reasons(whole + b"PK\3\4") == {("gguf-trailing-bytes", "malformed")}
    assert reasons(W.build({"a": 1}, data=b"#!/bin/sh")) == {("gguf-trailing-bytes", "malformed")}


def test_the_last_tensor_need_not_be_padded():
    assert reasons(W.build({}, (("t", (1,), 0, 0),), b"\0" * 4)) == set()
    assert reasons(W.build({}, (("t", (1,), 0, 0),), b"\0" * 32)) == set()


def test_the_tensors_may_stand_in_any_order():
    assert reasons(W.build({}, (("u", (8,), 0, 32), ("t", (8,), 0, 0)), b"\0" * 64)) == set()


def test_a_number_type_of_tomorrow_is_not_called_inspected():
    data = W.build({}, (("t", (4,), 999, 0),), b"\0" * 64)
    assert read(data).precision == "type 999"
    assert reasons(data) == {("gguf-unknown-type", "not-inspectable")}


@pytest.mark.parametrize("key", ["tokenizer.chat_template", "tokenizer.chat_template.tool_use"])
def test_every_chat_template_is_checked(key):
    evil = W.build({"tokenizer.chat_template": "{{ a }}", key: "{{ x.__class__ }}"}.items())
    assert reasons(evil) == {("template-escape", "dangerous")}


def test_the_digest_of_the_chat_template():
    text = "{{ messages }}"
    header = read(W.build({"tokenizer.chat_template": text}))
    assert header.chat_template == hashlib.sha256(text.encode()).hexdigest()


def test_origin_licence_and_tokenizer():
    header = read(
        W.build(
            {
                "general.source.huggingface.repository": "Org/Model-GGUF",
                "general.base_model.count": 1,
                "general.base_model.0.repo_url": "https://huggingface.co/Org/Model",
                "general.dataset.count": 2,
                "general.dataset.0.repo_url": "https://huggingface.co/datasets/a/b",
                "general.dataset.1.name": "own texts",
                "general.datasets": ["listed", "own texts"],
                "general.license.name": "Own Licence",
                "general.quantized_by": "Somebody",
                "general.file_type": 15,
                "tokenizer.ggml.model": "gpt2",
                "tokenizer.ggml.pre": "qwen2",
            }
        )
    )
    assert (header.repository, header.base_model) == ("Org/Model-GGUF", "Org/Model")
    assert header.datasets == ("datasets/a/b", "listed", "own texts")
    assert (header.license, header.producer, header.quantization, header.tokenizer) == (
        "Own Licence", "Somebody", "Q4_K_M", "gpt2/qwen2",
    )  # fmt: skip


def test_an_adapter_and_one_part_of_several():
    assert inspect(gguf, W.build({"general.type": "adapter"})).role == "adapter"
    assert inspect(gguf, W.build({"general.type": "model"})).role == "weights"
    (reason,) = inspect(gguf, W.build({"split.count": 3, "split.no": 1})).reasons
    assert (reason.rule, reason.verdict, reason.detail) == ("gguf-split", "data", "part 2 of 3")


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "lengths", [[3] * 300, [3] * 200 + [70] + [0] * 200, [63, 64, 255, 256, 5000] * 80]
)
def test_long_vocabularies_are_stepped_over(version, order, lengths):
    words = ["x" * length for length in lengths]
    metadata = {"tokens": words, "general.name": "behind"}
    assert read(Writer(version, order).build(metadata)).name == "behind"
