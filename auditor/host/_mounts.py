"""Knows by text alone which paths may hang: the mount table, before anything is touched."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Manner = Literal["local", "kernel", "remote", "automount"]

# File systems that answer from this machine's memory or disks. Every other kind, also one that
# is not known here, may wait for another machine or for a program: it is read in a worker.
_KERNEL = frozenset({
    "proc", "sysfs", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "efivarfs",
    "configfs", "pstore", "bpf", "selinuxfs", "smackfs", "binfmt_misc", "fusectl", "nsfs",
})  # fmt: skip
_LOCAL = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "nilfs2",
    "tmpfs", "ramfs", "rootfs", "devtmpfs", "devpts", "mqueue", "hugetlbfs", "overlay", "aufs",
    "squashfs", "erofs", "cramfs", "romfs", "iso9660", "udf", "vfat", "msdos", "exfat", "ntfs3",
    "hfsplus", "minix", "ecryptfs",
})  # fmt: skip
# Folders of which it is remembered where they lie.
_REMEMBERED = 10_000
_OCTAL = re.compile(r"\\([0-7]{3})")


class MountPoint(Struct, frozen=True):
    """A mount point and the manner of what is mounted there, in the order of mounting."""

    path: str
    manner: Manner
    filesystem: str


def parse(mountinfo: str) -> tuple[MountPoint, ...]:
    """Return the mount points of `/proc/<pid>/mountinfo` (proc(5)); what is malformed is left out.

    A line that cannot be read leaves its paths to the mount above: see `Mounts.find`.
    """
    points = []
    for line in mountinfo.split("\n"):  # a path may hold what else ends a line for Python
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6:  # noqa: PLR2004 - proc(5): six fixed fields
            points.append(MountPoint(unescape(fields[4]), manner_of(rest[0]), rest[0]))
    return tuple(points)


def unescape(text: str) -> str:
    r"""Return a field of mountinfo with its octal escapes (`\040` for a blank) decoded."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def manner_of(filesystem: str) -> Manner:
    """Return how a file system of this type may be touched."""
    if filesystem in _KERNEL:
        return "kernel"
    if filesystem in _LOCAL:
        return "local"
    return "automount" if filesystem == "autofs" else "remote"


class Mounts:
    """The mount table, asked by path."""

    def __init__(self, points: tuple[MountPoint, ...]) -> None:
        """Keep the mount points in the order in which they were mounted."""
        self._points: dict[str, list[tuple[int, MountPoint]]] = {}
        self._folders: dict[str, MountPoint] = {}
        for number, point in enumerate(points):
            self._points.setdefault(point.path, []).append((number, point))

    def find(self, path: str) -> MountPoint:
        """Return the mount that a path (absolute, without links and `..`) lies on.

        The longest prefix decides, the later mount where several share it. A mount made later
        over a shorter prefix may hide it: the more careful of the two is returned, since a
        worker too many costs a millisecond and a touch too many the whole run.
        """
        if path in self._points:
            return self._longest(path)
        # What is no mount point lies where its folder lies, and a store's folders come again.
        folder = path.rpartition("/")[0] or "/"
        found = self._folders.get(folder)
        if found is None:
            found = self._longest(folder)
            if len(self._folders) < _REMEMBERED:
                self._folders[folder] = found
        return found

    def _longest(self, path: str) -> MountPoint:
        over: list[tuple[int, MountPoint]] = []
        prefix = path
        while True:
            over += self._points.get(prefix, [])[-1:]
            if prefix == "/":
                break
            prefix = prefix.rpartition("/")[0] or "/"
        if not over:
            return MountPoint("/", "remote", "unknown")
        deepest = over[0]
        later = [point for number, point in over if number > deepest[0]]
        careful = [point for point in later if point.manner in ("remote", "automount")]
        if deepest[1].manner == "automount" or not careful:
            return deepest[1]
        return careful[0]
