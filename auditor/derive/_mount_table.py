"""Finds the mount that a path lies on, as the kernel's own lookup would."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.evidence.storage import Mount

_DEEPEST = 256


class MountTable:
    """The mounts of one mount namespace.

    A path is looked up as path_resolution(7) has it: from the root mount, step by step, onto
    what is mounted *there, on that mount*. So the topmost of several mounts on one folder is
    found, and one that lies hidden below another is not. Where the table does not hang
    together (a parent missing, an identifier twice) the answer is `None`.
    """

    def __init__(self, mounts: Iterable[Mount]) -> None:
        """Index the mounts; their order does not matter."""
        self._mounts = sorted(mounts, key=lambda mount: (mount.path, mount.mount_id))
        self._by_id: dict[int, Mount] = {}
        self._on: dict[tuple[int, str], list[Mount]] = {}
        self._at: dict[str, list[Mount]] = {}
        self._sound = True
        for mount in self._mounts:
            self._sound = self._sound and mount.mount_id not in self._by_id
            self._by_id[mount.mount_id] = mount
            self._at.setdefault(mount.path, []).append(mount)
            if mount.parent_id != mount.mount_id:
                self._on.setdefault((mount.parent_id, mount.path), []).append(mount)
        self._root = self._find_root()

    def find(self, path: str) -> Mount | None:
        """Return the mount that `path` (absolute, links resolved) lies on, `None` if unknown."""
        current = self._root
        if current is None:
            return None
        for prefix in _prefixes(path):
            step = self._topmost(current, prefix)
            if step is None:
                return None
            current = step
        # A deeper mount that the walk did not meet is either hidden, or torn from the table.
        for prefix in reversed(_prefixes(path)):
            if len(prefix) <= len(current.path):
                break
            if not all(self._connected(mount) for mount in self._at.get(prefix, ())):
                return None
        return current

    def below(self, path: str) -> tuple[Mount, ...]:
        """Return the mounts below `path` that can be seen, or of which that cannot be told."""
        start = path.rstrip("/") + "/"
        under = (m for m in self._mounts if m.path.startswith(start) and m.path != start)
        return tuple(mount for mount in under if self.find(mount.path) in (mount, None))

    def _find_root(self) -> Mount | None:
        lowest = [
            mount
            for mount in self._at.get("/", ())
            if mount.parent_id == mount.mount_id
            or mount.parent_id not in self._by_id
            or self._by_id[mount.parent_id].path != "/"
        ]
        return lowest[0] if self._sound and len(lowest) == 1 else None

    def _topmost(self, mount: Mount, path: str) -> Mount | None:
        """Return what is mounted at `path` on `mount`, and on that, and so on."""
        for _ in range(_DEEPEST):
            stacked = self._on.get((mount.mount_id, path), [])
            if not stacked:
                return mount
            if len(stacked) > 1:
                return None
            mount = stacked[0]
        return None

    def _connected(self, mount: Mount) -> bool:
        """Return whether the mount's parents lead to the root mount."""
        for _ in range(_DEEPEST):
            if mount.path == "/":
                return True
            parent = self._by_id.get(mount.parent_id)
            if parent is None or parent is mount:
                return False
            mount = parent
        return False


def _prefixes(path: str) -> list[str]:
    """Return `/`, `/a`, `/a/b` of `/a/b`."""
    found = ["/"]
    here = ""
    for part in path.split("/"):
        if part:
            here += f"/{part}"
            found.append(here)
    return found
