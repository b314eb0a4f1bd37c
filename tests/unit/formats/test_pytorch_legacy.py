"""PyTorch's older files: five pickles and raw storages, each held against what is named."""

from __future__ import annotations

import pytest

from tests.formats_reading import EVIL, judged, rules
from tests.model_samples import pytorch_legacy, pytorch_tar
from tests.model_samples._archives import tarred, zipped
from tests.model_samples.pytorch_legacy import KEYS, MAGIC, OBJECT, PROTOCOL, SYSTEM

STORAGE = (2).to_bytes(8, "little") + b"\0" * 8


def test_a_state_dict_is_data_with_its_facts():
    found = judged(pytorch_legacy.sample())
    assert (found.model_format, found.verdict) == ("pytorch_legacy", "data")
    assert (found.header.parameters, found.header.precision) == (2, "F32")


MALFORMED = {
    "bytes-behind": pytorch_legacy.sample() + b"more",
    "pickle-behind": pytorch_legacy.sample() + EVIL,
    "archive-behind": pytorch_legacy.sample() + zipped({"a": b"b"}),
    "storage-cut": pytorch_legacy.sample()[:-1],
    "no-storage": MAGIC + PROTOCOL + SYSTEM + OBJECT + KEYS,
    "count-differs": MAGIC + PROTOCOL + SYSTEM + OBJECT + KEYS + b"\3" + STORAGE[1:] + b"\0" * 4,
    "count-negative": MAGIC + PROTOCOL + SYSTEM + OBJECT + KEYS + b"\xff" * 8 + b"\0" * 8,
    "other-key": MAGIC + PROTOCOL + SYSTEM + OBJECT + KEYS.replace(b"0q", b"1q") + STORAGE,
    "no-keys": MAGIC + PROTOCOL + SYSTEM + OBJECT + b"\x80\x02]." + STORAGE,
    "keys-are-a-number": MAGIC + PROTOCOL + SYSTEM + OBJECT + b"\x80\x02K\1." + STORAGE,
    "more-keys-than-storages": MAGIC
    + PROTOCOL
    + SYSTEM
    + OBJECT
    + KEYS.replace(b"a.", b"ah\1a.")
    + STORAGE,
    "other-protocol": MAGIC + b"\x80\x02M\xe8\x03." + SYSTEM + OBJECT + KEYS + STORAGE,
    "object-cut": MAGIC + PROTOCOL + SYSTEM + OBJECT[:-3],
    "magic-alone": MAGIC,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    found = judged(MALFORMED[name])
    assert (found.model_format, found.verdict) == ("pytorch_legacy", "malformed")


@pytest.mark.parametrize("place", range(5))
def test_each_of_the_pickles_is_examined(place):
    pickles = [MAGIC, PROTOCOL, SYSTEM, OBJECT, KEYS]
    if place == 0:
        pickles[0] = MAGIC[:-1] + b"0" + EVIL[2:]
    else:
        pickles[place] = EVIL
    assert judged(b"".join(pickles) + STORAGE).verdict == "dangerous"


def test_big_endian_storages_cannot_be_inspected():
    system = SYSTEM.replace(b"\x88", b"\x89")
    found = judged(MAGIC + PROTOCOL + system + OBJECT + KEYS + STORAGE)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"torch-byteorder"})


def of_tar(**changed):
    return judged(tarred(pytorch_tar.members() | changed))


def test_the_tar_layout_is_read():
    found = of_tar()
    assert (found.model_format, found.verdict) == ("pytorch_tar", "data")
    assert (found.header.parameters, found.header.tensors) == (2, 1)


@pytest.mark.parametrize("name", ["pickle", "storages", "tensors", "sys_info"])
def test_every_member_of_the_tar_layout_is_examined(name):
    assert of_tar(**{name: EVIL}).verdict == "dangerous"


@pytest.mark.parametrize(
    "changed",
    [
        {"pickle": b"\x80\x02]."  b"more"},
        {"pickle": b"\x80\x02]"},
        {"storages": pytorch_tar.members()["storages"] + b"more"},
        {"storages": pytorch_tar.members()["storages"][:-10]},
        {"storages": b"\x80\x02K\x05."},
        {"storages": b"\x80\x02]."},
        {"tensors": pytorch_tar.members()["tensors"][:-1]},
        {"tensors": pytorch_tar.members()["tensors"].replace(b"\1\0\0\0\0\0\0\0\2", b"\xff" * 9)},
    ],
    ids=[
        "bytes-behind-the-pickle", "pickle-cut", "bytes-behind-the-storages", "storages-cut",
        "storages-missing", "count-is-a-list", "tensors-cut", "dimensions-negative",
    ],
)  # fmt: skip
def test_malformed_members_of_the_tar_layout(changed):
    assert of_tar(**changed).verdict == "malformed"
