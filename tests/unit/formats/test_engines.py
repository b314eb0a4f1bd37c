"""Compiled engines: named, with what their header tells, and never called clean."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, ncnn
from tests import model_samples
from tests.formats_reading import inspect

ENGINES = {
    "tensorrt": "serialisation 0x60",
    "rknn": "RKNN 6, 2.3.0",
    "ascend_om": "DaVinci OM 0x10000000",
    "hailo_hef": "HEF 0",
    "executorch": "ET12",
    "mindspore_lite": "MSL2",
    "mnn": "from ONNX",
}


@pytest.mark.parametrize("name, producer", ENGINES.items(), ids=ENGINES)
def test_an_engine_is_not_inspectable_and_says_why(name, producer):
    found = formats.inspect(Memory(model_samples.sample(name)))
    assert (found.model_format, found.role, found.verdict) == (name, "engine", "not-inspectable")
    assert [reason.rule for reason in found.reasons] == [f"{name}-opaque"]
    assert found.header.producer == producer


@pytest.mark.parametrize("name", ENGINES)
def test_whatever_follows_an_engine_is_no_data(name):
    data = model_samples.sample(name) + b"cos\nsystem\n(S'id'\ntR." * 3
    assert formats.inspect(Memory(data)).verdict != "data"


def test_an_engine_behind_the_json_of_its_exporter():
    data = b'{"stride": 32}'
    data = len(data).to_bytes(4, "little") + data + model_samples.sample("tensorrt")
    found = formats.inspect(Memory(data))
    assert (found.model_format, found.header.producer) == ("tensorrt", "serialisation 0x60")


def test_an_encrypted_engine_says_so():
    data = b"CYPTRKNN" + model_samples.sample("rknn")[8:]
    rules = [reason.rule for reason in formats.inspect(Memory(data)).reasons]
    assert rules == ["rknn-encrypted", "rknn-opaque"]


def test_an_offline_model_has_a_name():
    assert formats.inspect(Memory(model_samples.sample("ascend_om"))).header.name == "tiny"


def test_models_from_before_gguf_are_not_inspectable():
    found = formats.inspect(Memory(model_samples.sample("ggml_legacy")))
    assert (found.role, found.verdict, found.header.producer) == (
        "weights", "not-inspectable", "GGJT 3",
    )  # fmt: skip
    adapter = formats.inspect(Memory(b"algg" + b"\1\0\0\0" * 9))
    assert (adapter.role, adapter.verdict) == ("adapter", "not-inspectable")


NCNN = model_samples.sample("ncnn")


def test_layers_of_the_program_that_loads_the_graph():
    assert inspect(ncnn, NCNN).verdict == "data"
    assert inspect(ncnn, NCNN.replace(b"\n", b"\r\n")).verdict == "data"
    found = formats.inspect(Memory(NCNN.replace(b"InnerProduct", b"MyOwnLayer  ")))
    assert (found.verdict, found.header.custom_operators) == ("unlisted", ("MyOwnLayer",))
    assert [reason.rule for reason in found.reasons] == ["ncnn-custom-layer"]


MALFORMED = {
    "no-counts": b"7767517\n",
    "counts-of-words": NCNN.replace(b"2 2", b"a b"),
    "more-layers-than-counted": NCNN.replace(b"2 2", b"1 2"),
    "fewer-layers-than-counted": NCNN.replace(b"2 2", b"9 2"),
    "digits-without-end": NCNN.replace(b"2 2", b"9" * 5000 + b" 2"),
    "not-utf8": NCNN + b"\xff",
    "control-character": NCNN.replace(b"InnerProduct", b"In\x1b[31m"),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_graphs_that_are_refused(data):
    with pytest.raises(FormatError):
        inspect(ncnn, data)
    assert formats.inspect(Memory(data)).verdict == "malformed"


OTHERS = {
    "tomography": b"IMODV1.2" + b"\0" * 300,
    "short-om": b"IMOD\0\1\0\0",
    "hef-of-another-kind": b"\x01HEF" + b"\xff" * 20,
    "number-alone": b"77675171\n2 2\n",
    "flatbuffer-of-something": b"\x1c\0\0\0" + b"\0" * 60,
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_something_else(data):
    assert formats.inspect(Memory(data)) is None
