"""PyTorch's zip archives: storages against what the pickle names, code, and what rides along."""

from __future__ import annotations

import json
import zipfile

import pytest

from tests.formats_reading import EVIL, judged, rules
from tests.model_samples._archives import STATE_DICT, torch_members, zipped


def archive(pickle=STATE_DICT, storages=None, more=(), less=(), method=zipfile.ZIP_STORED):
    members = torch_members(pickle, storages) | dict(more)
    return zipped({k: v for k, v in members.items() if k not in less}, method)


def named(key=b"0", elements=2, kind=b"FloatStorage"):
    """Return the pickle with another storage in it."""
    raw = STATE_DICT.replace(b"FloatStorage", kind)
    raw = raw.replace(
        b"X\x01\x00\x00\x000q\x05", b"X" + bytes([len(key)]) + b"\0\0\0" + key + b"q\5"
    )
    return raw.replace(b"K\x02tq\x07", b"K" + bytes([elements]) + b"tq\7")


def test_a_state_dict_is_data_with_its_facts():
    found = judged(archive())
    assert (found.model_format, found.role, found.verdict) == ("pytorch", "weights", "data")
    header = found.header
    assert (header.parameters, header.precision, header.tensors) == (2, "F32", 1)


@pytest.mark.parametrize(
    "data,rule",
    [
        (archive(less=["m/data/0"]), "torch-storage-missing"),
        (archive(storages={"0": b"\0" * 4}), "torch-storage-size"),
        (archive(storages={"0": b"\0" * 12}), "torch-storage-size"),
        (archive(storages={"0": b""}), "torch-storage-size"),
        (archive(method=zipfile.ZIP_DEFLATED), "torch-storage-packed"),
        (archive(named(elements=9)), "torch-storage-size"),
        (archive(named(kind=b"DoubleStorage")), "torch-storage-size"),
        (archive(named(key=b"../x")), "torch-storage-missing"),
        (archive(STATE_DICT + b"more"), "torch-pickle-tail"),
        (archive(STATE_DICT + EVIL), "torch-pickle-tail"),
        (archive(more={"m/byteorder": b"middle"}), "torch-byteorder"),
        (archive(STATE_DICT[:-1]), None),
        (archive(b""), None),
    ],
    ids=[
        "storage-missing", "storage-shorter", "storage-longer", "storage-empty", "storage-packed",
        "more-elements-named", "wider-type-named", "key-leads-out", "bytes-behind-the-pickle",
        "pickle-behind-the-pickle", "byte-order", "pickle-cut", "pickle-empty",
    ],
)  # fmt: skip
def test_malformed(data, rule):
    found = judged(data)
    assert found.verdict in ("malformed", "dangerous")
    assert rule is None or rule in rules(found)


@pytest.mark.parametrize(
    "more,rule",
    [
        ({"m/notes.txt": b"words"}, "torch-member-extra"),
        ({"other/data.txt": b"words"}, "torch-member-extra"),
        ({"m/data/7": b"words"}, "torch-storage-extra"),
        ({"m/code/__torch__.py": b"class M(Module):\n  pass\n"}, "torchscript-code"),
        ({"m/constants.pkl": b"\x80\x02)."}, "torchscript-code"),
        ({"m/hook.py": b"import os"}, "archive-script"),
    ],
)
def test_what_a_person_has_to_look_at(more, rule):
    found = judged(archive(more=more))
    assert found.verdict == "unlisted"
    assert rule in rules(found)


@pytest.mark.parametrize(
    "more",
    [
        {"m/data.pkl": EVIL},
        {"m/constants.pkl": EVIL},
        {"m/extra/a": EVIL},
        {"m/.data/more": EVIL},
        {"m/data/7": EVIL},
        {"m/data/weights/w": zipped({"x": EVIL})},
        {"other": EVIL},
        {"m/code/__torch__.py": b"def f(x):\n  torch.save(x, '/etc/passwd')\n"},
        {"m/code/__torch__.py": b"def f(x):\n  return torch.from_file('/etc/shadow')\n"},
        {"m/data/aotinductor/model/x.so": b"\x7fELF" + b"\0" * 60},
        {"m/data/aotinductor/model/x.cubin": b"\x7fELF" + b"\0" * 60},
        {"m/extra/xx": b"\x7fELF" + b"\0" * 60},
    ],
    ids="-".join,
)
def test_what_runs_is_dangerous(more):
    assert judged(archive(more=more)).verdict == "dangerous"


def test_a_pickle_in_the_bytes_of_a_tensor_is_found():
    padded = EVIL + b"\0" * (-len(EVIL) % 4)
    data = archive(named(elements=len(padded) // 4), storages={"0": padded})
    assert judged(data).verdict == "dangerous"


@pytest.mark.parametrize(
    "head", [b"\x78\x9c\x01\x02", b"\x1f\x8b\x08\x00", b"BZh9", b"\x80\4\x95\1"]
)
def test_numbers_that_look_like_something_are_numbers(head):
    assert judged(archive(storages={"0": head + b"\3\2\1\0"})).verdict == "data"


def test_custom_operators_are_facts():
    code = b"def f(x):\n  return ops.mylib.run(ops.aten.relu(x))\n"
    found = judged(archive(more={"m/code/__torch__.py": code}))
    assert found.header.custom_operators == ("mylib::run",)


def test_an_optimizer_alone_is_told():
    state = STATE_DICT.replace(b"X\x01\x00\x00\x00w", b"X\x0c\x00\x00\x00param_groups")
    assert judged(archive(state)).role == "optimizer"
    both = STATE_DICT.replace(b"X\x01\x00\x00\x00w", b"X\x08\x00\x00\x00a.weight")
    assert judged(archive(both)).role == "weights"


def exported(graph):
    weights = {"config": {"w": {"tensor_meta": {"dtype": 13, "sizes": [{"as_int": 7}]}}}}
    return zipped(
        {
            "m/archive_format": b"pt2",
            "m/models/model.json": json.dumps(graph).encode(),
            "m/data/weights/model_weights_config.json": json.dumps(weights).encode(),
            "m/data/weights/weight_0": b"\0" * 14,
            "m/.data/version": b"6",
        }
    )


def node(target):
    return {"nodes": [{"target": target, "inputs": [], "outputs": []}]}


def test_an_exported_program_is_data_with_its_facts():
    found = judged(exported(node("torch.ops.aten.linear.default")))
    assert (found.model_format, found.verdict) == ("pytorch", "data")
    assert (found.header.parameters, found.header.precision) == (7, "BF16")
    found = judged(exported(node("torch.ops.mylib.run.default")))
    assert found.header.custom_operators == ("mylib::run.default",)


@pytest.mark.parametrize(
    "graph,verdict",
    [
        (node("torch.hub.load"), "unlisted"),
        (node("torch.ops.aten.__class__"), "unlisted"),
        (node("_operator.methodcaller"), "unlisted"),
        (node("_operator.add"), "data"),
        (node("math.floor"), "data"),
        ({"expr_str": "s0 + 2*s1"}, "data"),
        ({"expr_str": "Max(1, FloorDiv(s0, 2))"}, "data"),
        ({"expr_str": "__import__('os').system('echo inert')"}, "dangerous"),
        ({"expr_str": "s0.func"}, "dangerous"),
        ({"expr_str": "'a'"}, "dangerous"),
        ({"expr_str": "[1]"}, "dangerous"),
    ],
)
def test_what_a_graph_calls_and_evaluates(graph, verdict):
    assert judged(exported(graph)).verdict == verdict


def test_a_graph_that_is_no_json_is_malformed():
    data = zipped({"m/archive_format": b"pt2", "m/models/model.json": b"{"})
    assert judged(data).verdict == "malformed"


def test_a_directory_that_is_lost_hides_nothing():
    data = archive(EVIL)
    assert judged(data[: data.index(b"PK\1\2")]).verdict == "dangerous"
