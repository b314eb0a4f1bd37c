"""Keras' JSON of a model: whatever its loader would import, call, open or fetch is told."""

from __future__ import annotations

import json

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory
from auditor.formats._keras import examine_config
from tests import model_samples


def judge(document):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return examine_config(raw, Context(budget=Budget())).reasons


def model(*layers, **more):
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {"name": "m", "layers": list(layers)},
        "registered_name": "Functional",
        **more,
    }


def layer(name="Dense", module="keras.layers", registered=None, **config):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def function(name, module="builtins", registered="function"):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": registered,
    }


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wAAAA==", "defaults": None}}
DANGEROUS = {
    "lambda-layer": (layer("Lambda", function=LAMBDA), "keras-lambda-layer"),
    "lambda-as-activation": (layer(activation=LAMBDA), "keras-lambda"),
    "lambda-deep-in-lists": (layer(a=[[{"b": [LAMBDA]}]]), "keras-lambda"),
    "lambda-of-keras-2": (
        {"class_name": "Custom", "config": {"function": ["4wAAAA==", None, None]}},
        "keras-lambda",
    ),
    "lambda-of-keras-2-by-type": (
        {"class_name": "Custom", "config": {"function": 1, "function_type": "lambda"}},
        "keras-lambda",
    ),
    "lambda-as-output-shape": (
        {"class_name": "Custom", "config": {"output_shape_type": "lambda"}},
        "keras-lambda",
    ),
    "lambda-layer-by-another-package": (layer("x>Lambda"), "keras-lambda-layer"),
    "cve-2025-1550-os-system": (layer("system", "os"), "keras-module"),
    "cve-2025-1550-function": (layer(activation=function("run", "subprocess")), "keras-module"),
    "cve-2025-1550-builtins": (layer("eval", "builtins"), "keras-module"),
    "cve-2025-1550-builtin-function": (layer(activation=function("eval")), "keras-module"),
    "cve-2025-1550-typespec": (
        {"class_name": "__typespec__", "module": "os", "spec_name": "system", "config": []},
        "keras-module",
    ),
    "cve-2025-1550-submodule": (layer("x", "os.path"), "keras-module"),
    "cve-2025-8747-get-file": (layer(activation=function("get_file", "keras.utils")), "keras-get-file"),
    "cve-2025-12060-inner-get-file": (layer("get_file", "keras.src.utils.file_utils"), "keras-get-file"),
    "cve-2025-8747-other-function": (layer("pad", "keras.utils"), "keras-internal-function"),
    "cve-2025-8747-load-model": (layer("load_model", "keras.models"), "keras-internal-function"),
    "cve-2025-8747-saving": (layer("load_weights", "keras.saving"), "keras-internal-function"),
    "cve-2025-9906-safe-mode": (
        layer(activation=function("enable_unsafe_deserialization", "keras.config")),
        "keras-safe-mode",
    ),
    "cve-2025-9906-inner-safe-mode": (
        layer("enable_unsafe_deserialization", "keras.src.saving.serialization_lib"),
        "keras-safe-mode",
    ),
    "cve-2025-12058-string-lookup": (
        layer("StringLookup", vocabulary="/etc/passwd"),
        "keras-vocabulary-path",
    ),
    "cve-2025-12058-text-vectorization": (
        layer("TextVectorization", vocabulary="http://169.254.169.254/"),
        "keras-vocabulary-path",
    ),
    "cve-2025-12058-any-layer": (layer("Own", "own", vocabulary="a"), "keras-vocabulary-path"),
    "cve-2025-49655-torch-module": (
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "UEs="}},
        "keras-torch-module",
    ),
    "saved-model-layer": (layer("TFSMLayer", filepath="/tmp/evil"), "keras-saved-model"),
    "operation-that-reads": (
        {"class_name": "TFOpLambda", "config": {"function": "io.read_file"}},
        "keras-operation",
    ),
    "path-of-a-library's-tokenizer": (
        layer("LlamaTokenizer", "keras_hub.tokenizers", proto="/etc/passwd"), "keras-vocabulary-path",
    ),
    "registered-name-goes-first": (layer("Dense", registered="keras>Lambda"), "keras-lambda-layer"),
    "function-that-writes": (
        layer(activation=function("save_img", "keras.preprocessing.image")), "keras-internal-function",
    ),
    "function-that-makes-objects": (
        layer(activation=function("deserialize", "keras.layers")), "keras-internal-function",
    ),
    "operation-of-an-older-name": (
        {"class_name": "TFOpLambda", "config": {"function": "compat.v1.read_file"}},
        "keras-operation",
    ),
    "operation-of-a-class": (
        {"class_name": "ClassMethod", "config": {"cls_symbol": "io.gfile.GFile"}}, "keras-operation",
    ),
    "operation-as-a-node": (
        {"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "WriteFile"}}},
        "keras-operation",
    ),
    "operation-that-runs-python": (
        {"class_name": "TFOpLambda", "config": {"function": "py_function"}},
        "keras-operation",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_runs_opens_or_fetches_is_dangerous(name):
    inner, rule = DANGEROUS[name]
    for document in (model(inner), inner, model(compile_config={"loss": inner}), [[inner]]):
        assert rule in {r.rule for r in judge(document) if r.verdict == "dangerous"}


UNLISTED = {
    "custom-layer": layer("Mine", "mine.layers", "mine>Mine"),
    "custom-layer-without-a-module": layer("Mine", None, "mine>Mine"),
    "custom-layer-of-keras-2": {"class_name": "Mine", "config": {}},
    "custom-name-on-a-layer-of-keras": layer("Dense", "keras.layers", "mine>Dense"),
    "custom-function": layer(activation=function("mine")),
    "function-of-keras-that-no-table-holds": layer(activation=function("x", "keras.ops.core")),
    "function-in-a-library": layer(activation=function("pad", "keras_hub.layers")),
    "name-with-a-path": layer("io_utils.X", "keras.layers"),
    "vocabulary-that-is-made": layer("StringLookup", vocabulary={"class_name": "__bytes__"}),
    "operation-that-is-not-known": {"class_name": "TFOpLambda", "config": {"function": "lite.X"}},
    "unknown-folder-of-keras": layer("x", "keras.src.wrappers.fixes"),
    "unknown-class-of-keras-itself": layer("X", "keras.src"),
    "unknown-package-of-keras": layer("X", "keras.whatever"),
    "module-that-only-begins-like-keras": layer("Dense", "keras_evil.layers"),
    "jax": layer("JaxLayer"),
    "address": layer(note="https://evil.example/x"),
    "applications-fetch-weights": layer("ResNet50", "keras.applications"),
}


@pytest.mark.parametrize("name", UNLISTED)
def test_what_is_not_keras_is_unlisted(name):
    found = judge(model(UNLISTED[name]))
    assert found
    assert {reason.verdict for reason in found} == {"unlisted"}


HONEST = {
    "layers": model(layer(), layer("Conv2D", activation="relu"), layer("StringLookup", vocabulary=["a"])),
    "operations": model(layer("Add", "keras.src.ops.numpy", "Add")),
    "functional-by-its-file": model(layer("Functional", "keras.src.models.functional", "Functional")),
    "keras-2": {
        "class_name": "Sequential",
        "keras_version": "2.11.0",
        "config": {"layers": [{"class_name": "Conv2DTranspose", "config": {"activation": "relu"}}]},
    },
    "keras-2-module": model(layer("Functional", "keras.src.engine.functional", "Functional")),
    "optimizer": model(compile_config={"optimizer": layer("Adam", "keras.optimizers"), "loss": "mse"}),
    "optimizer-of-a-backend": model(
        compile_config={"optimizer": layer("Adam", "keras.src.backend.torch.optimizers.torch_adam", "Adam")}
    ),
    "schedule": model(layer("CosineDecay", "keras.optimizers.schedules")),
    "known-function": model(layer(activation=function("relu"))),
    "function-by-its-module": model(layer(activation=function("relu", "keras.activations"))),
    "function-of-ops": model(layer(activation=function("relu", "keras.ops"))),
    "operation-as-a-node": model({"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "Relu"}}}),
    "policy": model(layer(dtype=layer("DTypePolicy", "keras"))),
    "operation-of-tensorflow": model({"class_name": "TFOpLambda", "config": {"function": "math.add"}}),
    "spec": model({"class_name": "__typespec__", "module": "tensorflow.python.framework.tensor", "spec_name": "TensorSpec", "config": []}),
    "values": model({"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}),
    "hub": model(layer("BertBackbone", "keras_hub.src.models.bert.bert_backbone")),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_what_keras_writes_raises_nothing(name):
    assert judge(HONEST[name]) == ()


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "keras-config-malformed"),
        (b"{", "keras-config-malformed"),
        (b"\xff\xfe", "keras-config-malformed"),
        (b"[" * 200_000, "keras-config-limit"),
        (b"[" + b" " * (17 << 20) + b"]", "keras-config-limit"),
    ],
)
def test_what_is_no_json(raw, rule):
    (reason,) = judge(raw)
    assert reason.rule == rule
    assert reason.verdict in ("malformed", "not-inspectable")


def test_utf_16_is_read_as_keras_reads_it():
    raw = json.dumps(model(layer("system", "os"))).encode("utf-16")
    assert {reason.rule for reason in judge(raw)} == {"keras-module"}


def test_work_is_bounded():
    budget = Budget()
    budget.steps = 100
    with pytest.raises(FormatError) as caught:
        examine_config(json.dumps([[]] * 1000).encode(), Context(budget=budget))
    assert caught.value.rule == "limit-steps"


def test_facts():
    found = examine_config(model_samples.sample("keras_config"), Context(budget=Budget()))
    assert (found.header.architecture, found.header.name, found.layers) == ("Sequential", "tiny", 1)
    custom = examine_config(json.dumps(layer("Mine", "mine")).encode(), Context(budget=Budget()))
    assert custom.header.custom_operators == ("mine.Mine",)


def test_other_json_is_no_configuration_of_keras():
    for other in (b'{"architectures": ["x"]}', b'{"class_name": 1}', b'[{"class_name": "config"}]'):
        assert formats.recognise(Memory(other)) != "keras_config"
