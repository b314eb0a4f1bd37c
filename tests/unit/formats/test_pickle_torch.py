"""Tensors in pickles: storages are named rightly, tensors stay in them, nothing is called."""

from __future__ import annotations

import pytest

from auditor.formats._pickle import Storage
from tests import pickle_ops as p
from tests.pickle_reading import examined, rules

ORDERED = p.named("collections", "OrderedDict")
STORED = p.storage("0", "FloatStorage", 12)
UTILS = "torch._utils"


def torch(*parts):
    return examined(p.whole(*parts, version=2), torch=True)


def rebuilt(function, *arguments):
    return p.call(p.named(UTILS, function), *arguments)


def test_a_tensor_names_its_storage():
    found = torch(p.tensor(STORED, 0, (3, 4), (4, 1)))
    assert (found.verdict, found.tensors, found.elements) == ("data", 1, (("F32", 12),))
    [stored] = found.storages
    assert (stored.key, stored.dtype, stored.elements, stored.bytes) == ("0", "F32", 12, 48)
    assert isinstance(stored, Storage)


def test_storages_are_told_once_and_tensors_may_share_them():
    found = torch(
        p.MARK, p.tensor(STORED, 0, (12,), (1,)), p.tensor(STORED, 6, (6,), (1,)), p.TUPLE
    )
    assert (found.verdict, found.tensors, len(found.storages)) == ("data", 2, 1)


def test_a_storage_without_a_type_has_that_of_its_tensors():
    stored = p.storage("0", "UntypedStorage", 16).replace(
        p.named("torch", "UntypedStorage"), p.named("torch.storage", "UntypedStorage")
    )
    found = torch(
        rebuilt(
            "_rebuild_tensor_v3", stored, p.number(0), p.tuple_of(p.number(8)),
            p.tuple_of(p.number(1)), p.FALSE, p.call(ORDERED), p.named("torch", "uint16"),
        )
    )  # fmt: skip
    assert (found.verdict, found.elements) == ("data", (("U16", 8),))


INSIDE = {
    "whole": (0, (3, 4), (4, 1)),
    "transposed": (0, (4, 3), (1, 4)),
    "last-element": (11, (1,), (1,)),
    "expanded": (0, (5, 12), (0, 1)),
    "no-dimension": (11, (), ()),
    "empty": (0, (0, 4), (4, 1)),
    "empty-at-the-end": (12, (0,), (1,)),
}
BEYOND = {
    "one-too-many": (0, (13,), (1,)),
    "offset": (12, (1,), (1,)),
    "offset-of-no-dimension": (12, (), ()),
    "negative-offset": (-1, (2,), (1,)),
    "stride": (0, (2,), (12,)),
    "huge-stride": (0, (2,), (1 << 61,)),
    "huge-offset": (1 << 61, (1,), (1,)),
}
ODD = {
    "negative-size": (0, (-1,), (1,)),
    "negative-stride": (11, (2,), (-1,)),
    "one-stride-too-few": (0, (3, 4), (1,)),
    "65-dimensions": (0, (1,) * 65, (1,) * 65),
    "product-beyond-everything": (0, (1 << 40, 1 << 40), (0, 0)),
}


@pytest.mark.parametrize("name", INSIDE)
def test_a_tensor_within_its_storage(name):
    assert torch(p.tensor(STORED, *INSIDE[name])).verdict == "data"


@pytest.mark.parametrize("name", BEYOND)
def test_a_tensor_that_reaches_beyond_its_storage_is_dangerous(name):
    found = torch(p.tensor(STORED, *BEYOND[name]))
    assert (found.verdict, rules(found)) == ("dangerous", {"pickle-tensor-extent"})


@pytest.mark.parametrize("name", ODD)
def test_a_tensor_that_can_be_none_is_malformed(name):
    assert torch(p.tensor(STORED, *ODD[name])).verdict == "malformed"


IDENTIFIERS = {
    "text": p.text("storage") + p.BINPERSID,
    "list": p.EMPTY_LIST + p.MARK + p.text("storage") + p.APPENDS + p.BINPERSID,
    "other-kind": p.tuple_of(p.text("file"), p.text("/etc/passwd")) + p.BINPERSID,
    "no-storage-class": p.tuple_of(
        p.text("storage"), p.named("numpy", "ndarray"), p.text("0"), p.text("cpu"), p.number(1)
    ) + p.BINPERSID,
    "function-as-class": p.tuple_of(
        p.text("storage"), p.named(UTILS, "_rebuild_tensor_v2"), p.text("0"), p.text("cpu"), p.number(1)
    ) + p.BINPERSID,
    "key-is-a-number": p.tuple_of(
        p.text("storage"), p.named("torch", "FloatStorage"), p.number(0), p.text("cpu"), p.number(1)
    ) + p.BINPERSID,
    "negative-elements": p.storage("0", "FloatStorage", -1),
    "place-is-an-object": p.tuple_of(
        p.text("storage"), p.named("torch", "FloatStorage"), p.text("0"), p.call(ORDERED), p.number(1)
    ) + p.BINPERSID,
    "too-short": p.tuple_of(p.text("storage"), p.named("torch", "FloatStorage")) + p.BINPERSID,
    "view-outside": p.storage("0", "FloatStorage", 4, p.tuple_of(p.text("1"), p.number(3), p.number(2))),
    "view-is-a-list": p.storage("0", "FloatStorage", 4, p.EMPTY_LIST),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_a_persistent_id_that_is_no_storage_is_dangerous(name):
    assert torch(IDENTIFIERS[name]).verdict == "dangerous"


def test_persistent_ids_outside_a_container_cannot_be_judged():
    found = examined(p.whole(STORED))
    assert (found.verdict, found.storages) == ("not-inspectable", ())


def test_a_storage_named_with_two_sizes_is_malformed():
    found = torch(p.MARK, STORED, p.storage("0", "FloatStorage", 13), p.TUPLE)
    assert rules(found) == {"pickle-storage-differs"}


def test_views_of_legacy_files():
    view = p.tuple_of(p.text("1"), p.number(2), p.number(2))
    assert (
        torch(p.tensor(p.storage("0", "FloatStorage", 4, p.NONE), 0, (4,), (1,))).verdict == "data"
    )
    inside = torch(p.tensor(p.storage("0", "FloatStorage", 4, view), 0, (2,), (1,)))
    beyond = torch(p.tensor(p.storage("0", "FloatStorage", 4, view), 0, (3,), (1,)))
    assert (inside.verdict, beyond.verdict) == ("data", "dangerous")


def test_the_source_of_a_module_gives_its_class():
    module = p.tuple_of(
        p.text("module"), p.named("acme", "Net"), p.text("net.py"), p.text("class Net")
    )
    assert torch(p.new(module + p.BINPERSID)).unlisted == ("acme.Net",)


TENSOR = p.tensor(STORED, 0, (12,), (1,))
HOOKS = p.call(ORDERED) + p.number(1) + p.named(UTILS, "_rebuild_tensor") + p.SETITEM
ABUSED = {
    "hooks-of-a-tensor": rebuilt(
        "_rebuild_tensor_v2", STORED, p.number(0), p.tuple_of(p.number(1)), p.tuple_of(p.number(1)),
        p.FALSE, HOOKS,
    ),
    "hooks-of-a-parameter": rebuilt("_rebuild_parameter", TENSOR, p.TRUE, HOOKS),
    "hooks-filled-afterwards": (
        rebuilt("_rebuild_parameter", TENSOR, p.TRUE, p.call(ORDERED) + p.put(9)) + p.POP
        + p.get(9) + p.number(1) + p.named(UTILS, "_rebuild_tensor") + p.SETITEM
    ),
    "function-behind-a-tensor": rebuilt(
        "_rebuild_tensor_v2", STORED, p.number(0), p.tuple_of(p.number(1)), p.tuple_of(p.number(1)),
        p.named(UTILS, "_rebuild_tensor"), p.NONE,
    ),
    "attribute-is-the-class": rebuilt(
        "_rebuild_parameter_with_state", TENSOR, p.TRUE, p.call(ORDERED), p.dict_of(__class__=ORDERED)
    ),
    "attribute-is-hooks": rebuilt(
        "_rebuild_parameter_with_state", TENSOR, p.TRUE, p.call(ORDERED),
        p.dict_of(_backward_hooks=p.EMPTY_DICT),
    ),
    "rebuilt-by-another-function": p.call(
        p.named("torch._tensor", "_rebuild_from_type_v2"), p.named("_codecs", "encode"),
        p.named("torch", "Tensor"), p.EMPTY_TUPLE, p.NONE,
    ),
    "rebuilt-by-a-class": p.call(
        p.named("torch._tensor", "_rebuild_from_type_v2"), ORDERED, p.named("torch", "Tensor"),
        p.EMPTY_TUPLE, p.NONE,
    ),
    "loaded-from-a-call": p.call(p.named("torch.storage", "_load_from_bytes"), p.call(ORDERED)),
    "size-called": p.call(p.call(p.named("torch", "Size"), p.EMPTY_TUPLE)),
}  # fmt: skip


@pytest.mark.parametrize("name", ABUSED)
def test_what_the_tables_allow_cannot_be_abused(name):
    assert torch(ABUSED[name]).verdict == "dangerous"


def test_a_parameter_with_attributes_and_a_subclass():
    state = p.dict_of(tag=p.text("x"))
    assert (
        torch(
            rebuilt("_rebuild_parameter_with_state", TENSOR, p.TRUE, p.call(ORDERED), state)
        ).verdict
        == "data"
    )
    from_type = p.call(
        p.named("torch._tensor", "_rebuild_from_type_v2"), p.named(UTILS, "_rebuild_tensor_v2"),
        p.named("torch.nn.parameter", "Parameter"),
        p.tuple_of(STORED, p.number(0), p.tuple_of(p.number(3)), p.tuple_of(p.number(1)), p.FALSE, p.call(ORDERED)),
        state,
    )  # fmt: skip
    assert torch(from_type).verdict == "data"
    unlisted = from_type.replace(
        p.named("torch.nn.parameter", "Parameter"), p.named("acme", "Special")
    )
    assert torch(unlisted).unlisted == ("acme.Special",)


NESTED = {
    "a-shell": (p.whole(p.call(p.lines("os", "system"), p.text("echo inert"))), "dangerous"),
    "something-unlisted": (p.whole(p.named("acme", "Net")), "unlisted"),
    "no-file": (b"nothing that is known here", "malformed"),
}


@pytest.mark.parametrize("name", NESTED)
def test_bytes_that_are_loaded_are_judged_as_a_file(name):
    inner, verdict = NESTED[name]
    loads = p.named("torch.storage", "_load_from_bytes")
    encoded = p.call(
        p.named("_codecs", "encode"), p.text(inner.decode("latin-1")), p.text("latin1")
    )
    for literal in (p.raw(inner), encoded):
        found = examined(p.whole(p.call(loads, literal)))
        assert found.verdict == verdict
        assert name == "no-file" or any("storage@" in reason.member for reason in found.reasons)


def test_indices_in_the_data_are_believed_so_sparse_tensors_are_the_frameworks():
    sparse = rebuilt(
        "_rebuild_sparse_tensor",
        p.call(p.named("torch.serialization", "_get_layout"), p.text("torch.sparse_coo")),
        p.tuple_of(TENSOR),
    )
    assert torch(sparse).verdict == "framework"
