"""A journal that lies apart belongs to what an ext file system lies on."""

from __future__ import annotations

import pytest

from auditor.collect._journals import with_journals
from auditor.evidence import Origin
from auditor.evidence.storage import BlockDevice, Mount
from auditor.host import Absent, Unreadable

ORIGIN = Origin("storage", "/proc/self/mountinfo")


class Journals:
    """A host that lists its journals, or does not."""

    def __init__(self, *names, error=None, files=None):
        self._names, self._error, self._files = names, error, files or {}

    def read(self, path, *, limit):
        if path not in self._files:
            raise Absent(path)
        return self._files[path][:limit]

    def list(self, path):
        if self._error:
            raise self._error
        return self._names


def mount(number, filesystem="ext4"):
    return Mount(
        origin=ORIGIN, device="/dev/x", path=f"/{number}", filesystem=filesystem, options=(),
        super_options=(), device_number=number, root="/", mount_id=1, parent_id=0,
    )  # fmt: skip


def device(name, number):
    return BlockDevice(
        origin=ORIGIN, name=name, device_number=number, layer="disk", size=1, mapper_name="",
        mapper_uuid="", members=(), backing_file="", encryption="none", cipher="", key_bits=0,
        removable=False, model="",
    )  # fmt: skip


DEVICES = (device("dm-0", "253:0"), device("sda", "8:0"), device("sdb", "8:16"))


@pytest.mark.parametrize(
    ("journals", "members"),
    [
        (("dm-0-8", "sda-8"), [(), (), ()]),
        (("dm-0-8", "sdb"), [(), ("sda", "sdb"), ()]),
        (("sdb",), [("dm-0", "sdb"), ("sda", "sdb"), ()]),
        ((), [(), (), ()]),
    ],
    ids=["within", "one-apart", "all-apart", "none"],
)
def test_a_journal_apart_may_be_that_of_each_file_system_without_one_within(journals, members):
    mounts = (mount("253:0"), mount("8:0", "ext3"), mount("8:16", "xfs"))
    found = with_journals(Journals(*journals), mounts, DEVICES)
    assert [one.members for one in found] == members


def test_the_thread_of_a_journal_tells_whose_it_is():
    """Seen in the laboratory: with two journals apart, the one in clear was held to be both's."""
    files = {
        "/sys/fs/ext4/dm-0/journal_task": b"71\n",
        "/proc/71/comm": b"jbd2/sdb\n",
        "/sys/fs/ext4/sda/journal_task": b"72\n",
        "/proc/72/comm": b"forged\n",
    }
    found = with_journals(
        Journals("sdb", "sdc", files=files),
        (mount("253:0"), mount("8:0")),
        (*DEVICES, device("sdc", "8:32")),
    )
    assert [one.members for one in found] == [("dm-0", "sdb"), ("sda", "sdb", "sdc")]


def test_journals_that_cannot_be_listed_leave_the_devices_unknown():
    refused = Journals(error=Unreadable("/proc/fs/jbd2", "denied", "permission denied"))
    mounts = (mount("253:0"), mount("8:16", "xfs"))
    assert [one.members for one in with_journals(refused, mounts, DEVICES)] == [None, ()]


def test_a_kernel_without_journals_has_none():
    mounts = (mount("253:0"),)
    assert with_journals(Journals(error=Absent("/proc/fs/jbd2")), mounts, DEVICES) == mounts
