"""A key is as safe as the disk that it lies on, or as its own passphrase."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive import load
from auditor.derive.keys import DERIVATION
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.storage import BlockDevice, Mount
from auditor.evidence.volumes import KeyFile, MemoryDump

ORIGIN = Origin("storage", "x")
RUN = CollectorRun(collector="s", title="t", kinds=("mount", "swap"), records=0, gaps=0)


def mount(path, number, mount_id, parent=1):
    return Mount(
        origin=ORIGIN, device="", path=path, filesystem="ext4", options=(), super_options=(),
        device_number=number, root="/", mount_id=mount_id, parent_id=parent,
    )  # fmt: skip


def device(name, number, layer="disk", members=(), encryption="none"):
    return BlockDevice(
        origin=ORIGIN, name=name, device_number=number, layer=layer, size=1, mapper_name="",
        mapper_uuid="", members=members, backing_file="", encryption=encryption,
        cipher="aes-xts-plain64" if encryption == "verified" else "", key_bits=0, removable=False,
        model="",
    )  # fmt: skip


MACHINE = (
    mount("/", "8:0", 1, 0),
    mount("/vault", "253:0", 2),
    device("sda", "8:0"),
    device("dm-0", "253:0", "crypt", ("sda",), "verified"),
)


def key(path, passphrase=None, policy="", purpose="tls"):
    return KeyFile(
        origin=ORIGIN, path=path, known_as=path, purpose=purpose, owner=0, mode=0o600, readers="",
        passphrase=passphrase, device_number="", encryption_policy=policy,
    )  # fmt: skip


def evidence(*records):
    return Evidence(
        schema=SCHEMA, tool=Tool(name="audit", version="0"), mode="host",
        subject=Subject(name="host"), taken_at="2026-01-01T00:00:00Z", site=Site(), runs=(RUN,),
        records=(*MACHINE, *records),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "encryption", "form"),
    [
        (key("/etc/a.key", False), "plaintext", "open"),
        (key("/vault/a.key", True), "verified", "passphrase"),
        (key("/vault/a.key"), "verified", "untold"),
        (key("/etc/a.key", policy="v2 AES-256-XTS/AES-256-CTS"), "verified", "untold"),
        (key("/etc/a.key", policy=None), None, "untold"),
        (key("/vault/a.key", policy=None), "verified", "untold"),
    ],
    ids=["plain", "vault", "untold", "fscrypt", "policy-unread", "vault-policy-unread"],
)
def test_protection(record, encryption, form):
    (found,) = DERIVATION.derive(evidence(record))
    assert (found.encryption, found.form, found.chain[0]) == (encryption, form, record.path)


def dump(mechanism, target_type, target):
    return MemoryDump(origin=ORIGIN, mechanism=mechanism, target_type=target_type, target=target)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (dump("hibernation", "device", "/dev/block/8:0"), ("swap", "plaintext")),
        (dump("hibernation", "device", "/dev/dm-0"), ("swap", "verified")),
        (dump("hibernation", "device", "UUID=ab"), ("swap", None)),
        (dump("hibernation", "device", "/dev/block/9:9"), ("swap", None)),
        (dump("kdump", "folder", "/vault/crash"), ("other", "verified")),
        (dump("core", "folder", "/var/crash"), ("other", "plaintext")),
        (dump("kdump", "remote", "store:/dumps"), ("other", "remote")),
    ],
)
def test_where_memory_is_written_is_a_store(record, expected):
    (found,) = load("stores").derive(evidence(record))
    assert (found.holds, found.encryption) == expected
    assert found.source_kind == "memory_dump"


@pytest.mark.parametrize("target_type", ["program", "working-folder", "none"])
def test_what_lies_nowhere_of_its_own_is_no_store(target_type):
    assert list(load("stores").derive(evidence(dump("core", target_type, "x")))) == []


def test_a_volume_left_to_the_disks_own_encryption_is_unknown_and_never_a_pass():
    from auditor.evidence.storage import DataFolder
    from auditor.evidence.volumes import LuksHeader, LuksSegment

    def header(*kinds):
        segments = tuple(
            LuksSegment(segment_type=kind, cipher="", sector_size=512, integrity="")
            for kind in kinds
        )
        return LuksHeader(
            origin=ORIGIN, device="sda", mapper_name="opal", detached=False, version=2, key_bits=0,
            segments=segments, keyslots=(), tokens=(), requirements=(), damaged_copies=0,
        )  # fmt: skip

    def verdict(*records):
        mapped = msgspec.structs.replace(
            device("dm-1", "253:1", "linear", ("sda",)), mapper_name="opal"
        )
        folder = DataFolder(
            origin=ORIGIN, path="/opal", known_as="/opal", holds="logs", device_number=""
        )
        whole = evidence(mount("/opal", "253:1", 3), mapped, folder, *records)
        (found,) = load("stores").derive(whole)
        return found.encryption

    assert verdict() == "plaintext"
    assert verdict(header("hw-opal")) is None
    assert verdict(header("hw-opal", "linear")) == "plaintext"
    assert verdict(header()) == "plaintext"
