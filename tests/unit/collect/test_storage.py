"""Mounts, block devices and swap, read from trees as the kernel lays them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.collect import Options
from auditor.collect._mapper_layer import by_table, by_uuid
from auditor.collect.storage import COLLECTOR
from auditor.derive.stores import DERIVATION
from auditor.evidence import SCHEMA, CollectorRun, Coverage, Evidence, Gap, Site, Subject, Tool
from auditor.evidence.storage import BlockDevice, DataFolder, Mount, Swap
from auditor.host import Unreadable
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost

MOUNTINFO = (
    "1 0 253:0 / / rw,relatime - ext4 /dev/mapper/luks-root rw\n"
    "2 1 0:21 / /proc rw - proc proc rw\n"
    "3 1 8:17 / /srv/with\\040blank rw,noatime shared:7 master:1 - xfs /dev/sdb1 rw,logdev=/dev/sdc\n"
)
SWAPS = "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/dm-1                               partition\t1024\t8\t-2\n"


def block(name, number, size=8, where="", **attributes):
    """Return the files of one device; attributes with `/` written `__`."""
    where = where or f"/sys/devices/virtual/block/{name}"
    files = {
        f"{where}/dev": f"{number}\n",
        f"{where}/size": f"{size}\n",
        f"{where}/removable": "0\n",
        f"/sys/class/block/{name}": Path(f"../../..{where}"),
    }
    for attribute, value in attributes.items():
        files[f"{where}/{attribute.replace('__', '/')}"] = value
    return files


def slaves(name, *members):
    where = f"/sys/devices/virtual/block/{name}/slaves"
    return {f"{where}/{member}": f"{member}\n" for member in members}


def mapped(name, number, mapper_name, uuid, *members):
    files = block(name, number, dm__name=f"{mapper_name}\n", dm__uuid=f"{uuid}\n")
    return {**files, **slaves(name, *members)}


SDA = block(
    "sda",
    "8:0",
    16,
    "/sys/devices/pci0/ata1/host0/block/sda",
    device__model="DISK 1 \n",
    device__vendor="ATA\n",
)
SDB1 = {
    **block("sdb", "8:16", 16, "/sys/devices/pci0/virtio3/block/sdb"),
    **block("sdb1", "8:17", 8, "/sys/devices/pci0/virtio3/block/sdb/sdb1", partition="1\n"),
}
LUKS = mapped("dm-0", "253:0", "luks-root", "CRYPT-LUKS2-0123-luks-root", "sda")
MACHINE = {
    "/proc/self/mountinfo": MOUNTINFO,
    "/proc/swaps": SWAPS,
    "/var/log/syslog": "x",
    **SDA,
    **SDB1,
    **LUKS,
}
CRYPT_TABLE = ("0 16 crypt aes-xts-plain64 - 0 8:0 32768 1 allow_discards",)


@pytest.fixture
def as_root(plain_tree, tmp_path):
    """Return `make(files, tables)`: the tree as root would have recorded it, with its tables."""

    def make(files, tables):
        recorder = RecordingHost(plain_tree(files))
        list(COLLECTOR.collect(recorder, Options()))
        folder = tmp_path / "recording"
        recorder.save(folder, at="2026-01-01T00:00:00Z")
        document = json.loads((folder / "host.json").read_text())
        document.update(uid=0, mapper_tables=tables, mapper_errors={})
        (folder / "host.json").write_text(json.dumps(document))
        return TreeHost(folder)

    return make


def facts(host):
    return list(COLLECTOR.collect(host, Options()))


def of(kind, found):
    return [fact for fact in found if isinstance(fact, kind)]


def devices(found):
    return {d.name: d for d in of(BlockDevice, found)}


def gaps(found):
    return [(gap.kind, gap.reason) for gap in of(Gap, found)]


def test_an_ordinary_users_view(plain_tree):
    found = facts(plain_tree(MACHINE))
    mounts = of(Mount, found)
    assert [m.path for m in mounts] == ["/", "/proc", "/srv/with blank"]
    assert mounts[2].options == ("rw", "noatime")
    assert mounts[2].super_options == ("rw", "logdev=/dev/sdc")
    assert (mounts[2].device_number, mounts[2].origin.line) == ("8:17", 3)
    assert [(s.path, s.size, s.used) for s in of(Swap, found)] == [("/dev/dm-1", 1048576, 8192)]
    seen = devices(found)
    assert seen["dm-0"].encryption == "claimed"
    assert (seen["dm-0"].layer, seen["dm-0"].members) == ("crypt", ("sda",))
    assert (seen["sda"].model, seen["sda"].transport, seen["sda"].size) == (
        "ATA DISK 1",
        "ata",
        8192,
    )
    assert (seen["sdb1"].layer, seen["sdb1"].members, seen["sdb1"].removable) == (
        "partition",
        ("sdb",),
        False,
    )
    assert seen["sdb"].transport == "virtio"
    assert [f.known_as for f in of(DataFolder, found)] == ["/var/log"]
    assert of(Coverage, found) == [Coverage(what="device-mapper tables", seen=0, total=1)]
    # A copied tree does not tell what its devices begin with.
    assert gaps(found) == [("luks_header", "unsupported")]


def test_root_sees_the_cipher(as_root):
    found = facts(as_root(MACHINE, {"luks-root": CRYPT_TABLE}))
    luks = devices(found)["dm-0"]
    assert (luks.encryption, luks.cipher, luks.layer) == ("verified", "aes-xts-plain64", "crypt")
    assert of(Coverage, found) == [Coverage(what="device-mapper tables", seen=1, total=1)]


# Names that lie, tables that tell.


@pytest.mark.parametrize(
    ("table", "encryption", "layer"),
    [
        (("0 16 linear 8:0 0",), "none", "linear"),
        (("0 8 crypt aes-xts-plain64 - 0 8:0 0", "8 8 linear 8:0 8"), "none", "mapper"),
        (("0 16 crypt cipher_null-ecb - 0 8:0 0",), "null", "crypt"),
        (("0 16 crypt capi:ecb(cipher_null) - 0 8:0 0",), "null", "crypt"),
        (
            ("0 8 crypt aes-xts-plain64 - 0 8:0 0", "8 8 crypt cipher_null-ecb - 0 8:0 8"),
            "null",
            "crypt",
        ),
        (("0 16 verity 1 8:0 8:0 4096 4096 2 1 sha256 aa bb",), "none", "verity"),
        (("0 16 integrity 8:0 0 32 J 1 internal_hash:crc32c",), "none", "integrity"),
        (("0 16 newtarget 8:0",), "unknown", "mapper"),
        (("0 8 crypt aes-xts-plain64 - 0 8:0 0", "8 8 newtarget 8:0"), "unknown", "mapper"),
    ],
)
def test_the_table_outranks_the_claim_of_the_uuid(as_root, table, encryption, layer):
    luks = devices(facts(as_root(MACHINE, {"luks-root": table})))["dm-0"]
    assert (luks.encryption, luks.layer) == (encryption, layer)


@pytest.mark.parametrize(
    "table", [(), ("nonsense",), ("0 16 crypt aes",), ("a b crypt aes - 0 8:0 0",)]
)
def test_a_table_that_says_nothing_is_a_gap_and_no_proof(as_root, table):
    found = facts(as_root(MACHINE, {"luks-root": table}))
    assert devices(found)["dm-0"].encryption == "unknown"
    assert ("block_device", "malformed") in gaps(found)


def test_a_device_of_the_table_that_the_links_lack_is_a_member(as_root):
    table = ("0 8 linear 8:0 0", "8 8 linear 8:16 0", "16 8 linear 8:99 0")
    luks = devices(facts(as_root(MACHINE, {"luks-root": table})))["dm-0"]
    assert luks.members == ("8:99", "sda", "sdb")


@pytest.mark.parametrize(
    "kind", ["LUKS1", "LUKS2", "PLAIN", "BITLK", "TCRYPT", "LOOPAES", "FVAULT2"]
)
def test_uuids_that_claim_encryption(kind):
    assert by_uuid(f"CRYPT-{kind}-0-name").encryption == "claimed"


@pytest.mark.parametrize(
    ("uuid", "layer", "encryption"),
    [
        ("CRYPT-VERITY-0-n", "verity", "none"),
        ("CRYPT-INTEGRITY-n", "integrity", "none"),
        ("CRYPT-SUBDEV-n", "mapper", "none"),
        ("CRYPT-NEW-n", "mapper", "unknown"),
        ("LVM-abc", "linear", "none"),
        ("mpath-3600", "multipath", "none"),
        ("part1-mpath-3600", "linear", "none"),
        ("", "mapper", "unknown"),
    ],
)
def test_uuids_that_do_not(uuid, layer, encryption):
    found = by_uuid(uuid)
    assert (found.layer, found.encryption) == (layer, encryption)


def test_key_length_where_the_field_tells_it():
    table = ("0 1 crypt aes-xts-plain64 :64:logon:cryptsetup:x 0 8:0 0",)
    assert by_table(table).key_bits == 512


# Stacks other than device-mapper.


def test_raid_members_come_from_links_and_from_its_own_folder(plain_tree):
    files = {**block("md0", "9:0", md__level="raid1\n"), **slaves("md0", "sda")}
    files["/sys/devices/virtual/block/md0/md/dev-sdb1/state"] = "in_sync\n"
    found = devices(facts(plain_tree({**MACHINE, **files})))["md0"]
    assert (found.layer, found.members) == ("raid", ("sda", "sdb1"))


def test_loop_devices_and_their_files(plain_tree):
    files = {
        **block("loop0", "7:0", loop__backing_file="/images/a.img\n"),
        **block("loop1", "7:1", loop__backing_file="/images/gone.img (deleted)\n"),
        **block("loop2", "7:2", 0),
        "/images/a.img": "x",
    }
    found = facts(plain_tree({**MACHINE, **files}))
    seen = devices(found)
    assert (seen["loop0"].members, seen["loop0"].backing_file) == ((), "/images/a.img")
    assert seen["loop1"].members is None
    assert "loop2" not in seen
    assert ("block_device", "unsupported") in gaps(found)


@pytest.mark.parametrize(
    ("attributes", "members"),
    [
        ({"disksize": "8\n"}, ()),
        ({"disksize": "8\n", "backing_dev": "none\n", "writeback": ""}, ()),
        ({"disksize": "8\n", "backing_dev": "/dev/sda\n", "writeback": ""}, ("sda",)),
        ({"disksize": "8\n", "writeback": ""}, None),
        ({"disksize": "8\n", "backing_dev": "\n"}, None),
        ({}, None),
    ],
)
def test_zram_and_where_it_writes_back(plain_tree, attributes, members):
    files = block("zram0", "252:0", **attributes)
    found = devices(facts(plain_tree({**MACHINE, **files})))["zram0"]
    assert (found.layer, found.members) == ("zram", members)


@pytest.mark.parametrize(
    ("name", "attributes", "where", "transport"),
    [
        ("nvme0n1", {"device__transport": "pcie\n"}, "", "nvme"),
        ("nvme0n1", {"device__transport": "tcp\n"}, "", "nvme-tcp"),
        ("nvme0n1", {"device__model": "Amazon Elastic Block Store\n"}, "", "virtual"),
        ("sdx", {"device__model": "QEMU HARDDISK\n"}, "", "virtual"),
        ("sdx", {}, "/sys/devices/platform/host1/session1/target/block/sdx", "iscsi"),
        ("sdx", {}, "/sys/devices/pci0/host1/rport-1:0-2/block/sdx", "fc"),
        ("xvda", {}, "", "xen"),
        ("nbd0", {}, "", "network"),
    ],
)
def test_how_disks_are_attached(plain_tree, name, attributes, where, transport):
    files = block(name, "300:0", 8, where, **attributes)
    assert devices(facts(plain_tree({**MACHINE, **files})))[name].transport == transport


def btrfs(*members, count=None):
    folder = "/sys/fs/btrfs/01234567-89ab-cdef-0123-456789abcdef"
    files = {f"{folder}/devices/{member}": "" for member in members}
    numbers = range(1, (len(members) if count is None else count) + 1)
    return {**files, **{f"{folder}/devinfo/{number}/missing": "0" for number in numbers}}


@pytest.mark.parametrize(
    ("shown", "system", "members"),
    [
        ("/dev/mapper/luks-root", btrfs("dm-0", "sdb1"), ("dm-0", "sdb1")),
        ("/dev/dm-0", btrfs("dm-0"), ("dm-0",)),
        ("/dev/dm-0", btrfs("dm-0", count=2), None),
        ("/dev/dm-0", btrfs("sdb1"), None),
        ("/dev/dm-0", {}, None),
    ],
)
def test_btrfs_names_all_its_devices_or_none(plain_tree, shown, system, members):
    line = f"9 1 0:40 / /data rw - btrfs {shown} rw\n"
    files = {**MACHINE, "/proc/self/mountinfo": MOUNTINFO + line, **system}
    found = [m for m in of(Mount, facts(plain_tree(files))) if m.path == "/data"]
    assert found[0].members == members


def test_a_folder_behind_a_link_is_told_by_where_it_lies(plain_tree):
    files = {**MACHINE, "/mnt/raw/docker/x": "x", "/var/lib/docker": Path("/mnt/raw/docker")}
    found = of(DataFolder, facts(plain_tree(files)))
    assert ("/var/lib/docker", "/mnt/raw/docker") in [(f.known_as, f.path) for f in found]


# What is missing or broken is a gap.


@pytest.mark.parametrize(
    ("files", "gap"),
    [
        ({"/proc/self/mountinfo": None}, ("mount", "absent")),
        ({"/proc/swaps": None}, ("swap", "absent")),
        ({"/proc/swaps": "nonsense\n"}, ("swap", "malformed")),
        ({"/proc/swaps": SWAPS + "/x partition many 0 -2\n"}, ("swap", "malformed")),
        ({"/proc/self/mountinfo": MOUNTINFO + "1 2 3\n"}, ("mount", "malformed")),
        ({"/proc/self/mountinfo": MOUNTINFO + "7 1 8:0 / / rw - ext4\n"}, ("mount", "malformed")),
        (
            {"/proc/self/mountinfo": MOUNTINFO + "7 1 8:0 / rel rw - ext4 a rw\n"},
            ("mount", "malformed"),
        ),
        ({"/sys/devices/pci0/ata1/host0/block/sda/dev": "x\n"}, ("block_device", "malformed")),
        ({"/sys/devices/pci0/ata1/host0/block/sda/size": "-1\n"}, ("block_device", "malformed")),
        ({"/sys/devices/virtual/block/dm-0/dm/name": "\n"}, ("block_device", "malformed")),
    ],
)
def test_defects(plain_tree, files, gap):
    assert gap in gaps(facts(plain_tree({**MACHINE, **files})))


def test_no_sysfs_is_a_gap(plain_tree):
    assert ("block_device", "absent") in gaps(facts(plain_tree({"/proc/swaps": SWAPS})))


def test_init_tells_the_mounts_where_self_is_not_there(plain_tree):
    files = {**MACHINE, "/proc/self/mountinfo": None, "/proc/1/mountinfo": MOUNTINFO}
    assert len(of(Mount, facts(plain_tree(files)))) == 3


@pytest.mark.parametrize(
    "path",
    ["/proc/self/mountinfo", "/proc/swaps", "/sys/class/block", "/sys/class/block/dm-0/slaves",
     "/sys/class/block/dm-0/dm", "/sys/class/block/sda/size", "/var/log"],
)  # fmt: skip
def test_what_is_refused_is_a_gap(plain_tree, collected, path):
    _, missed = collected("storage", plain_tree(MACHINE), refused=(path,))
    assert "denied" in {gap.reason for gap in missed}


def test_names_that_are_not_utf8_are_kept_readable(plain_tree):
    line = b"9 1 8:17 / /srv/\\377\\134x rw - xfs /dev/sdb1 rw\n"
    host = plain_tree({**MACHINE, "/proc/self/mountinfo": MOUNTINFO.encode() + line})
    assert of(Mount, facts(host))[-1].path == "/srv/\\xff\\x"


def verdicts(host):
    found = facts(host)
    run = CollectorRun(collector="storage", title="t", kinds=("swap",), records=0, gaps=0)
    evidence = Evidence(
        schema=SCHEMA,
        tool=Tool(name="audit", version="0"),
        mode="host",
        subject=Subject(name="h"),
        taken_at="2026-01-01T00:00:00Z",
        site=Site(),
        runs=(run,),
        gaps=tuple(of(Gap, found)),
        records=tuple(fact for fact in found if not isinstance(fact, (Gap, Coverage))),
    )
    return {record.path: record.encryption for record in DERIVATION.derive(evidence)}


def test_deleting_any_file_of_a_recording_never_makes_a_verdict_better(as_root, tmp_path):
    files = {
        **MACHINE,
        "/proc/self/mountinfo": "1 0 253:0 / / rw - ext4 /dev/dm-0 rw\n2 1 8:17 / /var rw - xfs /dev/sdb1 rw\n",
        "/proc/swaps": SWAPS.splitlines()[0] + "\n",
        "/tmp/x": "x",
    }
    as_root(files, {"luks-root": CRYPT_TABLE})
    folder = tmp_path / "recording"
    document = json.loads((folder / "host.json").read_text())
    for path, entry in document["entries"].items():
        entry["device"] = "8:17" if path.startswith("/var") else "253:0"
    (folder / "host.json").write_text(json.dumps(document))
    assert verdicts(TreeHost(folder)) == {"/tmp": "verified", "/var/log": "plaintext"}

    removed = 0
    for path in sorted((folder / "tree").rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            path.unlink()
            after = verdicts(TreeHost(folder))
            assert after.get("/tmp") in ("verified", "claimed", None), path
            assert after.get("/var/log") in ("plaintext", "mixed", None), path
            path.write_bytes(body)
            removed += 1
    assert removed > 10


def bcache(state, *links):
    where = "/sys/devices/virtual/block/bcache0"
    files = {**block("bcache0", "252:0", **({"bcache__state": state} if state else {}))}
    files |= {**slaves("bcache0", "dm-0"), **LUKS, **SDA, **SDB1}
    files |= {f"{where}/bcache/cache/{name}": Path(target) for name, target in links}
    return files


@pytest.mark.parametrize(
    ("files", "members"),
    [
        (bcache("no cache\n"), ("dm-0",)),
        (bcache("clean\n", ("cache0", "../../../block/sdb/bcache")), ("dm-0", "sdb")),
        (bcache("dirty\n", ("cache0", "/x/sdb/bcache"), ("bdev0", "/x/dm-0/bcache")), ("dm-0", "sdb")),
        (bcache("clean\n"), None),
        (bcache("clean\n", ("cache0", "elsewhere")), None),
        (bcache(""), None),
    ],
    ids=["alone", "cached", "dirty", "no-set", "odd-link", "no-state"],
)  # fmt: skip
def test_trap_a_cache_in_front_of_an_encrypted_device(plain_tree, files, members):
    """A bcache device lists its backing device alone among its slaves."""
    assert devices(facts(plain_tree(files)))["bcache0"].members == members


class AsRoot:
    """A tree read as root, whose loop driver tells the number of its file."""

    def __init__(self, host, backing):
        self._host, self._backing = host, backing

    def __getattr__(self, name):
        return getattr(self._host, name)

    privileged = True

    def loop_backing(self, device):
        if isinstance(self._backing, Exception):
            raise self._backing
        return self._backing


def test_trap_another_file_has_the_name_of_a_loop_devices_file(plain_tree):
    files = {**block("loop0", "7:0", loop__backing_file="/srv/image\n"), "/srv/image": "x"}
    host = plain_tree(files)
    own = host.stat("/srv/image")
    for backing, known in (
        ((own.device, own.inode), True),
        ((own.device, own.inode + 1), False),
        (("9:9", own.inode), False),
        (Unreadable("loop0", "denied", "permission denied"), False),
    ):
        found = facts(AsRoot(host, backing))
        assert (devices(found)["loop0"].members is not None) == known, backing
        assert ("block_device" in [kind for kind, _ in gaps(found)]) != known


@pytest.mark.parametrize(("size", "kept"), [(2048 * 1024, 1), (10, 0)], ids=["whole", "another"])
def test_trap_another_file_has_the_name_of_a_swap_file(plain_tree, size, kept):
    lines = "Filename Type Size Used Priority\n/swapfile file 1024 8 -2\n"
    host = plain_tree({**MACHINE, "/proc/swaps": lines, "/swapfile": "x" * size})
    found = facts(host)
    assert len(of(Swap, found)) == kept
    assert (("swap", "unsupported") in gaps(found)) != bool(kept)
