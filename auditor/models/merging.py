"""Joins the locks of the parts of stores, made by many hosts, into one of the whole."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from auditor.errors import AuditError
from auditor.models.lock import Entry, Lock, Store, store
from auditor.models.shards import WHOLE

_NAMED = 5


def merge(locks: Sequence[Lock]) -> Lock:
    """Return the lock of all parts; its time is that of the last one.

    Raises `AuditError` where a part is missing, two differ in what they lock (stores,
    algorithms, number of parts), or two of the same part do not hold the same.
    """
    if not locks:
        raise AuditError("there is nothing to merge")
    first = locks[0]
    for other in locks[1:]:
        _refuse_other_kinds(first, other)
    _refuse_missing(locks)
    return msgspec.structs.replace(
        first,
        made_at=max(lock.made_at for lock in locks),
        shard=str(WHOLE),
        stores=tuple(_joined(number, locks) for number in range(len(first.stores))),
    )


def _refuse_other_kinds(first: Lock, other: Lock) -> None:
    if other.algorithms != first.algorithms:
        raise AuditError("the locks hold digests of different algorithms, or in another order")
    if other.part.total != first.part.total:
        raise AuditError("the locks are parts of different numbers of parts")
    if [one.root for one in other.stores] != [one.root for one in first.stores]:
        raise AuditError("the locks are of different stores")


def _refuse_missing(locks: Sequence[Lock]) -> None:
    total = locks[0].part.total
    there = {lock.part.number for lock in locks}
    missing = total - len(there)
    if missing:
        # At most as many numbers are passed as there are locks, and a few more.
        named = [n for n in range(1, min(total, len(there) + _NAMED) + 1) if n not in there]
        parts = ", ".join(f"{number}/{total}" for number in named[:_NAMED])
        raise AuditError(f"{missing} of {total} parts are missing: {parts}")


def _joined(number: int, locks: Sequence[Lock]) -> Store:
    parts: dict[int, Store] = {}
    entries: list[Entry] = []
    for lock in locks:
        one = lock.stores[number]
        known = parts.setdefault(lock.part.number, one)
        if known is one:
            entries += one.entries
        elif known != one:
            raise AuditError(
                f"two locks of part {lock.shard} do not hold the same", where=one.root,
                hint="The store changed between them: lock that part again",
            )  # fmt: skip
    return store(locks[0].stores[number].root, entries)
