"""Class 11 and torch's containers: a payload in each pickle that torch reads, and lying storages."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import (
    Member,
    archive,
    plain_zip,
    storage,
    tar,
    tensor,
    torch_members,
    torch_zip,
    weights,
)  # fmt: skip
from tests.corpus._case import Case
from tests.corpus._ops import Raw, attack, call, stream, value

MAGIC = 0x1950A86A20F9469CFC6C
LOADED = ("_rebuild_tensor_v2", "_rebuild_tensor", "_rebuild_parameter")


def legacy(**replaced: bytes) -> bytes:
    """Return a file of torch before 1.6; each of its five pickles can be replaced."""
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    reference = ("storage", Raw(b"ctorch\nFloatStorage\n"), "0", "cpu", 4, None)
    hooks = Raw(b"ccollections\nOrderedDict\n)R")
    args = (Raw(value(reference) + b"Q"), 0, (4,), (1,), False, hooks)
    one = Raw(b"ctorch._utils\n_rebuild_tensor_v2\n" + value(args) + b"R")
    parts = {
        "magic": stream(value(MAGIC)), "version": stream(value(1001)), "info": stream(value(info)),
        "object": stream(value({"w": one})), "keys": stream(value(["0"])),
        "storages": struct.pack("<q", 4) + b"\0" * 16,
    } | replaced  # fmt: skip
    return b"".join(parts.values())


def _legacy() -> Iterator[tuple[str, bytes, str]]:
    for part in ("magic", "version", "info", "object", "keys"):
        yield f"payload_in_{part}", legacy(**{part: attack()}), f"the {part} pickle makes the call"
        dropped = stream(
            op.system() + b"0" + value({"magic": MAGIC, "version": 1001}.get(part, {}))
        )
        yield f"payload_dropped_in_{part}", legacy(**{part: dropped}), "a right value after a call"
    fetched = call("operator", "getitem", ([MAGIC], 0))
    yield (
        "magic_by_reduce",
        legacy(magic=stream(fetched), object=attack()),
        "the magic number is a call's result",
    )
    computed = call("builtins", "int", (str(MAGIC),))
    yield (
        "magic_by_int",
        legacy(magic=stream(computed), object=attack()),
        "the magic number is a call's result",
    )
    as_text = b"L%dL\n" % MAGIC
    yield (
        "magic_as_text",
        legacy(magic=as_text + b".", object=attack(0)),
        "the magic as a text number",
    )
    yield (
        "magic_in_protocol_4",
        legacy(magic=stream(value(MAGIC), 4), object=attack(4)),
        "a new protocol",
    )
    yield (
        "magic_behind_a_pop",
        legacy(magic=stream(b"N0" + value(MAGIC)), object=attack()),
        "an opcode more",
    )
    yield "pickle_among_the_storages", legacy(storages=attack()), "a pickle where the numbers lie"
    yield "pickle_behind_the_storages", legacy() + attack(), "a pickle behind the numbers"
    yield "storages_missing", legacy(storages=b""), "no numbers for the storages"
    short = struct.pack("<q", 4) + b"\0" * 3
    yield "storages_too_short", legacy(storages=short), "fewer numbers than declared"
    other = struct.pack("<q", 2**60) + b"\0" * 16
    yield "storage_count_differs", legacy(storages=other), "another count than in the pickle"
    keys = stream(value(["0", "1"]))
    yield "unknown_storage_key", legacy(keys=keys), "a key that the object does not have"
    yield (
        "keys_are_a_call",
        legacy(keys=stream(value([op.system()]))),
        "the list of keys holds a call",
    )


def _sizes() -> Iterator[tuple[str, bytes, str]]:
    whole = weights({"w": tensor()})
    yield "storage_shorter_than_declared", torch_zip(whole, b"\0" * 4), "CVE-2026-24747"
    yield (
        "storage_missing",
        archive(*torch_members(whole)[:2], torch_members()[3]),
        "CVE-2026-24747",
    )
    yield "storage_empty", torch_zip(whole, b""), "CVE-2026-24747"
    lies = {
        "shape_past_the_storage": {"shape": (1000,)}, "offset_past_the_storage": {"offset": 1000},
        "stride_past_the_storage": {"shape": (2,), "stride": (1000,)},
        "negative_offset": {"offset": -100}, "negative_shape": {"shape": (-4,)},
        "negative_stride": {"shape": (4,), "stride": (-1,)}, "overflowing_shape": {"shape": (2**32, 2**32), "stride": (2**32, 1)},
        "shape_and_stride_of_two_lengths": {"shape": (2, 2), "stride": (1,)},
        "huge_count": {"count": 2**61}, "negative_count": {"count": -4},
    }  # fmt: skip
    for label, lie in lies.items():
        yield label, torch_zip(weights({"w": tensor(**lie)})), "CVE-2026-24747"
    yield (
        "storage_of_a_wider_type",
        torch_zip(weights({"w": _of(storage(kind="DoubleStorage"))})),
        "CVE-2026-24747",
    )
    yield (
        "storage_key_is_a_path",
        torch_zip(weights({"w": _of(storage(key="../data.pkl"))})),
        "CVE-2026-24747",
    )
    first = Raw(value({"a": _of(storage()), "b": _of(storage(count=4, kind="DoubleStorage"))}))
    yield "storage_of_two_types", torch_zip(weights(first)), "CVE-2026-24747"


def _of(place: Raw) -> Raw:
    hooks = Raw(b"ccollections\nOrderedDict\n)R")
    args = (place, 0, (4,), (1,), False, hooks)
    return Raw(b"ctorch._utils\n_rebuild_tensor_v2\n" + value(args) + b"R")


def _references() -> Iterator[tuple[str, bytes]]:
    kind = Raw(b"ctorch\nFloatStorage\n")
    for label, reference in (
        ("kind_is_a_function", ("storage", Raw(b"cos\nsystem\n"), "0", "cpu", 4)),
        ("kind_is_a_call", ("storage", op.system(), "0", "cpu", 4)),
        ("kind_is_text", ("storage", "FloatStorage", "0", "cpu", 4)),
        ("tag_is_module", ("module", Raw(b"ctorch\nFloatStorage\n"), "inert.py", "print()")),
        ("key_is_a_call", ("storage", kind, op.system(), "cpu", 4)),
        ("key_is_a_number", ("storage", kind, 0, "cpu", 4)),
        ("place_is_a_call", ("storage", kind, "0", op.system(), 4)),
        ("count_is_text", ("storage", kind, "0", "cpu", "4")),
        ("too_few_items", ("storage", kind, "0")),
        ("too_many_items", ("storage", kind, "0", "cpu", 4, 5, 6)),
        ("a_list", ["storage", kind, "0", "cpu", 4]),
        ("text", "storage"), ("number", 1), ("none", None),
    ):  # fmt: skip
        yield label, Raw(value(reference) + b"Q")


def _members() -> Iterator[tuple[str, bytes, str]]:
    bad = attack()
    script = [*torch_members(), Member(b"archive/constants.pkl", weights(()))]
    code = Member(b"archive/code/__torch__.py", b"def forward(self):\n  return 1\n")
    yield (
        "torchscript_constants",
        archive(*torch_members(), code, Member(b"archive/constants.pkl", bad)),
        "constants.pkl makes the call",
    )
    yield (
        "torchscript_data",
        archive(*torch_members(bad), *script[4:], code),
        "data.pkl makes the call",
    )
    yield (
        "torchscript_attributes",
        archive(*script, code, Member(b"archive/attributes.pkl", bad)),
        "another pickle makes the call",
    )
    yield (
        "torchscript_debug",
        archive(*script, code, Member(b"archive/code/__torch__.py.debug_pkl", bad)),
        "a pickle for debugging",
    )
    yield (
        "torchscript_extra",
        archive(*script, code, Member(b"archive/extra/meta.json", bad)),
        "a pickle among the extra files",
    )
    yield (
        "pt2_sample_inputs",
        plain_zip(
            {
                "m/archive_format": b"pt2",
                "m/models/model.json": b"{}",
                "m/data/sample_inputs/model.pt": torch_zip(bad),
            }
        ),
        "the example inputs are a pickle",
    )
    yield (
        "pt2_constants",
        plain_zip(
            {
                "m/archive_format": b"pt2",
                "m/models/model.json": b"{}",
                "m/data/constants/custom_obj_0": bad,
            }
        ),
        "a constant is a pickle",
    )
    yield (
        "pt2_shared_object",
        plain_zip(
            {
                "m/archive_format": b"pt2",
                "m/models/model.json": b"{}",
                "m/data/aotinductor/model/inert.wrapper.so": b"\x7fELF" + b"\0" * 60,
            }
        ),
        "compiled code lies in the archive",
    )
    yield (
        "exported_program",
        plain_zip(
            {
                "serialized_exported_program.json": b"{}",
                "serialized_state_dict.pt": torch_zip(bad),
                "version": b"5",
            }
        ),
        "the state is a pickle",
    )
    yield (
        "torch_package",
        plain_zip(
            {
                "p/.data/version": b"6",
                "p/.data/extern_modules": b"os\n",
                "p/model/model.pkl": bad,
                "p/inert.py": b"print('inert')\n",
            }
        ),
        "a package brings its own code",
    )
    yield (
        "second_data_pkl_in_a_folder",
        archive(*torch_members(), Member(b"other/data.pkl", bad)),
        "two roots in one archive",
    )
    yield (
        "data_pkl_in_upper_case",
        archive(*torch_members(), Member(b"archive/DATA.PKL", bad)),
        "names that differ in case",
    )
    yield (
        "pickle_as_a_storage",
        archive(*torch_members(), Member(b"archive/data/1", bad)),
        "a pickle among the numbers",
    )
    yield (
        "pickle_as_the_version",
        archive(*torch_members()[:3], Member(b"archive/version", bad)),
        "a pickle in place of the version",
    )
    yield (
        "python_beside_data",
        archive(*torch_members(bad), Member(b"archive/setup.py", b"print('inert')\n")),
        "code beside the pickle",
    )
    yield (
        "no_data_pkl",
        archive(*torch_members()[1:], Member(b"archive/model.pkl", bad)),
        "the pickle has another name",
    )
    yield (
        "data_pkl_compressed",
        archive(torch_members(bad)[0]._replace(method=8), *torch_members()[1:]),
        "miniz inflates it",
    )
    yield "data_pkl_is_a_zip", torch_zip(torch_zip(bad)), "an archive as the pickle"
    yield "data_pkl_is_a_legacy_file", torch_zip(legacy(object=bad)), "a legacy file as the pickle"


def _tars() -> Iterator[tuple[str, bytes, str]]:
    plain = {"storages": stream(b"K\0"), "tensors": stream(b"K\0"), "pickle": stream(b"N")}
    for part in plain:
        yield (
            f"tar_payload_in_{part}",
            tar(plain | {part: attack()}),
            f"the {part} member makes the call",
        )
    behind = {"storages": stream(b"K\0") + attack()}
    yield "tar_second_pickle_in_storages", tar(plain | behind), "storages holds many pickles"
    yield "tar_with_sys_info", tar({"sys_info": attack()} | plain), "one more member"
    yield "tar_truncated", tar(plain | {"pickle": attack()})[:-9000], "no end of the archive"


def cases() -> Iterator[Case]:
    for label, data, why in _legacy():
        yield Case(f"torch_legacy_{label}", data, "11", "torch legacy files", why)
    for label, data, why in _tars():
        yield Case(f"torch_{label}", data, "11", "torch legacy tar", why)
    for label, data, reference in _sizes():
        why = "a tensor reaches past the numbers that are there"
        yield Case(f"torch_{label}", data, "12", reference, why)
    for label, body in _references():
        why = "a persistent id that is no torch storage"
        yield Case(f"torch_reference_{label}", torch_zip(weights(body)), "12", "BINPERSID", why)
    for label, data, why in _members():
        yield Case(f"torch_member_{label}", data, "11", "members of torch archives", why)
    for name in LOADED:
        body = call("torch._utils", name, (op.system(),))
        why = "a listed function is given a call"
        yield Case(
            f"torch_{name.strip('_')}_of_a_call", torch_zip(weights(body)), "12", "arguments", why
        )
    outside = stream(storage())
    why = "a storage is asked for where there is no archive to have it from"
    yield Case("torch_reference_in_a_bare_pickle", outside, "12", "BINPERSID", why)
