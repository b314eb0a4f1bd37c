"""Formats around models: Keras, skops, NeMo, MAR, packers; what they run is in what they hold."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import plain_zip, tar, torch_zip
from tests.corpus._case import Case
from tests.corpus._hdf5 import hdf5
from tests.corpus._ops import attack

BAD = attack()
CODE = "TgAA"  # what marshal makes of None, in base64


def _model(*layers: dict) -> dict:
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": list(layers)},
    }


def _layer(kind: str, module: str = "keras.layers", **config) -> dict:
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": "x", **config},
        "registered_name": None,
    }


def _function(module: str, name: str) -> dict:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


LAMBDA = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
LAYERS: tuple[tuple[str, dict, str], ...] = (
    ("lambda", _layer("Lambda", function=LAMBDA), "CVE-2024-3660"),
    ("lambda_old", _layer("Lambda", function=[CODE, None, None], function_type="lambda"), "CVE-2024-3660"),
    ("lambda_by_name", _layer("Lambda", function="print", function_type="function"), "CVE-2024-3660"),
    ("lambda_of_a_function", _layer("Lambda", function=_function("os", "system")), "CVE-2025-1550"),
    ("class_of_another_module", _layer("Popen", "subprocess", args="echo inert"), "CVE-2025-1550"),
    ("function_of_another_module", _layer("Dense", activation=_function("os", "system")), "CVE-2025-1550"),
    ("function_of_builtins", _layer("Dense", activation=_function("builtins", "exec")), "CVE-2025-1550"),
    ("get_file", _layer("Dense", activation=_function("keras.utils", "get_file")), "CVE-2025-8747"),
    ("load_model", _layer("Dense", activation=_function("keras.models", "load_model")), "CVE-2025-8747"),
    ("load_model_of_keras_src", _layer("Dense", activation=_function("keras.src.saving", "load_model")), "CVE-2025-8747"),
    ("enable_unsafe", _layer("Dense", activation=_function("keras.config", "enable_unsafe_deserialization")), "CVE-2025-9906"),
    ("enable_unsafe_of_keras_src", _layer("Dense", activation=_function("keras.src.saving.serialization_lib", "enable_unsafe_deserialization")), "CVE-2025-9906"),
    ("vocabulary_path", _layer("StringLookup", vocabulary="/etc/passwd"), "CVE-2025-12058"),
    ("vocabulary_url", _layer("TextVectorization", vocabulary="http://inert.invalid/v.txt"), "CVE-2025-12058"),
    ("tfsm_layer", _layer("TFSMLayer", filepath="/nonexistent/inert"), "CVE-2026-1669"),
    ("torch_module_wrapper", _layer("TorchModuleWrapper", module=CODE), "CVE-2025-49655"),
    ("registered_name", _layer("Custom", "inert.module") | {"registered_name": "pkg>Custom"}, "CVE-2025-1550"),
    ("lambda_within", _layer("TimeDistributed", layer=_layer("Lambda", function=LAMBDA)), "CVE-2024-3660"),
    ("lambda_as_activation", _layer("Dense", activation=LAMBDA), "CVE-2024-3660"),
    ("lambda_as_initializer", _layer("Dense", kernel_initializer=LAMBDA), "CVE-2024-3660"),
)  # fmt: skip


def keras(config: object, **more: bytes) -> bytes:
    metadata = {"keras_version": "3.8.0", "date_saved": "2026-01-01@00:00:00"}
    files = {"metadata.json": metadata, "config.json": config}
    raw = {name: json.dumps(item).encode() for name, item in files.items()}
    weights = {"model.weights.h5": hdf5({})}
    return plain_zip(raw | weights | more)


def _keras() -> Iterator[tuple[str, bytes, str]]:
    for label, layer, reference in LAYERS:
        yield f"keras_{label}", keras(_model(layer)), reference
        yield (
            f"h5_{label}",
            hdf5({"model_config": json.dumps(_model(layer))}),
            "CVE-2025-9905 " + reference,
        )
    good = _model(_layer("Dense", units=1, activation="relu"))
    compiled = good | {"compile_config": {"loss": LAMBDA, "optimizer": "adam"}}
    yield "keras_lambda_as_the_loss", keras(compiled), "CVE-2025-1550"
    called = good | {"build_config": _function("os", "system")}
    yield "keras_function_in_build_config", keras(called), "CVE-2025-1550"
    yield "keras_escaped_names", _escaped(), "CVE-2025-1550"
    yield "keras_duplicate_keys", _duplicate(), "CVE-2025-1550"
    yield (
        "keras_config_is_no_json",
        plain_zip({"metadata.json": b"{}", "config.json": b"{", "model.weights.h5": hdf5({})}),
        "malformed",
    )
    yield (
        "keras_deep_config",
        plain_zip(
            {"metadata.json": b"{}", "config.json": b"[" * 100_000, "model.weights.h5": hdf5({})}
        ),
        "malformed",
    )
    yield "keras_with_a_pickle", keras(good, **{"assets/a.pkl": BAD}), "CVE-2025-8747"
    yield "keras_weights_are_a_pickle", keras(good, **{"model.weights.h5": BAD}), "CVE-2025-8747"
    yield (
        "keras_weights_link_elsewhere",
        keras(good, **{"model.weights.h5": hdf5({}, link="/etc/passwd")}),
        "CVE-2026-1669",
    )
    yield "keras_asset_climbs", keras(good, **{"assets/../../inert": b"inert"}), "CVE-2025-12060"
    yield "h5_external_link", hdf5({}, link="/etc/passwd"), "CVE-2026-1669"
    yield (
        "h5_lambda_in_training_config",
        hdf5({"model_config": json.dumps(good), "training_config": json.dumps({"loss": LAMBDA})}),
        "CVE-2025-9905",
    )
    lam = hdf5({"model_config": json.dumps(_model(LAYERS[0][1]))})
    yield "h5_behind_a_user_block", b"\0" * 512 + lam, "CVE-2025-9905"
    yield "h5_behind_a_pickle", BAD.ljust(512, b"\0") + lam, "polyglot"
    yield "h5_cut_short", lam[:-40], "malformed"


def _escaped() -> bytes:
    text = (
        json.dumps(_model(LAYERS[0][1]))
        .replace("Lambda", "\\u004cambda")
        .replace("__lambda__", "\\u005f_lambda__")
    )
    return plain_zip(
        {"metadata.json": b"{}", "config.json": text.encode(), "model.weights.h5": hdf5({})}
    )


def _duplicate() -> bytes:
    layer = json.dumps(_layer("Dense")).replace(
        '"class_name": "Dense"', '"class_name": "Dense", "class_name": "Lambda"'
    )
    text = json.dumps(_model({"?": 0})).replace('{"?": 0}', layer)
    return plain_zip(
        {"metadata.json": b"{}", "config.json": text.encode(), "model.weights.h5": hdf5({})}
    )


def _skops() -> Iterator[tuple[str, bytes, str]]:
    def schema(**node: object) -> bytes:
        base = {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "__id__": 1,
        }
        text = {
            **base,
            "content": {},
            "key_types": [],
            "protocol": 2,
            "_skops_version": "0.11",
            **node,
        }
        return json.dumps(text).encode()

    shell = {
        "__class__": "system",
        "__module__": "os",
        "__loader__": "FunctionNode",
        "__id__": 2,
        "content": {},
    }
    method = {"__class__": "system", "__module__": "os", "__loader__": "MethodNode", "__id__": 3,
              "content": {"func": "system", "obj": shell}}  # fmt: skip
    operator = {"__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode", "__id__": 4,
                "attrs": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": []}}  # fmt: skip
    for label, node, reference in (
        ("function_of_os", shell, "CVE-2025-54412"), ("method_of_os", method, "CVE-2025-54413"),
        ("operator_method", operator, "CVE-2025-54412"),
        ("object_of_a_shell", shell | {"__loader__": "ObjectNode"}, "CVE-2025-54413"),
        ("reduce_node", shell | {"__loader__": "ReduceNode", "reduce": ["echo inert"]}, "CVE-2025-54413"),
        ("unknown_loader", shell | {"__loader__": "InertNode"}, "CVE-2025-54412"),
        ("loader_is_a_path", shell | {"__loader__": "os.system"}, "CVE-2025-54412"),
        ("no_loader", {"__class__": "system", "__module__": "os"}, "CVE-2025-54412"),
    ):  # fmt: skip
        yield f"skops_{label}", plain_zip({"schema.json": schema(**node)}), reference
        inner = schema(content={"a": node}, key_types=["str"])
        yield f"skops_{label}_within", plain_zip({"schema.json": inner}), reference
    yield (
        "skops_with_a_joblib_file",
        plain_zip({"schema.json": schema(), "model.joblib": BAD}),
        "CVE-2025-54886",
    )
    yield (
        "skops_array_of_objects",
        plain_zip(
            {
                "schema.json": schema(),
                "1.npy": b"\x93NUMPY\1\0\x76\0"
                + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117)
                + b"\n"
                + BAD,
            }
        ),
        "CVE-2025-54886",
    )
    yield "skops_schema_is_no_json", plain_zip({"schema.json": b"{"}), "malformed"
    yield "skops_schema_too_deep", plain_zip({"schema.json": b'{"content":' * 50_000}), "malformed"


def _archives() -> Iterator[tuple[str, bytes, str]]:
    inner = torch_zip(BAD)
    nemo = {
        "./model_config.yaml": b"target: nemo.collections.asr.models.EncDecCTCModel\n",
        "./model_weights.ckpt": inner,
    }
    yield "nemo_with_a_pickle", tar(nemo), "CVE-2025-23304"
    yield "nemo_compressed", gzip.compress(tar(nemo), mtime=0), "CVE-2025-23304"
    target = b"tokenizer:\n  _target_: os.system\n  command: echo inert\n"
    yield (
        "nemo_target_of_a_shell",
        tar({"./model_config.yaml": target, "./model_weights.ckpt": torch_zip()}),
        "CVE-2025-23304",
    )
    yield (
        "nemo_path_climbs",
        tar({"./model_config.yaml": b"a: 1\n", "../../inert.pkl": BAD}),
        "CVE-2025-23304",
    )
    handler = b"def handle(data, context):\n    print('inert')\n"
    manifest = json.dumps(
        {"runtime": "python", "model": {"handler": "handler.py", "serializedFile": "m.pt"}}
    ).encode()
    mar = {"MAR-INF/MANIFEST.json": manifest, "handler.py": handler, "m.pt": torch_zip()}
    yield "mar_with_a_handler", plain_zip(mar), "code of the archive is run by the server"
    yield (
        "mar_with_a_pickle",
        plain_zip(mar | {"m.pt": inner}),
        "code of the archive is run by the server",
    )
    yield (
        "mar_with_requirements",
        plain_zip(mar | {"requirements.txt": b"inert\n"}),
        "packages are installed by the server",
    )
    yield "tar_of_a_pickle", tar({"a.txt": BAD}), "nested archives"
    yield (
        "tar_in_a_zip_of_a_zip",
        plain_zip({"a.tar": tar({"b.zip": plain_zip({"c.pkl": BAD})})}),
        "nested archives",
    )
    yield "zip_in_a_tar_in_a_zip", plain_zip({"a": tar({"b": inner})}, 8), "nested archives"
    yield "tar_link_out_of_it", tar({"a.pkl": BAD}, links={"data": "/etc/passwd"}), "links"
    yield (
        "tar_duplicate_member",
        tar({"a.pkl": op.stream(b"N")})[:1024] + tar({"a.pkl": BAD}),
        "duplicates",
    )
    packed = {
        "gz": gzip.compress(inner, mtime=0),
        "bz2": bz2.compress(inner),
        "xz": lzma.compress(inner),
    }
    for name, data in packed.items():
        yield f"torch_zip_in_{name}", data, "packers"
    for name, pack in (
        ("gz", lambda raw: gzip.compress(raw, mtime=0)),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
    ):
        yield f"tar_{name}_of_a_pickle", pack(tar({"a.pkl": BAD})), "packers"
        yield f"tar_{name}_of_a_torch_zip", pack(tar({"a.pt": inner})), "packers"
    seven = bytes.fromhex("377abcaf271c0004") + b"\0" * 24
    yield "seven_zip", seven + BAD, "nullifAI: a packer that torch users unpack by hand"
    yield "rar", b"Rar!\x1a\x07\x01\0" + b"\0" * 20 + BAD, "a packer that is not built in"
    yield "cabinet_of_a_pickle", plain_zip({"a.7z": seven + BAD}), "a packer that is not built in"


def cases() -> Iterator[Case]:
    for label, data, reference in (*_keras(), *_skops()):
        why = "the configuration names what is to be called, or what is read from elsewhere"
        yield Case(label, data, "12", reference, why)
    for label, data, reference in _archives():
        yield Case(label, data, "10", reference, "what it holds is run, or cannot be seen")
