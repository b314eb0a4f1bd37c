"""Tells the devices of ext file systems whose journal lies apart (tune2fs(8) `-J device=`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from auditor.evidence.paths import recordable
from auditor.evidence.storage import BlockDevice, Mount
from auditor.host import Absent, Host, Unreadable

PROCFS = "/proc/fs/jbd2"
SYSFS = "/sys/fs/ext4"
_NUMBER, _COMM = 32, 256
_KINDS = frozenset({"ext3", "ext4"})
# A journal within its file system is named by device and inode (fs/jbd2/journal.c).
_WITHIN = re.compile(r"(.+)-[0-9]+")


def with_journals(
    host: Host, mounts: Iterable[Mount], devices: Iterable[BlockDevice]
) -> tuple[Mount, ...]:
    """Return the mounts, those of ext with the devices of journals that may be theirs.

    Which file system a journal on a device of its own serves the name of its thread tells; where
    that is not to be had, it may be any that has none within. Where the journals cannot be listed
    `members` is `None`; a kernel that has no such list keeps none.
    """
    mounts = tuple(mounts)
    if not any(mount.filesystem in _KINDS for mount in mounts):
        return mounts
    try:
        journals = tuple(recordable(name) for name in host.list(PROCFS))
    except Absent:
        return mounts
    except Unreadable:
        return tuple(_replaced(mount, None) for mount in mounts)
    by_number = {device.device_number: device.name for device in devices}
    names = frozenset(by_number.values())
    apart = tuple(sorted(name for name in journals if name in names))
    within = {
        match[1] for name in journals if name not in names and (match := _WITHIN.fullmatch(name))
    }
    if not apart:
        return mounts
    found = []
    for mount in mounts:
        name = by_number.get(mount.device_number, "")
        if name not in within and mount.filesystem in _KINDS:
            served = _of_task(host, name)
            own = (served,) if served in apart else apart
            found.append(_replaced(mount, (name, *own)))
        else:
            found.append(mount)
    return tuple(found)


def _of_task(host: Host, name: str) -> str:
    """Return the device after which the thread of a file system's journal is named, or ``."""
    try:
        pid = host.read(f"{SYSFS}/{name}/journal_task", limit=_NUMBER).decode("ascii", "replace")
        if not pid.strip().isdecimal():
            return ""
        comm = host.read(f"/proc/{pid.strip()}/comm", limit=_COMM).decode("utf-8", "replace")
    except Unreadable:
        # Then every journal that lies apart may be this file system's.
        return ""
    return recordable(comm.rstrip("\n").removeprefix("jbd2/"))


def _replaced(mount: Mount, members: tuple[str, ...] | None) -> Mount:
    if mount.filesystem not in _KINDS:
        return mount
    whole = members if members is None else tuple(name for name in members if name)
    return msgspec.structs.replace(mount, members=whole)
