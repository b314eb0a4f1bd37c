"""Judges Keras' JSON of a model: what its loader would import, call, open or fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError, ModelHeader
from auditor.formats import _keras_names as names
from auditor.formats._json import parse, table, text
from auditor.formats._tensorflow_walk import DANGEROUS

_ADDRESS = re.compile(r"\b(?:https?|ftp|file|gs|s3|hdfs|hf|kaggle)://\S{1,200}", re.IGNORECASE)
_MAX_CUSTOM = 100
_SHOWN = 100
# Operations of TensorFlow that a legacy `TFOpLambda` may name, and that read or run something.
_TENSORFLOW_RUNS = re.compile(
    r"(?:^|\.)(?:io|py_func|py_function|numpy_function|eager_py_func|load_op_library|load_library|"
    r"load_file_system_library|saved_model|raw_ops|data|debugging|print|queue|train|summary|"
    r"sysconfig|config|read_file|write_file|matching_files|import_graph_def|gfile|autograph|"
    r"function|profiler|distribute|tpu|utils|models|saving|preprocessing|applications|datasets|"
    r"deserialize|eval)(?:\.|$)"
)
# Those that compute, by the packages of TensorFlow that hold nothing else, or by a plain name.
_TENSORFLOW_COMPUTES = re.compile(
    r"(?:compat\.v[12]\.)?(?:(?:math|nn|linalg|image|strings|signal|sparse|ragged|random|bitwise|"
    r"audio|quantization|sets|dtypes|__operators__|experimental\.numpy|keras\.activations|"
    r"keras\.backend|keras\.losses|keras\.metrics)\.)?[a-z_][a-z0-9_]*"
)
_WORD = re.compile(r"[A-Z][A-Za-z0-9]{2,60}")
_DEFINITION = 1 << 16
_LOOKUPS = frozenset({
    "StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup", "BytePairTokenizer",
    "WordPieceTokenizer", "SentencePieceTokenizer",
})  # fmt: skip
# Fields of a layer that name a file where they are a text (CVE-2025-12058).
_OPENED = ("vocabulary", "idf_weights", "merges", "proto")


class KerasConfig(Struct, frozen=True, kw_only=True):
    """What a model's JSON says and would do: `reasons` are empty where it is Keras alone."""

    reasons: tuple[VerdictReason, ...]
    header: ModelHeader = ModelHeader()
    layers: int = 0


def examine_config(raw: bytes, context: Context) -> KerasConfig:
    """Return what a Keras model's JSON says and would do when it is loaded.

    It is `config.json` of a `.keras` file, the attribute `model_config` of an HDF5 file, or what
    `to_json()` gives, of Keras 2 and 3. What is no JSON is `malformed`. Raises `FormatError` at
    the end of the budget.
    """
    try:
        document = parse(raw, "the model's configuration")
    except FormatError as error:
        limit = error.reason == "limit"
        verdict = context.reason(
            "keras-config-limit" if limit else "keras-config-malformed",
            "not-inspectable" if limit else "malformed",
            error.detail,
        )
        return KerasConfig(reasons=(verdict,))
    judged = _Judge(context)
    for value in _every(document, context):
        if isinstance(value, dict):
            judged.consider(value)
        elif isinstance(value, str):
            judged.consider_text(value)
    config = table(table(document).get("config"))
    header = ModelHeader(
        architecture=text(table(document).get("class_name")),
        name=text(config.get("name")),
        custom_operators=tuple(sorted(judged.custom)),
    )
    return KerasConfig(reasons=tuple(judged.reasons), header=header, layers=judged.layers)


def names_a_class(document: object, context: Context) -> bool:
    """Return whether Keras' loader would make an object of a document, or of a part of it.

    It goes into lists and tables that name no class themselves (serialization_lib.py).
    """
    every = _every(document, context)
    return any(isinstance(value, dict) and "class_name" in value for value in every)


def _every(document: object, context: Context) -> Iterator[object]:
    """Yield all values, without recursion; each is a step of the budget."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        context.budget.step()
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
            context.budget.step(len(value))
        elif isinstance(value, list):
            waiting.extend(value)


def _is_lambda(key: str, value: object) -> bool:
    """Return whether a field is Python byte code of Keras 2, or says that another one is."""
    if key.endswith("_type"):
        return value == "lambda"
    code = value[0] if isinstance(value, list) and value else None
    return key in ("function", "output_shape", "mask") and isinstance(code, str)


def _short(name: str) -> str:
    """Return a class's own name, without its package and what it lies in."""
    return name.rpartition(">")[2].rpartition(".")[2]


def _is_class(name: str) -> bool:
    return name.isidentifier() and name.lstrip("_")[:1].isupper()


class _Judge:
    """Collects what the objects of a configuration would do."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.reasons: dict[VerdictReason, None] = {}
        self.custom: set[str] = set()
        self.layers = 0

    def consider_text(self, value: str) -> None:
        """Judge a string: an address is something that may be fetched."""
        found = _ADDRESS.search(value)
        if found:
            self._unlisted("keras-address", f"it holds the address {found.group()[:_SHOWN]}")

    def consider(self, value: dict[str, object]) -> None:
        """Judge an object: what it names, and whether it carries code or a path."""
        name = value.get("class_name")
        config = table(value.get("config"))
        if any(_is_lambda(key, inner) for key, inner in value.items()):
            self._dangerous("keras-lambda", "a layer carries Python byte code")
        if not isinstance(name, str):
            return
        self.layers += "inbound_nodes" in value or "build_config" in value
        if name == "__lambda__":
            self._dangerous("keras-lambda", "a function is Python byte code")
        elif name == "function":
            self._function(value)
        elif name == "__typespec__":
            self._named(text(value.get("module")), text(value.get("spec_name")), value)
        elif name not in names.VALUES:
            self._class(name, config, value)

    def _class(self, name: str, config: dict[str, object], value: dict[str, object]) -> None:
        registered = value.get("registered_name")
        # A registered name goes before the class's own (keras/src/saving/serialization_lib.py).
        for short in {_short(name), _short(registered if isinstance(registered, str) else "")}:
            self._layer(short, config)
        module = text(value.get("module"))
        self._opened(_short(name), module, config)
        self._named(module, name, value)

    def _layer(self, short: str, config: dict[str, object]) -> None:
        """Judge the layers that run, load or call something by what they are."""
        if short == "Lambda":
            self._dangerous("keras-lambda-layer", "a Lambda layer runs code of the file's own")
        elif short == "TorchModuleWrapper":
            detail = "a layer holds a PyTorch module as a pickle (CVE-2025-49655)"
            self._dangerous("keras-torch-module", detail)
        elif short == "TFSMLayer":
            where = text(config.get("filepath"), _SHOWN)
            self._dangerous("keras-saved-model", f"a layer loads the SavedModel {where}")
        elif short in ("JaxLayer", "FlaxLayer"):
            self._unlisted("keras-jax-layer", f"a {short} calls functions of the file's own")
        elif short in ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "TensorFlowOpLayer"):
            self._operation(config)

    def _opened(self, name: str, module: str, config: dict[str, object]) -> None:
        """Judge the fields that Keras opens where they are a text, wherever that leads."""
        own = module.partition(".")[0] in names.ROOTS or name in _LOOKUPS
        for field in _OPENED:
            where = config.get(field)
            if isinstance(where, str) and (own or field == "vocabulary"):
                detail = f"{name} would open {where[:_SHOWN]!a} as its {field} (CVE-2025-12058)"
                self._dangerous("keras-vocabulary-path", detail)
            elif isinstance(where, dict) and own:
                self._unlisted("keras-vocabulary", f"the {field} of {name} is no list of words")

    def _operation(self, config: dict[str, object]) -> None:
        symbols = [text(config.get(field)) for field in ("function", "cls_symbol")]
        for symbol in filter(None, symbols if any(symbols) else [text(config.get("name"))]):
            if _TENSORFLOW_RUNS.search(symbol):
                self._dangerous("keras-operation", f"a layer calls tf.{symbol[:_SHOWN]}")
            elif any(symbols) and not _TENSORFLOW_COMPUTES.fullmatch(symbol):
                self._unlisted("keras-operation", f"a layer calls tf.{symbol[:_SHOWN]}")
        # A node of a graph as JSON or as protobuf, of which the operator's name is a word.
        for word in sorted(set(_WORD.findall(str(config.get("node_def", ""))[:_DEFINITION]))):
            if word in DANGEROUS:
                detail = f"a layer is the operator {word}, which {DANGEROUS[word]}"
                self._dangerous("keras-operation", detail)

    def _function(self, value: dict[str, object]) -> None:
        name, module = text(value.get("config")), text(value.get("module"))
        if module in ("builtins", ""):
            # The loader looks among Keras' own functions, then among registered ones; Keras
            # before 3.9 imported whatever the module and the name said (CVE-2025-1550).
            if name in names.PYTHON_FUNCTIONS:
                self._dangerous("keras-module", f"it asks for Python's {name}", f"builtins.{name}")
            elif name not in names.FUNCTIONS:
                self._foreign(name)
            return
        self._layer(_short(name), {})
        self._named(module, name, value)

    def _named(self, module: str, name: str, value: dict[str, object]) -> None:
        """Judge the class or function `module.name`."""
        registered = value.get("registered_name")
        path = f"{module}.{name}" if module else name
        root, *inner = module.split(".")
        if root in names.CODE_ROOTS:
            detail = f"its loader would import {path[:_SHOWN]} (CVE-2025-1550)"
            self._dangerous("keras-module", detail, path)
        elif root in names.ROOTS:
            self._of_keras(inner, name, path, library=root not in ("keras", "tf_keras"))
        elif root == "tensorflow" and name.endswith("Spec") and name.isidentifier():
            return
        elif module or name not in names.BUILT_IN:
            self._foreign(path)
        package, mark, _ = registered.partition(">") if isinstance(registered, str) else ("",) * 3
        if mark and package not in names.ROOTS:
            self._foreign(str(registered))

    def _of_keras(self, inner: list[str], name: str, path: str, *, library: bool) -> None:
        if "get_file" in (name, *inner):
            detail = f"{path} would fetch and unpack a file (CVE-2025-8747, CVE-2025-12060)"
            self._dangerous("keras-get-file", detail, path)
        elif "config" in inner or name == "enable_unsafe_deserialization":
            detail = f"{path} would switch the safe mode off (CVE-2025-9906)"
            self._dangerous("keras-safe-mode", detail, path)
        elif name in names.MODEL_CLASSES:
            return
        elif names.TOOLS & {*inner, name} or (names.READERS & set(inner) and not _is_class(name)):
            detail = f"{path} is a function of Keras that no model is built of (CVE-2025-8747)"
            self._dangerous("keras-internal-function", detail, path)
        elif "applications" in inner:
            self._unlisted("keras-download", f"{path} may fetch weights", path)
        elif not (
            (library or not names.MODEL_PACKAGES.isdisjoint(inner))
            if _is_class(name)
            else names.is_function(inner, name)
        ):
            self._foreign(path)

    def _foreign(self, path: str) -> None:
        if len(self.custom) < _MAX_CUSTOM:
            self.custom.add(path[:_SHOWN])
        self._unlisted("keras-custom-object", f"{path[:_SHOWN]} is not Keras' own", path)

    def _dangerous(self, rule: str, detail: str, name: str = "") -> None:
        self.reasons[self._context.reason(rule, "dangerous", detail, global_name=name)] = None

    def _unlisted(self, rule: str, detail: str, name: str = "") -> None:
        self.reasons[self._context.reason(rule, "unlisted", detail, global_name=name)] = None
