"""Verdicts on encryption at rest: each way to a false pass is a test named after it."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive.stores import DERIVATION
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Gap, Origin, Site, Subject, Tool
from auditor.evidence.derived import StoreEncryption
from auditor.evidence.site import Store
from auditor.evidence.storage import BlockDevice, DataFolder, ModelStore, Mount, Swap

ORIGIN = Origin("storage", "/proc/self/mountinfo", 1)
RUN = CollectorRun(
    collector="storage", title="t", kinds=("block_device", "mount", "swap"), records=0, gaps=0
)


def mount(
    path, number, filesystem="ext4", *, mount_id=None, parent=1, device="", options=(), members=()
):
    ids = {"/": 1}
    return Mount(
        origin=ORIGIN,
        device=device or f"/dev/{number}",
        path=path,
        filesystem=filesystem,
        options=("rw",),
        super_options=options,
        device_number=number,
        root="/",
        mount_id=mount_id or ids.get(path) or 100 + sum(map(ord, path)),
        parent_id=0 if path == "/" and mount_id is None else parent,
        members=members,
    )


def device(name, number, layer="disk", members=(), encryption="none", **fields):
    values = {
        "origin": ORIGIN,
        "name": name,
        "device_number": number,
        "layer": layer,
        "size": 4096,
        "mapper_name": "",
        "mapper_uuid": "",
        "members": members,
        "backing_file": "",
        "encryption": encryption,
        "cipher": "aes-xts-plain64" if encryption == "verified" else "",
        "key_bits": 512 if encryption == "verified" else 0,
        "removable": False,
        "model": "",
    }
    return BlockDevice(**{**values, **fields})


def crypt(name, number, *members, encryption="verified", **fields):
    return device(name, number, "crypt", members, encryption, **fields)


def store(path="/srv/models", **fields):
    values = {
        "origin": Origin("stores", path),
        "path": path,
        "tool": "folder",
        "discovered_by": "well-known",
        "holds": "models",
        "owner": 0,
        "writers": "",
        "files": 1,
        "size": 1,
        "complete": True,
    }
    return ModelStore(**{**values, **fields})


def swap(path="/dev/sdb1", swap_type="partition"):
    return Swap(
        origin=Origin("storage", "/proc/swaps", 2), path=path, swap_type=swap_type, size=1, used=0
    )


def evidence(*records, site=None, gaps=(), runs=(RUN,)):
    return Evidence(
        schema=SCHEMA,
        tool=Tool(name="audit", version="0"),
        mode="host",
        subject=Subject(name="host"),
        taken_at="2026-01-01T00:00:00Z",
        site=site or Site(),
        runs=runs,
        gaps=gaps,
        records=records,
    )


def judged(*records, path="/srv/models", **parts) -> StoreEncryption:
    found = [r for r in DERIVATION.derive(evidence(*records, **parts)) if r.path == path]
    assert len(found) == 1, found
    return found[0]


def verdict(*records, path="/srv/models", **parts):
    return judged(*records, path=path, **parts).encryption


SDA = device("sda", "8:0")
SDB = device("sdb", "8:16")
LUKS = crypt("dm-0", "253:0", "sda", mapper_name="luks-root", mapper_uuid="CRYPT-LUKS2-x-root")
ROOT = mount("/", "253:0")


def test_a_store_on_luks_is_verified_and_its_chain_reads_from_the_top():
    found = judged(
        ROOT,
        mount("/srv", "253:1"),
        device("dm-1", "253:1", "linear", ("dm-0",), mapper_name="vg-models"),
        crypt("dm-0", "253:0", "sda3", mapper_name="luks-x"),
        device("sda3", "8:3", "partition", ("sda",)),
        SDA,
        store(),
    )
    assert found.encryption == "verified"
    assert found.chain == (
        "/srv/models",
        "ext4 on dm-1 (vg-models), mounted on /srv",
        "linear dm-1 (vg-models) over dm-0",
        "crypt dm-0 (luks-x), aes-xts-plain64, 512 bit",
        "partition sda3 over sda",
        "disk sda",
    )
    assert found.cipher == "aes-xts-plain64 512 bit"
    assert found.mount == "/srv"


def test_a_claim_by_name_is_not_a_proof():
    found = judged(ROOT, crypt("dm-0", "253:0", "sda", encryption="claimed"), SDA, store())
    assert found.encryption == "claimed"
    assert "table was not read" in found.reason


# What lies in clear although something calls it encrypted.


def test_trap_null_cipher():
    null = crypt("dm-0", "253:0", "sda", encryption="null", cipher="cipher_null-ecb")
    assert verdict(ROOT, null, SDA, store()) == "plaintext"


@pytest.mark.parametrize("layer", ["verity", "integrity"])
def test_trap_verity_or_integrity_only(layer):
    assert verdict(ROOT, device("dm-0", "253:0", layer, ("sda",)), SDA, store()) == "plaintext"


def test_trap_spoofed_uuid_or_half_reencryption_with_the_table_read():
    linear = device("dm-0", "253:0", "linear", ("sda",), "none", mapper_uuid="CRYPT-LUKS2-x-y")
    assert verdict(ROOT, linear, SDA, store()) == "plaintext"


def test_trap_lvm_on_raw_disk():
    assert verdict(ROOT, device("dm-0", "253:0", "linear", ("sda",)), SDA, store()) == "plaintext"


def test_trap_volume_spanning_luks_and_raw():
    spanning = device("dm-1", "253:1", "linear", ("dm-0", "sdb"))
    assert verdict(mount("/", "253:1"), spanning, LUKS, SDA, SDB, store()) == "mixed"


def test_trap_raid_with_one_leg_raw():
    raid = device("md0", "9:0", "raid", ("dm-0", "sdb"))
    assert verdict(mount("/", "9:0"), raid, LUKS, SDA, SDB, store()) == "mixed"


def test_trap_btrfs_second_member_raw():
    system = mount("/", "0:30", "btrfs", device="/dev/dm-0", members=("dm-0", "sdb"))
    assert verdict(system, LUKS, SDA, SDB, store()) == "mixed"


def test_trap_btrfs_of_which_only_the_shown_member_is_known():
    system = mount("/", "0:30", "btrfs", device="/dev/mapper/luks-root", members=None)
    assert verdict(system, LUKS, SDA, store()) is None


def test_btrfs_with_every_member_encrypted_is_verified():
    system = mount("/", "0:30", "btrfs", device="/dev/dm-0", members=("dm-0", "dm-2"))
    second = crypt("dm-2", "253:2", "sdb")
    assert verdict(system, LUKS, second, SDA, SDB, store(device_number="0:44")) == "verified"


def overlay(*options):
    return mount("/srv", "0:50", "overlay", device="overlay", options=options)


def test_trap_a_layer_of_an_overlay_over_which_something_was_mounted_later():
    """The name of the layer leads to the encrypted mount now, the overlay to what it hides."""
    options = ("lowerdir=/mnt/l", "upperdir=/up", "workdir=/work")
    over = overlay(*options)
    later = mount("/mnt", "253:0", mount_id=over.mount_id + 1)
    before = mount("/mnt", "253:0", mount_id=2)
    assert verdict(ROOT, LUKS, SDA, later, over, store()) is None
    assert verdict(ROOT, LUKS, SDA, before, over, store()) == "verified"


def test_trap_overlay_with_a_raw_lower_layer():
    options = ("lowerdir=/mnt/raw/l:/l2", "upperdir=/up", "workdir=/work")
    found = judged(ROOT, LUKS, SDA, SDB, mount("/mnt/raw", "8:16"), overlay(*options), store())
    assert found.encryption == "mixed"
    assert "sdb" in found.reason


def test_overlay_with_every_layer_encrypted():
    options = ("lowerdir=/l1:/l2", "upperdir=/up", "workdir=/work")
    assert verdict(ROOT, LUKS, SDA, overlay(*options), store()) == "verified"


@pytest.mark.parametrize(
    "options", [("lowerdir=l/A:l/B", "upperdir=/u"), ("upperdir=/u", "lowerdir=x"), ()]
)
def test_trap_overlay_whose_layers_are_not_whole_paths(options):
    assert verdict(ROOT, LUKS, SDA, overlay(*options), store()) is None


def test_trap_root_overlay_of_a_container_names_paths_of_another_namespace():
    root = mount("/", "0:40", "overlay", options=("lowerdir=/var/lib/x", "upperdir=/var/lib/y"))
    seen = mount("/var/lib", "253:0")
    assert verdict(root, seen, LUKS, SDA, store()) is None


def test_trap_loop_file_on_plain_disk():
    loop = device("loop0", "7:0", "loop", backing_file="/images/m.img")
    records = (ROOT, LUKS, SDA, SDB, mount("/images", "8:16"), mount("/srv", "7:0"), loop)
    assert verdict(*records, store()) == "plaintext"


def test_loop_file_on_luks_is_verified():
    loop = device("loop0", "7:0", "loop", backing_file="/images/m.img")
    assert verdict(ROOT, LUKS, SDA, mount("/srv", "7:0"), loop, store()) == "verified"


def test_trap_loop_file_of_another_namespace():
    loop = device("loop0", "7:0", "loop", None, backing_file="/images/m.img")
    assert verdict(ROOT, LUKS, SDA, mount("/srv", "7:0"), loop, store()) is None


def test_trap_zram_writes_back_to_raw_disk():
    zram = device("zram0", "252:0", "zram", ("sdb",))
    assert verdict(mount("/", "252:0"), zram, SDB, store()) == "plaintext"


def test_zram_alone_is_memory():
    assert verdict(mount("/", "252:0"), device("zram0", "252:0", "zram"), store()) == "memory-only"


TMPFS = mount("/srv", "0:60", "tmpfs", device="tmpfs")


def test_trap_tmpfs_with_raw_swap():
    found = judged(ROOT, LUKS, SDA, SDB, TMPFS, swap("/dev/sdb"), store())
    assert found.encryption == "plaintext"
    assert "swapped out in clear" in found.reason


def test_tmpfs_without_swap_is_memory():
    assert verdict(ROOT, LUKS, SDA, TMPFS, store()) == "memory-only"


def test_tmpfs_with_encrypted_swap_is_memory():
    assert verdict(ROOT, LUKS, SDA, TMPFS, swap("/dev/mapper/luks-root"), store()) == "memory-only"


def test_tmpfs_with_claimed_swap_is_claimed():
    claimed = crypt("dm-9", "253:9", "sda", encryption="claimed")
    assert verdict(ROOT, claimed, SDA, TMPFS, swap("/dev/dm-9"), store()) == "claimed"


def test_trap_tmpfs_where_swap_could_not_be_read():
    gap = Gap(kind="swap", reason="denied", detail="d", origin=ORIGIN)
    assert verdict(ROOT, LUKS, SDA, TMPFS, store(), gaps=(gap,)) is None
    assert verdict(ROOT, LUKS, SDA, TMPFS, store(), runs=()) is None


def test_trap_swap_on_a_loop_on_tmpfs_on_swap_ends():
    loop = device("loop0", "7:0", "loop", backing_file="/srv/swap.img")
    records = (ROOT, LUKS, SDA, TMPFS, loop, swap("/dev/loop0"), store())
    assert verdict(*records) is None
    assert verdict(*records, path="/dev/loop0") is None


def test_trap_device_cycle_ends():
    first = device("dm-0", "253:0", "linear", ("dm-1",))
    second = device("dm-1", "253:1", "linear", ("dm-0",))
    assert verdict(ROOT, first, second, store()) is None


def test_trap_raw_disk_mounted_below_an_encrypted_store():
    below = mount("/srv/models/large", "8:16")
    found = judged(ROOT, LUKS, SDA, SDB, below, store())
    assert found.encryption == "mixed"
    assert "disk sdb" in " ".join(found.chain)


def test_kernel_views_below_a_store_do_not_matter():
    views = mount("/srv/models/proc", "0:5", "proc"), mount("/srv/models/ns", "0:4", "nsfs")
    assert verdict(ROOT, LUKS, SDA, *views, store()) == "verified"


def test_trap_overmounted_by_a_raw_disk():
    low = mount("/srv", "253:0", mount_id=50)
    top = mount("/srv", "8:16", mount_id=51, parent=50)
    assert verdict(ROOT, LUKS, SDA, SDB, low, top, store()) == "plaintext"
    assert verdict(ROOT, LUKS, SDA, SDB, top, low, store()) == "plaintext"


def test_a_mount_that_lies_hidden_does_not_count():
    hidden = mount("/srv/models", "8:16", mount_id=52)
    top = mount("/srv", "253:0", mount_id=51)
    assert verdict(ROOT, LUKS, SDA, SDB, hidden, top, store()) == "verified"


def test_trap_mount_table_that_does_not_hang_together():
    torn = mount("/srv", "8:16", mount_id=51, parent=4711)
    assert verdict(ROOT, LUKS, SDA, SDB, torn, store()) is None
    twice = mount("/srv", "8:16", mount_id=1)
    assert verdict(ROOT, LUKS, SDA, SDB, twice, store()) is None


def test_trap_store_whose_own_mount_is_missing_from_the_evidence():
    assert verdict(ROOT, LUKS, SDA, store(device_number="8:16")) is None
    assert verdict(ROOT, LUKS, SDA, store(device_number="253:0")) == "verified"


def test_trap_mount_table_with_a_gap():
    gap = Gap(kind="mount", reason="malformed", detail="d", origin=ORIGIN)
    assert verdict(ROOT, LUKS, SDA, store(), gaps=(gap,)) is None
    assert verdict(mount("/", "8:0"), SDA, store(), gaps=(gap,)) == "plaintext"


def test_trap_xfs_log_on_a_raw_disk():
    system = mount("/", "253:0", "xfs", options=("logdev=/dev/sdb",))
    assert verdict(system, LUKS, SDA, SDB, store()) == "mixed"


def test_trap_file_system_that_may_span_unknown_devices():
    assert verdict(mount("/", "253:0", "f2fs"), LUKS, SDA, store()) is None
    assert verdict(mount("/", "8:0", "f2fs"), SDA, store()) == "mixed"


def test_trap_unknown_file_system_without_a_device():
    assert verdict(mount("/", "0:77", "newfs"), store()) is None


@pytest.mark.parametrize("layer", ["raid", "linear", "partition", "loop", "unknown"])
def test_trap_layer_with_nothing_below(layer):
    assert verdict(mount("/", "9:0"), device("x", "9:0", layer), store()) is None


def test_trap_two_devices_under_one_number():
    other = device("dm-7", "253:0", "linear", ("sdb",))
    assert verdict(ROOT, LUKS, other, SDA, SDB, store()) is None


def test_unknown_encryption_over_verified_is_verified_and_over_plain_is_unknown():
    odd = device("dm-5", "253:5", "mapper", ("dm-0",), "unknown")
    assert verdict(mount("/", "253:5"), odd, LUKS, SDA, store()) == "verified"
    odd = device("dm-5", "253:5", "mapper", ("sda",), "unknown")
    assert verdict(mount("/", "253:5"), odd, SDA, store()) is None


# File systems that answer for themselves.


@pytest.mark.parametrize("filesystem", ["nfs4", "cifs", "ceph", "lustre", "fuse.sshfs"])
def test_network_file_systems_are_remote(filesystem):
    assert verdict(ROOT, LUKS, SDA, mount("/srv", "0:70", filesystem), store()) == "remote"


@pytest.mark.parametrize("filesystem", ["virtiofs", "9p", "zfs", "fuse.mergerfs", "fuse"])
def test_what_decides_elsewhere_is_unknown(filesystem):
    assert verdict(ROOT, LUKS, SDA, mount("/srv", "0:70", filesystem), store()) is None


def test_gocryptfs_is_claimed():
    assert verdict(ROOT, SDA, mount("/srv", "0:70", "fuse.gocryptfs"), store()) == "claimed"


def test_ecryptfs_tells_its_cipher_and_what_passes_in_clear():
    options = ("rw", "ecryptfs_cipher=aes", "ecryptfs_key_bytes=32")
    found = judged(mount("/", "0:9", "ecryptfs", options=options), store())
    assert (found.encryption, found.cipher) == ("verified", "aes 256 bit")
    passing = (*options, "ecryptfs_passthrough")
    assert verdict(mount("/", "0:9", "ecryptfs", options=passing), store()) == "mixed"
    assert (
        verdict(mount("/", "0:9", "ecryptfs", options=("ecryptfs_cipher=cipher_null",)), store())
        is None
    )


def test_fscrypt_policy_of_the_store_protects_it_on_a_raw_disk():
    policy = "v2 AES-256-XTS/AES-256-CTS"
    found = judged(mount("/", "8:0"), SDA, store(encryption_policy=policy))
    assert (found.encryption, found.cipher) == ("verified", f"fscrypt {policy}")
    assert verdict(mount("/", "8:0"), SDA, store(encryption_policy="")) == "plaintext"


def test_trap_raw_disk_mounted_below_an_fscrypt_folder():
    below = mount("/srv/models/large", "8:16")
    assert verdict(mount("/", "8:0"), SDA, SDB, below, store(encryption_policy="v2 A/B")) == "mixed"


# What the site declares.

DECLARED = Site(stores=(Store(path="/srv/models", holds="checkpoints", encryption="declared"),))


def test_a_declaration_counts_where_the_machine_cannot_look():
    nfs = mount("/srv", "0:70", "nfs4")
    found = judged(ROOT, LUKS, SDA, nfs, store(), site=DECLARED)
    assert (found.encryption, found.holds) == ("declared", "checkpoints")
    virtual = device("vda", "254:0", transport="virtio")
    assert verdict(mount("/", "254:0"), virtual, store(), site=DECLARED) == "declared"
    assert verdict(mount("/", "254:0"), virtual, store()) == "plaintext"
    array = device("sdc", "8:32", transport="fc")
    assert verdict(mount("/", "8:32"), array, store()) == "remote"


def test_trap_declaration_against_observed_plaintext():
    assert verdict(mount("/", "8:0"), SDA, store(), site=DECLARED) == "plaintext"
    below = mount("/srv/models/large", "8:16")
    nfs = mount("/srv", "0:70", "nfs4", mount_id=60)
    below = msgspec.structs.replace(below, parent_id=60)
    assert verdict(ROOT, LUKS, SDA, SDB, nfs, below, store(), site=DECLARED) == "mixed"


def test_trap_declaration_in_place_of_missing_evidence():
    assert verdict(store(), site=DECLARED) is None
    assert verdict(mount("/", "8:0"), store(), site=DECLARED) is None
    assert verdict(ROOT, LUKS, SDA, site=DECLARED) is None


def test_a_declared_store_under_a_link_is_judged_where_it_lies():
    real = store("/mnt/raw/models", origin=Origin("stores", "/srv/models"))
    records = (ROOT, LUKS, SDA, SDB, mount("/mnt/raw", "8:16"), real)
    assert verdict(*records, path="/mnt/raw/models", site=DECLARED) == "plaintext"


# Swap and the host's own folders.


def test_swap_areas_are_judged_by_device_or_file():
    assert verdict(ROOT, SDB, swap("/dev/sdb"), path="/dev/sdb") == "plaintext"
    assert verdict(ROOT, LUKS, SDA, swap("/swapfile", "file"), path="/swapfile") == "verified"
    assert verdict(ROOT, LUKS, SDA, swap("/dev/dm-0"), path="/dev/dm-0") == "verified"
    assert verdict(ROOT, swap("/dev/sdz"), path="/dev/sdz") is None
    gone = "/swapfile (deleted)"
    assert verdict(ROOT, LUKS, SDA, swap(gone, "file"), path=gone) is None


def test_data_folder_is_judged_where_it_really_lies():
    folder = DataFolder(
        origin=Origin("storage", "/var/lib/docker"),
        path="/mnt/raw/docker",
        known_as="/var/lib/docker",
        holds="containers",
        device_number="8:16",
    )
    found = judged(ROOT, LUKS, SDA, SDB, mount("/mnt/raw", "8:16"), folder, path="/var/lib/docker")
    assert (found.encryption, found.holds, found.mount) == ("plaintext", "containers", "/mnt/raw")


def test_manifests_have_no_stores():
    nothing = msgspec.structs.replace(evidence(site=DECLARED), mode="manifests")
    assert list(DERIVATION.derive(nothing)) == []


def test_a_hostile_graph_neither_hangs_nor_grows():
    wide = [
        device(f"d{level}", f"300:{level}", "linear", (f"d{level + 1}",) * 30)
        for level in range(400)
    ]
    found = judged(mount("/", "300:0"), *wide, store())
    assert found.encryption is None
    assert len(found.chain) <= 40


@pytest.mark.parametrize(
    ("members", "expected"),
    [((), "verified"), (("dm-0",), "verified"), (("dm-0", "sdb"), "mixed"), (None, None),
     (("dm-0", "sdz"), None)],
)  # fmt: skip
def test_a_journal_on_another_disk_counts(members, expected):
    assert verdict(mount("/", "253:0", members=members), LUKS, SDA, SDB, store()) == expected
