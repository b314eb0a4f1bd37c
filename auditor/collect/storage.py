"""Collects mounts, block devices, swap areas, and the folders where a host keeps data by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from auditor.collect import Collector, Fact, Options
from auditor.collect._block import SYSFS, BlockReader
from auditor.collect._btrfs import SYSFS as BTRFS
from auditor.collect._btrfs import with_members
from auditor.collect._journals import PROCFS as JOURNALS
from auditor.collect._journals import with_journals
from auditor.collect._luks_headers import headers
from auditor.collect._mountinfo import Malformed, parse_mounts, parse_swaps
from auditor.collect._paths import device_number, resolve
from auditor.collect._reading import Reading
from auditor.evidence import Coverage, Origin
from auditor.evidence.paths import recordable
from auditor.evidence.site import StorePurpose
from auditor.evidence.storage import BlockDevice, DataFolder, Mount, Swap
from auditor.evidence.volumes import LuksHeader
from auditor.host import MIB, Absent, Host, Unreadable

NAME = "storage"
_Fact = TypeVar("_Fact")
_MOUNTINFO = ("/proc/self/mountinfo", "/proc/1/mountinfo")
_SWAPS = "/proc/swaps"
# A Kubernetes node has thousands of mounts, each of a few hundred bytes.
_LIMIT = 32 * MIB
_MOST_MOUNTS = 20_000

# Where data comes to lie without anybody naming a folder for it (file-hierarchy(7), and the
# defaults of Docker, containerd, Podman and the kubelet).
FOLDERS: tuple[tuple[str, StorePurpose], ...] = (
    ("/tmp", "temporary"),  # noqa: S108 - looked at, never written
    ("/var/tmp", "temporary"),  # noqa: S108 - likewise
    ("/dev/shm", "temporary"),  # noqa: S108 - likewise
    ("/var/log", "logs"),
    ("/var/lib/docker", "containers"),
    ("/var/lib/containerd", "containers"),
    ("/var/lib/containers", "containers"),
    ("/var/lib/kubelet", "containers"),
    ("/var/crash", "other"),
    ("/var/lib/systemd/coredump", "other"),
)


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    devices_read = Reading(host, NAME, "block_device")
    reader = BlockReader(host, devices_read)
    devices = reader.devices()
    yield from devices
    yield from devices_read.gaps()
    if reader.tables.total:
        tables = reader.tables
        yield Coverage(what="device-mapper tables", seen=tables.seen, total=tables.total)

    headers_read = Reading(host, NAME, "luks_header")
    if devices_read.missed(SYSFS, "/dev/mapper/"):
        detail = "not every block device is known, so not every header was looked for"
        headers_read.miss(SYSFS, "not-collected", detail)
    yield from headers(host, devices, headers_read)
    yield from headers_read.gaps()

    mounts_read = Reading(host, NAME, "mount")
    mounts = with_members(host, _mounts(host, mounts_read), devices)
    yield from with_journals(host, mounts, devices)
    yield from mounts_read.gaps()

    swaps_read = Reading(host, NAME, "swap")
    yield from _swaps(host, swaps_read)
    yield from swaps_read.gaps()

    folders_read = Reading(host, NAME, "data_folder")
    yield from _folders(host, folders_read)
    yield from folders_read.gaps()


def _mounts(host: Host, reading: Reading) -> list[Mount]:
    for source in _MOUNTINFO:
        try:
            data = host.read(source, limit=_LIMIT)
        except Absent:
            continue
        except Unreadable as error:
            reading.miss(source, error.reason, error.detail)
            return []
        rows = islice(parse_mounts(data, Origin(NAME, source)), _MOST_MOUNTS)
        if data.count(b"\n") > _MOST_MOUNTS:
            reading.miss(source, "limit", f"more than {_MOST_MOUNTS} mounts")
        return _kept(rows, reading, source)
    reading.miss(_MOUNTINFO[0], "absent", "no mount table: what lies on which disk is not known")
    return []


def _swaps(host: Host, reading: Reading) -> list[Swap]:
    try:
        data = host.read(_SWAPS, limit=_LIMIT)
    except Unreadable as error:
        reading.miss(_SWAPS, error.reason, error.detail)
        return []
    found = _kept(parse_swaps(data, Origin(NAME, _SWAPS)), reading, _SWAPS)
    return [swap for swap in found if _is_there(host, swap, reading)]


def _is_there(host: Host, swap: Swap, reading: Reading) -> bool:
    """Return whether a swap file is what lies at its path: something may be mounted over it."""
    if swap.swap_type != "file":
        return True
    try:
        status = host.stat(swap.path)
    except Absent:
        # A path that says that it is deleted, or one of another mount namespace: judged unknown.
        return swap.path.endswith(" (deleted)") or _hidden(swap, reading)
    except Unreadable:
        return True
    if status.file_type != "file" or status.size < swap.size:
        return _hidden(swap, reading)
    return True


def _hidden(swap: Swap, reading: Reading) -> bool:
    reading.miss(swap.path, "unsupported", "what lies there is not the swap file that is in use")
    return False


def _kept(found: Iterator[_Fact | Malformed], reading: Reading, source: str) -> list[_Fact]:
    kept = []
    for item in found:
        if isinstance(item, Malformed):
            reading.malformed(source, item.line, "not a line as proc(5) has it")
        else:
            kept.append(item)
    return kept


def _folders(host: Host, reading: Reading) -> Iterator[DataFolder]:
    for known_as, holds in FOLDERS:
        try:
            path, status = resolve(host, known_as)
        except Absent:
            continue
        except Unreadable as error:
            reading.miss(known_as, error.reason, error.detail)
            continue
        yield DataFolder(
            origin=reading.origin(known_as),
            path=recordable(path),
            known_as=known_as,
            holds=holds,
            device_number=device_number(host, status),
        )


COLLECTOR = Collector(
    title="Mounts, block devices and swap",
    yields=(Mount, BlockDevice, Swap, DataFolder, LuksHeader),
    reads=(
        *_MOUNTINFO, _SWAPS, f"{SYSFS}/*", f"{BTRFS}/*/devices", JOURNALS, "/dev/mapper/control",
        "/dev/* (headers of LUKS volumes in use)",
        *(path for path, _ in FOLDERS),
    ),
    collect=_collect,
)  # fmt: skip
