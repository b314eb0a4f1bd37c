"""Writes block devices, mounts and swap of a machine as sysfs and procfs show them."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence.volumes import LuksFacts, LuksKeyslot, LuksSegment

from .memory import Machine

_SECTORS = 2 * 1024 * 1024  # of 512 bytes in a GiB
# What every systemd host has mounted beside its own file systems.
_KERNEL_MOUNTS = (
    ("/proc", "proc", "proc", "0:21", "rw,nosuid,nodev,noexec,relatime", "rw"),
    ("/sys", "sysfs", "sysfs", "0:22", "rw,nosuid,nodev,noexec,relatime", "rw"),
    ("/dev", "devtmpfs", "udev", "0:5", "rw,nosuid,relatime",
     "rw,size=65536k,nr_inodes=4096,mode=755"),
    ("/dev/pts", "devpts", "devpts", "0:23", "rw,nosuid,noexec,relatime", "rw,gid=5,mode=620"),
    ("/run", "tmpfs", "tmpfs", "0:24", "rw,nosuid,nodev,noexec,relatime",
     "rw,size=65536k,mode=755"),
    ("/dev/shm", "tmpfs", "tmpfs", "0:25", "rw,nosuid,nodev", "rw"),  # noqa: S108 - described
    ("/sys/fs/cgroup", "cgroup2", "cgroup2", "0:26", "rw,nosuid,nodev,noexec,relatime", "rw"),
    ("/sys/kernel/security", "securityfs", "securityfs", "0:27",
     "rw,nosuid,nodev,noexec,relatime", "rw"),
)  # fmt: skip


class Disk(Struct, frozen=True, kw_only=True):
    """A whole disk; `bus` is where it hangs below /sys/devices. Sizes in GiB."""

    name: str
    number: str
    size: int
    bus: str
    model: str
    model_attribute: str = "model"
    removable: bool = False


class Partition(Struct, frozen=True, kw_only=True):
    """A partition of `disk`."""

    name: str
    number: str
    size: int
    disk: Disk


class Mapped(Struct, frozen=True, kw_only=True):
    """A device-mapper device over `below`; `table` as `dmsetup table` without keys."""

    name: str
    number: str
    size: int
    mapper_name: str
    uuid: str
    below: str
    table: str
    header: LuksFacts | None = None


def luks2() -> LuksFacts:
    """Return the header that cryptsetup makes by default on a server."""
    slot = LuksKeyslot(slot=0, kdf="argon2id", hash="", memory=1_048_576, passes=6, cpus=4,
                       iterations=0, token="")  # fmt: skip
    segment = LuksSegment(segment_type="crypt", cipher="aes-xts-plain64", sector_size=4096,
                          integrity="")  # fmt: skip
    return LuksFacts(version=2, key_bits=512, segments=(segment,), keyslots=(slot,))


def old_luks1() -> LuksFacts:
    """Return a header as it was made long ago: CBC with plain numbers, a few iterations."""
    slot = LuksKeyslot(slot=0, kdf="pbkdf2", hash="sha1", memory=0, passes=0, cpus=0,
                       iterations=1000, token="")  # fmt: skip
    segment = LuksSegment(segment_type="crypt", cipher="aes-cbc-plain", sector_size=512,
                          integrity="")  # fmt: skip
    return LuksFacts(version=1, key_bits=256, segments=(segment,), keyslots=(slot,))


class Mounted(Struct, frozen=True, kw_only=True):
    """A mount of a file system."""

    path: str
    filesystem: str
    device: str
    number: str
    options: str = "rw,relatime"
    super_options: str = "rw"


def add(
    machine: Machine,
    devices: tuple[Disk | Partition | Mapped, ...],
    mounts: tuple[Mounted, ...],
    pid: int,
) -> None:
    """Put devices and mounts, as the process `pid` sees the latter; `/` is the first mount."""
    for device in devices:
        _device(machine, device)
    whole = [*mounts[:1], *(_kernel(*fields) for fields in _KERNEL_MOUNTS), *mounts[1:]]
    lines = []
    ids: dict[str, int] = {}
    for mount_id, mount in enumerate(whole, start=20):
        machine.devices[mount.path] = mount.number
        if mount.path not in machine.nodes:
            machine.folder(mount.path)
        above = max((path for path in ids if _is_below(mount.path, path)), key=len, default="")
        ids[mount.path] = mount_id
        lines.append(f"{mount_id} {ids.get(above, 1)} {mount.number} / {mount.path} "
                     f"{mount.options} shared:{mount_id} - {mount.filesystem} {mount.device} "
                     f"{mount.super_options}\n")  # fmt: skip
    machine.file(f"/proc/{pid}/mountinfo", "".join(lines), 0o444)
    if pid != 1:
        machine.file("/proc/1/mountinfo", "".join(lines), 0o444)


def swaps(machine: Machine, *areas: tuple[str, str, int]) -> None:
    """Put the active swap areas: path, `partition` or `file`, size in GiB."""
    lines = ["Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"]
    for priority, (path, kind, size) in enumerate(areas, start=2):
        lines.append(f"{path:<40}{kind}\t{size * 1024 * 1024 - 4}\t0\t\t-{priority}\n")
    machine.file("/proc/swaps", "".join(lines), 0o444)


def _kernel(  # noqa: PLR0913, PLR0917 - the fields of one line
    path: str, filesystem: str, device: str, number: str, options: str, super_options: str
) -> Mounted:
    return Mounted(path=path, filesystem=filesystem, device=device, number=number,
                   options=options, super_options=super_options)  # fmt: skip


def _is_below(path: str, folder: str) -> bool:
    return path != folder and (folder == "/" or path.startswith(f"{folder}/"))


def _place(device: Disk | Partition | Mapped) -> str:
    """Return where a device hangs below /sys/devices: NVMe namespaces have no `block` above."""
    if isinstance(device, Mapped):
        return f"virtual/block/{device.name}"
    disk = device.disk if isinstance(device, Partition) else device
    above = disk.bus if disk.name.startswith("nvme") else f"{disk.bus}/block"
    whole = f"{above}/{disk.name}"
    return f"{whole}/{device.name}" if isinstance(device, Partition) else whole


def _device(machine: Machine, device: Disk | Partition | Mapped) -> None:
    place = _place(device)
    folder = f"/sys/devices/{place}"
    machine.link(f"/sys/class/block/{device.name}", f"../../devices/{place}")
    machine.files(folder, dev=device.number, size=str(device.size * _SECTORS), ro="0")
    machine.special(f"/dev/{device.name}", "block", device.number)
    if isinstance(device, Partition):
        machine.files(folder, partition=device.name[-1], start="2048")
        return
    machine.folder(f"{folder}/slaves")
    machine.folder(f"{folder}/holders")
    machine.files(folder, removable=str(int(isinstance(device, Disk) and device.removable)))
    if isinstance(device, Disk):
        machine.link(f"{folder}/device", f"/sys/devices/{device.bus}")
        machine.files(f"/sys/devices/{device.bus}", **{device.model_attribute: device.model})
        return
    machine.files(f"{folder}/dm", name=device.mapper_name, uuid=device.uuid, suspended="0")
    machine.link(f"{folder}/slaves/{device.below}", f"/sys/class/block/{device.below}")
    machine.link(f"/dev/mapper/{device.mapper_name}", f"../{device.name}")
    machine.tables[device.mapper_name] = (device.table,)
    if device.header is not None:
        machine.headers[device.below] = device.header
