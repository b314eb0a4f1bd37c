"""Reads the small files of a store for its layouts, within the store and within bounds."""

from __future__ import annotations

from auditor.collect._reading import Reading
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable
from auditor.stores import Contents


class StoreView:
    """A store as its layouts see it (`auditor.stores.Store`)."""

    def __init__(
        self,
        reading: Reading,
        contents: Contents,
        digests: dict[str, tuple[str, ...]],
        *,
        hashed: bool,
        most: int,
    ) -> None:
        """Show `contents`, of their documents `most` bytes; what cannot be read is a gap.

        `hashed`: digests were asked for, so that a file without one could not be hashed.
        """
        self.hashed = hashed
        self._reading = reading
        self._contents = contents
        self._digests = digests
        self._left = most

    @property
    def contents(self) -> Contents:
        """What lies in it."""
        return self._contents

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a file's bytes, links within the store followed; see `Store.read`."""
        file = self._contents.at(path)
        if file is None:
            return None
        if file.size > self._left:
            detail = "the documents of this store are more than are read of one"
            self._reading.miss(recordable(self._contents.root), "limit", detail)
            return None
        try:
            data = self._reading.host.read(file.path, limit=limit)
        except Absent:
            return None  # removed while we looked
        except Unreadable as error:
            self._reading.miss(recordable(path), error.reason, error.detail)
            return None
        self._left -= len(data)
        return data

    def digests(self, path: str) -> tuple[str, ...] | None:
        """Return the digests of a file that were computed, `None` for none."""
        return self._digests.get(path)

    def beside(self, path: str) -> int | None:
        """Return the permission bits of a file outside the store; see `Store.beside`."""
        try:
            status = self._reading.host.stat(path)
        except Absent:
            return None
        except Unreadable as error:
            self._reading.miss(recordable(path), error.reason, error.detail)
            return None
        return status.mode if status.file_type == "file" else None
