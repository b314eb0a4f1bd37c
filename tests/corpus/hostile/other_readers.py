"""Files that another loader opens as something else, and names that its tables look up."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import plain_zip
from tests.corpus._case import Case
from tests.corpus._hdf5 import hdf5
from tests.corpus.hostile.containers import LAMBDA, _function, _layer, _model, keras

ARCHIVE = keras(_model(_layer("Lambda", function=LAMBDA)))


def _gguf(data: bytes) -> bytes:
    tensor = struct.pack("<Q1sIQIQ", 1, b"a", 1, len(data), 24, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor
    return head.ljust(-(-len(head) // 32) * 32, b"\0") + data.ljust(-(-len(data) // 32) * 32, b"\0")


def _safetensors(data: bytes) -> bytes:
    entry = {"a": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}
    head = json.dumps(entry).encode()
    return struct.pack("<Q", len(head)) + head + data


def _npy(data: bytes) -> bytes:
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(data)},), }}".ljust(117)
    return b"\x93NUMPY\1\0\x76\0" + head.encode() + b"\n" + data


def _polyglots() -> Iterator[tuple[str, bytes, str]]:
    yield "gguf_whose_tensor_is_a_keras_archive", _gguf(ARCHIVE), "zip readers look at the end"
    yield "safetensors_whose_tensor_is_a_keras_archive", _safetensors(ARCHIVE), "as above"
    yield "npy_whose_array_is_a_keras_archive", _npy(ARCHIVE), "as above"
    yield (
        "xgboost_json_behind_which_is_an_archive",
        b'{"learner":{},"version":[2,0,0]}' + ARCHIVE,
        "so",
    )


def _keras() -> Iterator[tuple[str, bytes, str]]:
    bad = _model(_layer("Lambda", function=LAMBDA))
    yield "keras_config_is_a_list", keras([bad]), "the loader makes an object of each element"
    yield "keras_config_is_a_table_of_models", keras({"a": {"b": bad}}), "and of each value"
    named = _layer("Dense") | {"registered_name": "keras>Lambda"}
    yield "keras_registered_name_is_lambda", keras(_model(named)), "the registered name goes first"
    merges = _layer("GPT2Tokenizer", "keras_hub.tokenizers", vocabulary=None, merges="/etc/passwd")
    yield "keras_merges_path", keras(_model(merges)), "a tokenizer of keras_hub opens it"
    proto = _layer("LlamaTokenizer", "keras_nlp.models", proto="/etc/passwd")
    yield "keras_proto_path", keras(_model(proto)), "a tokenizer of keras_nlp opens it"
    table = _layer("StringLookup", vocabulary={"class_name": "__bytes__", "config": {"value": "/"}})
    yield "keras_vocabulary_is_made", keras(_model(table)), "bytes are a path, too"
    for module, name in (
        ("keras.preprocessing.image", "save_img"), ("keras.preprocessing.image", "load_img"),
        ("keras.preprocessing", "image_dataset_from_directory"),
        ("keras.src.legacy.preprocessing.image", "load_img"), ("keras.layers", "deserialize"),
        ("keras.losses", "get"), ("keras.ops", "custom_gradient"), ("keras_hub.models", "load"),
        ("keras.src.layers.core.lambda_layer", "python_utils.func_load"),
        ("keras.src.layers.core.lambda_layer", "Lambda"), ("keras_nlp.x", "os.system"),
    ):  # fmt: skip
        label = f"keras_function_{module}_{name}".replace(".", "_").casefold()
        layer = _layer("Dense", activation=_function(module, name))
        yield label, keras(_model(layer)), "Keras before 3.9 looked it up"
        yield f"{label}_as_a_class", keras(_model(_layer(name, module))), "so for a class"
    for label, config in (
        ("py_func", {"function": "compat.v1.py_func"}), ("reads", {"function": "compat.v1.read_file"}),
        ("fetches", {"function": "keras.utils.get_file"}), ("method", {"cls_symbol": "io.gfile.GFile"}),
        ("node", {"name": "x", "node_def": {"op": "ReadFile"}}),
        ("node_as_text", {"name": "x", "node_def": "\n\1x\x12\x08ReadFile"}),
        ("unknown", {"function": "lite.Interpreter"}),
    ):  # fmt: skip
        kind = "TensorFlowOpLayer" if "node_def" in config else "TFOpLambda"
        kind = "ClassMethod" if "cls_symbol" in config else kind
        layer = {"class_name": kind, "config": config}
        yield f"h5_operation_{label}", hdf5({"model_config": json.dumps(_model(layer))}), "legacy"
    for label, before, after in (
        ("behind_blanks", b" " * 5000, b""), ("behind_a_mark", b"\xef\xbb\xbf", b""),
        ("in_a_list", b"[", b"]"), ("behind_a_long_name", b'{"a":"' + b"a" * 5000 + b'","m":', b"}"),
    ):  # fmt: skip
        text = json.dumps(bad).encode()
        yield f"config_{label}", before + text + after, "what a format is recognised by"


def _node(loader: str, module: str, name: str, **more: object) -> bytes:
    node = {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, **more}
    return plain_zip({"schema.json": json.dumps({**node, "_skops_version": "0.11"}).encode()})


def _skops() -> Iterator[tuple[str, bytes, str]]:
    for name in ("Repository", "DataSource"):
        data = _node("ObjectNode", "numpy.lib._datasource", name, content={})
        yield f"skops_{name.casefold()}", data, "its end removes the folder that its state names"
    transformer = "sklearn.preprocessing._function_transformer"
    data = _node("ObjectNode", transformer, "FunctionTransformer", content={})
    yield "skops_function_transformer", data, "hands what comes in to a function of the file's"
    loads = {"module_path": "torch.storage", "function": "_load_from_bytes"}
    data = _node("FunctionNode", "sklearn", "X", content=loads)
    yield "skops_function_that_loads", data, "named as a value, it is called later"
    data = _node("FunctionNode", "numpy", "Xyz", content=["os", "system"])
    yield "skops_function_without_a_name", data, "what a node names is not where it has to be"
    imported = _node("ObjectNode", "sklearn.datasets._base", "Path", content={})
    yield "skops_class_that_a_module_imports", imported, "a module's names are not all its own"
    nodes = [{"__loader__": "MethodNode", "__module__": "os", "__class__": "system"}]
    yield "skops_schema_is_a_list", plain_zip({"schema.json": json.dumps(nodes).encode()}), "a list"


def _pickles() -> Iterator[tuple[str, bytes, str]]:
    place = {"data": (8, True), "shape": (10,), "typestr": "<f8", "version": 3}
    state = {"__array_interface__": place}
    space = ("types", "SimpleNamespace")
    lies = op.built(op.call(*space), state)
    curve = {"X_thresholds_": [0.0, 1.0], "y_thresholds_": [lies, lies], "out_of_bounds": "nan"}
    isotonic = op.built(op.newobj("sklearn.isotonic", "IsotonicRegression"), curve)
    yield "array_interface_of_a_namespace", op.stream(lies), "NumPy believes an address"
    yield "array_interface_that_loading_reads", op.stream(isotonic), "and loading makes an array"
    ordered = op.Raw(op.call("collections", "OrderedDict") + op.value("__array_struct__") + b"Ns")
    hidden = op.built(op.call(*space), ordered)
    yield "array_interface_in_an_ordered_state", op.stream(hidden), "a state that is no plain dict"
    slots = op.built(op.call(*space), (state, None))
    yield "array_interface_beside_slots", op.stream(slots), "a state of two parts"
    name = op.call("builtins", "str", (b"__array_interface__", "latin1"), 3)
    worked = op.Raw(op.call(*space) + b"}" + name + op.value(place) + b"sb")
    yield "array_interface_by_a_name_that_is_made", op.stream(worked, 3), "as a text of NumPy's is"
    bunch = op.newobj("sklearn.utils._bunch", "Bunch")
    filled = op.Raw(bunch + op.value("__array_interface__") + op.value(place) + b"s")
    yield "array_interface_of_a_bunch", op.stream(filled), "its attributes are its items"
    fraction = op.call("fractions", "Fraction", ("1e999999999",))
    yield "fraction_of_a_billion_digits", op.stream(fraction), "its digits are worked out"
    repeats = ("a", "b", [0.0, 1.0], 1 << 40)
    kernels = "sklearn.gaussian_process.kernels"
    made = op.newobj(kernels, "Hyperparameter", repeats)
    yield "hyperparameter_of_a_trillion_bounds", op.stream(made), "an array is repeated"
    batch = "transformers.tokenization_utils_base"
    encoding = op.built(op.newobj(batch, "BatchEncoding"), {"data": state})
    yield "array_interface_of_a_batch", op.stream(encoding), "its attributes are a dict's items"


def cases() -> Iterator[Case]:
    for label, data, why in _pickles():
        yield Case(label, data, "12", "arrays.interface", why)
    for label, data, why in _polyglots():
        yield Case(label, data, "4", "polyglot", why)
    for label, data, why in _keras():
        yield Case(label, data, "12", "CVE-2025-8747", why)
    for label, data, why in _skops():
        yield Case(label, data, "12", "CVE-2025-54886", why)
