"""A mounted image or an unpacked archive: paths resolve inside the folder and never leave it."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Callable
from pathlib import Path

from auditor.formats import Inspection, inspect
from auditor.host import Stat, Unreadable
from auditor.host import _digests as digests
from auditor.host._direct import (
    decoded,
    encoded,
    list_directory,
    opened,
    read_file,
    read_link,
    reasons,
    stat_path,
)

MAX_LINKS = 40  # as the kernel, path_resolution(7)


class Image:
    """Reads a folder as if it were `/`: absolute links start at it, `..` stops at it."""

    def __init__(self, root: Path) -> None:
        """Keep the folder; it must exist."""
        self._root = os.fsencode(root)

    def read(self, path: str, *, limit: int, head: bool) -> bytes:
        """Return a regular file's bytes; see `Host.read`."""
        return read_file(self._real(path, follow=True), path, limit=limit, head=head)

    def list(self, path: str, *, limit: int) -> tuple[str, ...]:
        """Return the sorted names in a directory; see `Host.list`."""
        return list_directory(self._real(path, follow=True), path, limit=limit)

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) tells; see `Host.stat`."""
        return stat_path(self._real(path, follow=False), path)

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target as written; see `Host.readlink`."""
        return read_link(self._real(path, follow=False), path)

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a model file is; see `Host.inspect_model`."""
        with opened(self._real(path, follow=True), path) as view:
            return inspect(view)

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None,
        told: Callable[[int], None],
    ) -> tuple[str, ...]:
        """Return a regular file's digests; see `Host.digest`."""
        real = self._real(path, follow=True)
        return digests.finished(digests.of_file(real, path, algorithms, span=span), told)

    def _real(self, path: str, *, follow: bool) -> bytes:
        encoded(path)
        with reasons(path):
            return self._root + self._walk(path, follow=follow)

    def _walk(self, path: str, *, follow: bool) -> bytes:
        here = b""
        left = _parts(path)
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                here = here.rpartition(b"/")[0]
                continue
            step = here + encoded(f"/{part}")
            if (not left and not follow) or not self._is_link(step):
                here = step
                continue
            links += 1
            if links > MAX_LINKS:
                raise Unreadable(path, "malformed", "too many levels of symbolic links")
            target = decoded(os.readlink(self._root + step))  # noqa: PTH115 - bytes
            if target.startswith("/"):
                here = b""
            left += _parts(target)
        return here or b"/"

    def _is_link(self, step: bytes) -> bool:
        return modes.S_ISLNK(os.lstat(self._root + step).st_mode)


def _parts(path: str) -> list[str]:
    """Return the names of a path, the next one last."""
    return [part for part in reversed(path.split("/")) if part and part != "."]
