"""Records of a bundle as a key of a cache: the same bundle is judged once for all who ask."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence import Record


class Kept:
    """Records, compared by identity: hashing a hundred thousand of them costs more than judging."""

    def __init__(self, records: tuple[Record, ...]) -> None:
        """Keep the tuple, so that its identity is nobody else's."""
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        """Iterate over the records."""
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        """Return whether it is the very same tuple."""
        return isinstance(other, Kept) and self._records is other._records

    def __hash__(self) -> int:
        """Return the identity of the tuple."""
        return id(self._records)
