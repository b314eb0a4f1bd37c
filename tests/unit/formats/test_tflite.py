"""TensorFlow Lite models: operators outside of them, attached files, broken flatbuffers."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, tflite
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import Flat, message

SAMPLE = model_samples.sample("tflite")


def model(*codes, tensors=(), buffers=((None,),), more=()):
    graph = [("tables", list(tensors)), None, None, None, "main"]
    slots = [
        ("I", 3),
        ("tables", list(codes)),
        ("tables", [graph]),
        "d",
        ("tables", [list(b) for b in buffers]),
    ]
    return Flat(b"TFL3").build([*slots, *more])


def builtin(number):
    return [("b", min(number, 127)), None, None, ("i", number)]


def custom(name):
    return [("b", 32), name, None, ("i", 32)]


def test_what_a_model_says():
    found = inspect(tflite, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.tensors, header.name) == (
        6,
        "F32",
        1,
        "main",
    )
    assert header.producer == "schema 3, MLIR Converted."


def test_weights_behind_the_flatbuffer_count_too():
    tensor = [("vector", "i", (5,)), ("b", 9), ("I", 1)]
    data = model(builtin(0), tensors=[tensor], buffers=[[None], [None, ("Q", 4096), ("Q", 5)]])
    header = inspect(tflite, data).header
    assert (header.parameters, header.precision) == (5, "I8")


OPERATORS = {
    "read-file": ("FlexReadFile", "tflite-operator", "dangerous"),
    "python": ("FlexPyFunc", "tflite-operator", "dangerous"),
    "graph-in-a-tensor": ("FlexDatasetFromGraph", "tflite-compiled-operator", "not-inspectable"),
    "library": ("MyOp", "tflite-custom-operator", "unlisted"),
    "flex-unknown": ("FlexMyOp", "tflite-custom-operator", "unlisted"),
    "edge-tpu": ("edgetpu-custom-op", "tflite-compiled-operator", "not-inspectable"),
    "without-a-name": ("", "tflite-custom-operator", "unlisted"),
}


@pytest.mark.parametrize("name, rule, verdict", OPERATORS.values(), ids=OPERATORS)
def test_operators_outside_of_the_model(name, rule, verdict):
    data = model(builtin(0), custom(name))
    assert told(data) == {(rule, verdict)}
    assert formats.inspect(Memory(data)).header.custom_operators


def test_known_custom_operators_are_data():
    data = model(custom("TFLite_Detection_PostProcess"), custom("FlexMatrixDeterminant"))
    assert formats.inspect(Memory(data)).verdict == "data"


@pytest.mark.parametrize("number", [51, 127, 173, 1000, -1])
def test_built_in_operators_that_are_none(number):
    assert ("tflite-custom-operator", "unlisted") in told(model(builtin(number)))


def test_a_name_counts_whatever_the_number_says():
    data = model([("b", 0), "FlexWriteFile", None, ("i", 0)])
    assert told(data) == {("tflite-operator", "dangerous")}


def test_tensors_beside_the_model_are_not_read():
    more = (None, None, None, ("tables", [["other"]]))
    assert told(model(builtin(0), more=more)) == {("tflite-external", "not-inspectable")}


def with_files(**files):
    out = io.BytesIO(SAMPLE)
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def test_attached_labels_are_fine_and_attached_graphs_are_judged():
    assert formats.inspect(Memory(with_files(labels_txt=b"cat\ndog\n"))).verdict == "data"
    graph = message((1, message((1, "n"), (2, "PyFunc"))))
    hostile = with_files(labels_txt=b"cat\n", more_txt=graph)
    assert formats.inspect(Memory(hostile)).verdict == "dangerous"
    assert formats.inspect(Memory(with_files(run_py=b"import os\n"))).verdict != "data"


def patched(at, code, value):
    data = bytearray(SAMPLE)
    struct.pack_into(code, data, at, value)
    return bytes(data)


ROOT = struct.unpack_from("<I", SAMPLE)[0]
VTABLE = ROOT - struct.unpack_from("<i", SAMPLE, ROOT)[0]
MALFORMED = {
    "header-alone": b"\x1c\0\0\0TFL3",
    "root-beyond-the-file": patched(0, "<I", 240),
    "root-far-away": b"\0\1\0\0TFL3" + SAMPLE[8:],
    "pickle-as-the-header": b"\x80\x02U\x04TFL3" + b"cos\nsystem\n" + SAMPLE,
    "root-not-aligned": patched(0, "<I", ROOT + 1),
    "slots-before-the-file": patched(ROOT, "<i", 1 << 20),
    "slots-beyond-the-file": patched(ROOT, "<i", -(1 << 20)),
    "no-slots": patched(VTABLE, "<H", 0),
    "odd-slots": patched(VTABLE, "<H", 7),
    "slot-outside-the-table": patched(VTABLE + 6, "<H", 0xFFFF),
    "table-beyond-the-file": patched(VTABLE + 2, "<H", 0xFFFF),
    "buffer-that-is-not-there": model(builtin(0), tensors=[[("vector", "i", (1,)), ("b", 0), ("I", 9)]]),
    "huge-tensor": model(
        builtin(0), tensors=[[("vector", "i", (1 << 30,) * 4), ("b", 0), ("I", 1)]], buffers=[[None], [b"x"]]
    ),
    "name-not-utf8": model([("b", 32), b"\xff\xfe", None, ("i", 32)]),
}  # fmt: skip


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(tflite, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_a_vector_of_offsets_to_one_table_costs_a_step_each():
    graph = [("tables", []), None, None, None, "main"]
    data = bytearray(Flat(b"TFL3").build([("I", 3), ("tables", [builtin(0)]), ("tables", [graph])]))
    root = struct.unpack_from("<I", data)[0]
    slots = root - struct.unpack_from("<i", data, root)[0]
    at = root + struct.unpack_from("<H", data, slots + 4 + 2)[0]
    code = at + struct.unpack_from("<I", data, at)[0] + 4
    code += struct.unpack_from("<I", data, code)[0]
    struct.pack_into("<I", data, at, len(data) - at)
    count = 5_000_000
    vector = len(data) + 4
    # Offsets lead forward only, modulo 32 bits: every one of them to a table before the vector.
    data += struct.pack("<I", count) + struct.pack("<I", (code - vector) % (1 << 32)) * count
    found = formats.inspect(Memory(bytes(data)))
    assert found.verdict == "malformed"
    assert "beyond" in found.reasons[0].detail
