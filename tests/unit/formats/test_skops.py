"""skops, Keras and NumPy archives: what their texts name is judged, whatever stands beside it."""

from __future__ import annotations

import json

import pytest

from tests.formats_reading import EVIL, judged
from tests.model_samples import keras_archive, npz, skops
from tests.model_samples._archives import torch_members, zipped
from tests.model_samples.skops import node


def schema(value, **more):
    return judged(zipped({"schema.json": json.dumps(value).encode()} | more))


def within(inner):
    return node("DictNode", "builtins", "dict", {"a": inner})


def test_a_model_of_scikit_learn_is_its_framework():
    found = judged(skops.sample())
    assert (found.model_format, found.verdict) == ("skops", "framework")
    assert found.header.producer == "skops 0.13"


@pytest.mark.parametrize(
    "inner,verdict",
    [
        (node("JsonNode", "builtins", "str", "1"), "data"),
        (node("ListNode", "builtins", "list", []), "data"),
        (node("ObjectNode", "mylib", "Model"), "unlisted"),
        (node("ObjectNode", "sklearn.utils", "_run"), "unlisted"),
        (node("ObjectNode", "os", "system"), "dangerous"),
        (node("ObjectNode", "subprocess", "Popen"), "dangerous"),
        (node("FunctionNode", "builtins", "eval"), "dangerous"),
        (
            node("FunctionNode", "numpy", "ufunc", {"module_path": "os", "function": "system"}),
            "dangerous",
        ),
        (
            node("FunctionNode", "numpy", "ufunc", {"module_path": "mylib", "function": "f"}),
            "unlisted",
        ),
        (node("MethodNode", "builtins", "dict"), "unlisted"),
        (node("PartialNode", "functools", "partial"), "dangerous"),
        (node("OperatorFuncNode", "builtins", "methodcaller"), "dangerous"),
        (node("OperatorFuncNode", "operator", "itemgetter"), "dangerous"),
        (node("ConstructorFromReduceNode", "builtins", "dict"), "unlisted"),
        (node("NewNode", "builtins", "dict"), "unlisted"),
        (node("ObjectNode", "sklearn..os", "System"), "unlisted"),
        (node("ObjectNode", "", ""), "unlisted"),
        ({"__class__": "system", "__module__": "os"}, "malformed"),
        (node(["ObjectNode"], "os", "system"), "malformed"),
        (node("ObjectNode", None, "system"), "malformed"),
    ],
)
def test_every_node_is_judged(inner, verdict):
    assert schema(within(inner)).verdict == verdict
    assert schema(within(node("ListNode", "builtins", "list", [[inner]]))).verdict == verdict


@pytest.mark.parametrize("text", [b"{", b"[" * 100_000, b'{"__loader__"', b"\xff\xfe{"])
def test_a_schema_that_is_no_json_is_never_clean(text):
    found = judged(zipped({"schema.json": text}))
    assert found.verdict in ("malformed", "not-inspectable")


def test_a_schema_is_judged_in_an_archive_of_another_kind():
    evil = json.dumps(within(node("ObjectNode", "os", "system"))).encode()
    assert judged(zipped(torch_members() | {"schema.json": evil})).verdict == "dangerous"
    assert judged(zipped(torch_members() | {"m/schema.json": evil})).verdict == "dangerous"


def test_arrays_and_pickles_in_a_skops_file_are_judged():
    value = node("NdArrayNode", "numpy", "ndarray")
    assert schema(value, **{"a.npy": npz.array()}).verdict in ("data", "framework")
    assert schema(value, **{"a.npy": EVIL}).verdict == "dangerous"


def test_a_keras_model_is_judged_by_its_configuration():
    members = keras_archive.members()
    found = judged(keras_archive.sample())
    assert (found.model_format, found.verdict) == ("keras_archive", "data")
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l"}}
    config = json.loads(members["config.json"])
    config["config"]["layers"] = [layer]
    evil = json.dumps(config).encode()
    assert judged(zipped(members | {"config.json": evil})).verdict == "dangerous"
    assert judged(zipped({"config.json": evil})).verdict == "dangerous"
    assert judged(zipped(torch_members() | {"config.json": evil})).verdict == "dangerous"
    assert judged(zipped(members | {"model.weights.h5": EVIL})).verdict == "dangerous"
    assert judged(zipped(members | {"config.json": b"{"})).verdict == "malformed"


def test_a_configuration_of_another_library_is_not_judged_as_keras():
    text = json.dumps({"architectures": ["X"], "url": "https://example.org/x"}).encode()
    assert judged(zipped({"config.json": text})).verdict == "data"


def test_arrays_are_counted():
    found = judged(npz.sample())
    assert (found.model_format, found.verdict) == ("npz", "data")
    assert (found.header.parameters, found.header.precision, found.header.tensors) == (4, "F32", 2)


def test_an_array_of_objects_is_its_pickle():
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }\n"
    array = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header
    assert judged(zipped({"a.npy": array + EVIL})).verdict == "dangerous"
    assert judged(zipped({"a.npy": EVIL})).verdict == "dangerous"


def test_a_model_archive_names_its_handler():
    manifest = json.dumps({"model": {"handler": "h.py", "serializedFile": "m.pt"}}).encode()
    found = judged(zipped({"MAR-INF/MANIFEST.json": manifest, "h.py": b"import os"}))
    assert found.verdict == "unlisted"
    assert {"mar-handler", "archive-script"} == {reason.rule for reason in found.reasons}
