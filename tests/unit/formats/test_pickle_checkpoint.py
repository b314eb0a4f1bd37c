"""What torch.distributed.checkpoint writes beside its tensors: data, but where it unpickles more."""

from __future__ import annotations

import pytest

from auditor.formats import pickle
from tests.corpus._ops import Raw, attack, by_line, call, named, newobj, stream, system, value
from tests.formats_reading import inspect, rules

METADATA = "torch.distributed.checkpoint.metadata"
FILES = "torch.distributed.checkpoint.filesystem"
SHARDED = "torch.distributed._shard.sharded_tensor.metadata"
FLOAT = Raw(by_line("torch", "float32"))
STRIDED = call("torch.serialization", "_get_layout", ("torch.strided",))


def made(name, state, module=METADATA):
    return Raw(newobj(module, name) + value(state) + b"b")


def encoding(number=0, module=METADATA, name="_MEM_FORMAT_ENCODING"):
    return call(module, name, (number,))


def size(*numbers):
    return call("torch", "Size", (numbers,))


def properties(*state, module=METADATA):
    return made("TensorProperties", state or (FLOAT, STRIDED, False, encoding(), False), module)


def metadata(within=None, *, path="__0_0.distcp", kept=None):
    chunk = made("ChunkStorageMetadata", {"offsets": size(0), "sizes": size(4)})
    tensor = {"properties": within or properties(), "size": size(4), "chunks": [chunk]}
    kinds = {"w": kept or made("TensorStorageMetadata", tensor)}
    place = made("_StorageInfo", {"relative_path": path, "offset": 0, "length": 608}, FILES)
    index = made("MetadataIndex", {"fqn": "w", "offset": size(0), "index": 0})
    storage = Raw(b"}" + value(index) + value(place) + b"s")
    state = {
        "state_dict_metadata": kinds, "planner_data": {"w": ("w",)}, "storage_data": storage,
        "storage_meta": made("StorageMeta", {"save_id": "a", "modules": []}), "version": "1",
    }  # fmt: skip
    return stream(made("Metadata", state))


@pytest.mark.parametrize(
    "within",
    [
        properties(),
        properties(FLOAT, STRIDED, True, encoding(2), True),
        properties(
            FLOAT, STRIDED, False, encoding(1, SHARDED, "MEM_FORMAT_ENCODING"), False,
            module=SHARDED,
        ),
    ],
    ids=["now", "other-values", "before-2.3"],
)  # fmt: skip
def test_what_is_said_of_tensors_is_data(within):
    found = inspect(pickle, metadata(within))
    assert (found.verdict, found.reasons, found.unlisted) == ("data", (), ())


@pytest.mark.parametrize(
    "state",
    [
        (FLOAT, STRIDED, False, 0, False),
        (FLOAT, STRIDED, False, call("builtins", "int", ("0",)), False),
        (FLOAT, "torch.strided", False, encoding(), False),
        (FLOAT, STRIDED, [], encoding(), False),
        (FLOAT, STRIDED, False, encoding()),
        (FLOAT, STRIDED, False, encoding(), False, None),
        (0, STRIDED, False, encoding(), False),
        (FLOAT, STRIDED, False, encoding(3), False),
        (FLOAT, STRIDED, False, encoding("x"), False),
        (FLOAT, STRIDED, False, call(METADATA, "_MEM_FORMAT_ENCODING", ("x", [])), False),
    ],
    ids=[
        "encoding-a-number", "encoding-another-call", "layout-a-text", "flag-a-list", "one-less",
        "one-more", "type-a-number", "encoding-unknown", "encoding-a-text", "encoding-made-anew",
    ],
)  # fmt: skip
def test_properties_that_torch_does_not_write(state):
    assert inspect(pickle, metadata(properties(*state))).verdict == "malformed"


def test_a_dict_as_the_state_of_properties():
    assert inspect(pickle, metadata(made("TensorProperties", {"dtype": FLOAT}))).verdict == (
        "malformed"
    )


def test_what_the_loader_unpickles_from_a_place_in_another_file_is_not_vouched_for():
    """A place in the middle of a tensor will do: nothing in that file alone shows a pickle."""
    found = inspect(pickle, metadata(kept=newobj(METADATA, "BytesStorageMetadata")))
    assert found.verdict == "unlisted"
    assert found.unlisted == (f"{METADATA}.BytesStorageMetadata",)


@pytest.mark.parametrize(
    "data",
    [
        metadata(system()),
        metadata(path=system()),
        metadata(properties(system(), STRIDED, False, encoding(), False)),
        metadata(made("TensorStorageMetadata", {"__array_interface__": {"data": (1, False)}})),
        metadata(made("StorageMeta", (None, {"__class__": Raw(named("builtins", "dict"))}))),
        stream(call(METADATA, "Metadata", ({},))),
        metadata() + attack(),
    ],
    ids=[
        "call-as-properties", "call-as-a-path", "call-as-a-type", "address", "slots", "called",
        "pickle-behind",
    ],
)  # fmt: skip
def test_what_hides_in_it_is_found(data):
    assert inspect(pickle, data).verdict == "dangerous"


def test_an_index_is_no_more_than_a_key():
    odd = made("MetadataIndex", {"fqn": Raw(by_line("os", "system"))})
    data = stream(Raw(b"}" + value(odd) + value(None) + b"s"))
    found = inspect(pickle, data)
    assert found.verdict == "dangerous"
    assert "pickle-global-dangerous" in rules(found)
