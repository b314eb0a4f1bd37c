"""Follows symbolic links step by step, looking at the mount table before each step."""

from __future__ import annotations

import os
import stat as modes

from auditor.host import Unreadable
from auditor.host._direct import decoded, encoded, reasons
from auditor.host._mounts import MountPoint, Mounts

MAX_LINKS = 40  # as the kernel, path_resolution(7)
_REMEMBERED = 20_000

# Links of /proc/<pid> that lead out of procfs, to wherever that process has something open.
_MAGIC = frozenset({"cwd", "root", "exe"})
_MAGIC_FOLDERS = frozenset({"fd", "map_files", "ns"})


class RemoteMount(Exception):  # noqa: N818 - a fork in the road, not an error
    """The way leads onto a mount that may hang: `path` is how far it was followed."""

    def __init__(self, path: str, mount: MountPoint) -> None:
        """Keep the path and the mount."""
        super().__init__(path)
        self.path = path
        self.mount = mount


class Resolver:
    """Turns paths into paths without links, never touching a mount that may hang.

    Each step is looked up in the mount table before it is touched, so that a link from a local
    disk onto a dead NFS server is seen by its text. Somebody who swaps a folder for a link
    between the step and the use can lead the reader onto a mount that hangs: that needs a
    writer of that folder, costs the run its progress, and reads nothing it should not.
    """

    def __init__(self, mounts: Mounts, *, patient: bool = False) -> None:
        """Resolve over `mounts`; a `patient` resolver (in a worker) also enters remote ones."""
        self._mounts = mounts
        self._patient = patient
        self._plain: set[str] = set()

    def resolve(self, path: str, *, follow: bool) -> tuple[bytes, MountPoint]:
        """Return the real path and its mount; with `follow` the last component is followed too.

        Raises `RemoteMount` where a worker has to go on, `Unreadable` for `unsupported` below
        an automount point, and what lstat(2) and readlink(2) raise.
        """
        encoded(path)
        mount = self._mounts.find(path)
        if mount.manner == "kernel" and _stays_inside(path, follow=follow):
            return encoded(path), mount
        with reasons(path):
            return self._walk(path, follow=follow)

    def _walk(self, path: str, *, follow: bool) -> tuple[bytes, MountPoint]:
        mount = self._enter("/", path)
        folder, _, name = path.rpartition("/")
        if folder in self._plain and name not in ("", ".", ".."):
            # Another file of a folder to which the way was walked already, without a link.
            here, left = folder, [name]
        else:
            here = ""
            left = [part for part in reversed(path.split("/")) if part and part != "."]
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            step = f"{here}/{part}"
            mounted = self._mounted_below(step, left)
            if mounted:
                del left[len(left) - (mounted.count("/") - step.count("/")) :]
                step = mounted
            mount = self._enter(step, path)
            if (not left and not follow) or not self._is_link(step, mount):
                here = step
                continue
            links += 1
            if links > MAX_LINKS:
                raise Unreadable(path, "malformed", "too many levels of symbolic links")
            if mount.filesystem == "proc" and not _stays_inside(step):
                # Its text is a path as that process sees it, in its own root and mounts: to
                # follow it here would read another file under that file's name.
                raise Unreadable(path, "unsupported", "a link into another process's view")
            target = decoded(os.readlink(encoded(step)))  # noqa: PTH115 - bytes
            if target.startswith("/"):
                here = ""
            left += [part for part in reversed(target.split("/")) if part and part != "."]
        return encoded(here or "/"), self._enter(here or "/", path)

    def _mounted_below(self, step: str, left: list[str]) -> str:
        """Return the mount point that the way leads to across an automount point, if it does.

        What the automounter has mounted already may be read; the folders between, which it
        answers for itself, are passed by their names.
        """
        if self._mounts.find(step).manner != "automount" or ".." in left:
            return ""
        mount = self._mounts.find("/".join([step, *reversed(left)]))
        below = mount.manner != "automount" and mount.path.startswith(f"{step}/")
        return mount.path if below else ""

    def _enter(self, step: str, asked: str) -> MountPoint:
        mount = self._mounts.find(step)
        if mount.manner == "automount":
            raise Unreadable(asked, "unsupported", f"below the automount point {mount.path}")
        if mount.manner == "remote" and not self._patient:
            raise RemoteMount(step, mount)
        return mount

    def _is_link(self, step: str, mount: MountPoint) -> bool:
        if step in self._plain:
            return False
        status = os.lstat(encoded(step))
        if modes.S_ISLNK(status.st_mode):
            return True
        # Folders of a store are passed hundreds of thousands of times; processes come and go.
        if (
            modes.S_ISDIR(status.st_mode)
            and mount.manner != "kernel"
            and len(self._plain) < _REMEMBERED
        ):
            self._plain.add(step)
        return False


def _stays_inside(path: str, *, follow: bool = True) -> bool:
    """Return whether the links on a path of procfs or sysfs lead only within it.

    Those of sysfs do, and `/proc/net`, `/proc/self` and `/proc/mounts`; not what a process has
    open. Names as `task/1/fd/3` are told by their folder.
    """
    parts = path.split("/")
    if ".." in parts:
        return False
    if not path.startswith("/proc/"):
        return True
    passed = parts if follow else parts[:-1]
    return not (
        _MAGIC.intersection(passed) or any(folder in _MAGIC_FOLDERS for folder in passed[:-1])
    )
