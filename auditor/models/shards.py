"""Shares the files of a store out among hosts that do not speak with one another."""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from auditor.errors import UsageError

_FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
_MOST = 100_000


class Shard(Struct, frozen=True):
    """Part `number` (from 1 on) of `total` parts of a store."""

    number: int = 1
    total: int = 1

    def holds(self, path: str) -> bool:
        """Return whether the file at `path`, relative to its store, belongs to this part.

        Its name alone decides, so that hosts which list a store at different times leave no
        file to one another: SHA-256 of the path, its first eight bytes modulo the parts.
        """
        if self.total == 1:
            return True
        begin = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()[:8]
        return int.from_bytes(begin, "big") % self.total == self.number - 1

    def __str__(self) -> str:
        """Return it as it is written, `2/8`."""
        return f"{self.number}/{self.total}"


WHOLE = Shard()


def shard(text: str) -> Shard:
    """Return the part that `i/n` names, the whole for ``; raises `UsageError` for none."""
    if not text:
        return WHOLE
    found = _FORM.fullmatch(text)
    if found is not None:
        number, total = int(found[1]), int(found[2])
        if 1 <= number <= total <= _MOST:
            return Shard(number, total)
    raise UsageError(
        f"'{text:.40}' is no part of a store", hint="Write 3/8 for the third of eight parts"
    )
