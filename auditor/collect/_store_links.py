"""Follows the symbolic links of a store to where they end; nothing there is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from auditor.collect._paths import resolve
from auditor.collect._reading import Reading
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable
from auditor.stores import Contents, Link

# Steps up and then down alone: what stands between two `..` may be a link itself.
_STEPS = re.compile(r"(?:\.\./)*(?!\.\.?(?:/|$))[^/]+(?:/(?!\.\.?(?:/|$))[^/]+)*")


class Links:
    """Tells of each link of a store where it leads. One that cannot be followed is a gap."""

    def __init__(self, reading: Reading, contents: Contents) -> None:
        """Follow links among `contents`, and beyond it on the reading's host."""
        self._reading = reading
        self._contents = contents

    def link(self, folder: str, name: str) -> Link:
        """Return the link of that name in a folder of the store."""
        path = f"{folder.rstrip('/')}/{name}"
        words = ""
        try:
            words = self._reading.host.readlink(path)
            end = self._by_words(folder, words) or resolve(self._reading.host, path)[0]
        except Absent:
            return Link(folder, name, recordable(words), "dangling")
        except Unreadable as error:
            self._reading.miss(recordable(path), error.reason, error.detail)
            return Link(folder, name, recordable(words), "unknown")
        inside = is_within(end, (self._contents.root,))
        return Link(folder, name, recordable(words), "inside" if inside else "outside", end)

    def _by_words(self, folder: str, words: str) -> str:
        """Return where a link's words alone lead, `` where more than they must be looked at."""
        if not _STEPS.fullmatch(words):
            return ""
        path = posixpath.normpath(posixpath.join(folder, words))
        known = self._contents.folder(path) or self._contents.file(path)
        return path if known is not None else ""


def is_within(path: str, folders: Iterable[str]) -> bool:
    """Return whether a path is one of the folders or lies below one."""
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)
