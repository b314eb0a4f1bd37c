"""Tells all devices of each btrfs file system: the mount table shows only one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from auditor.evidence.paths import recordable
from auditor.evidence.storage import BlockDevice, Mount
from auditor.host import Absent, Host, Unreadable

SYSFS = "/sys/fs/btrfs"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def with_members(
    host: Host, mounts: Iterable[Mount], devices: Iterable[BlockDevice]
) -> tuple[Mount, ...]:
    """Return the mounts, those of btrfs with all their devices where the kernel tells them.

    Where it does not, `members` stays `None`: from the device shown nothing follows for the rest.
    """
    mounts = tuple(mounts)
    if not any(mount.filesystem == "btrfs" for mount in mounts):
        return mounts
    systems = _systems(host)
    names = {f"/dev/mapper/{d.mapper_name}": d.name for d in devices if d.mapper_name}
    return tuple(
        msgspec.structs.replace(mount, members=_members(mount, systems, names))
        if mount.filesystem == "btrfs"
        else mount
        for mount in mounts
    )


def _members(
    mount: Mount, systems: tuple[tuple[str, ...], ...], names: dict[str, str]
) -> tuple[str, ...] | None:
    shown = names.get(mount.device) or mount.device.removeprefix("/dev/")
    holding = [members for members in systems if shown in members]
    return holding[0] if len(holding) == 1 else None


def _systems(host: Host) -> tuple[tuple[str, ...], ...]:
    """Return the devices of each mounted btrfs of which every device is present."""
    try:
        found = host.list(SYSFS)
    except Unreadable:
        # Without the folder every btrfs keeps `members` at None, which is no verdict.
        return ()
    whole = (_devices(host, f"{SYSFS}/{name}") for name in found if _UUID.fullmatch(name))
    return tuple(members for members in whole if members)


def _devices(host: Host, folder: str) -> tuple[str, ...]:
    """Return the devices of one file system, `()` where one is missing or cannot be told."""
    try:
        devices = tuple(recordable(name) for name in host.list(f"{folder}/devices"))
        numbered = host.list(f"{folder}/devinfo")
    except Absent:
        # `devinfo` came with Linux 5.6; without it a missing device does not show.
        return ()
    except Unreadable:
        return ()
    return devices if len(devices) == len(numbered) else ()
