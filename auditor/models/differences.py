"""Compares a store as it is found with a store as it was locked: every difference, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from auditor.models.lock import ITSELF, Entry, Store
from auditor.models.shards import Shard

# Files hashed at a time: the largest come first, and of so many the digests are held at once.
BATCH = 10_000

Change = Literal["added", "removed", "changed", "retargeted", "retyped", "unreadable"]


class Found(Struct, frozen=True, kw_only=True, gc=False):
    """What lies at a path of a store, before it is hashed. `path` is relative to the store.

    `kind` is `file`, `symlink`, another file type in its own word, or `unreadable`, which `why`
    then explains; of a folder that cannot be listed it covers all that is below. `target` and
    `leads_to` are a link's, as in `Entry`; `outside` is the path on the host of a file out of
    the store that it leads to.
    """

    path: str
    kind: str
    size: int = 0
    target: str = ""
    leads_to: str = ""
    outside: str = ""
    why: str = ""

    @property
    def has_content(self) -> bool:
        """Whether there are bytes to be hashed: not of a link within the store, or to nowhere."""
        return self.kind == "file" or bool(self.outside)


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it was locked: `path` below the store `store`, and in words how.

    `unreadable` alone says that it is not known whether it differs.
    """

    store: str
    path: str
    change: Change
    detail: str


class Hashed(Struct, frozen=True, kw_only=True):
    """The digests of one content, the kernel's in `verity`; or in `why` the reason for none."""

    digests: tuple[str, ...] = ()
    verity: str = ""
    why: str = ""


# Returns the digests of what was found, by path. A content that the kernel holds to the digest of
# the lock (`Entry.verity`) has those of its entry without being read.
Hash = Callable[[Sequence[tuple[Found, Entry]]], Mapping[str, Hashed]]


def differences(
    locked: Store, found: Mapping[str, Found], part: Shard, hashed: Hash
) -> tuple[Difference, ...]:
    """Return how a store differs from its lock, of the entries that belong to `part`, by path.

    Contents are hashed only where all else is as it was.
    """
    told = [_difference(locked, one.path, "unreadable", one.why) for one in _blind(found)]
    told += _added(locked, found, part)
    same: list[tuple[Found, Entry]] = []
    for entry in locked.entries:
        now = found.get(entry.path)
        if not part.holds(entry.path) or (now is None and _is_hidden(entry.path, found)):
            continue
        difference = _of_entry(locked, entry, now)
        if difference is not None:
            told.append(difference)
        elif now is not None and now.has_content:
            same.append((now, entry))
    told += _of_contents(locked, same, hashed)
    return tuple(sorted(told, key=lambda one: one.path))


def _blind(found: Mapping[str, Found]) -> Iterator[Found]:
    return (one for one in found.values() if one.kind == "unreadable")


def _added(locked: Store, found: Mapping[str, Found], part: Shard) -> Iterator[Difference]:
    known = {entry.path for entry in locked.entries}
    for path, now in found.items():
        if path not in known and now.kind != "unreadable" and part.holds(path):
            yield _difference(locked, path, "added", f"a {now.kind} that is not in the lock")


def _is_hidden(path: str, found: Mapping[str, Found]) -> bool:
    """Return whether a path lies below what could not be looked into."""
    above = path
    while above != ITSELF:
        above = above.rpartition("/")[0] or ITSELF
        if above in found and found[above].kind == "unreadable":
            return True
    return False


def _of_entry(locked: Store, entry: Entry, now: Found | None) -> Difference | None:
    """Return how an entry differs, its content aside."""
    if now is None:
        return _difference(locked, entry.path, "removed", f"the {entry.file_type} is gone")
    if now.kind == "unreadable":
        return None  # told already
    if now.kind != entry.file_type:
        detail = f"a {entry.file_type} was locked, a {now.kind} is there"
        return _difference(locked, entry.path, "retyped", detail)
    before, after = _aim(entry, bool(entry.digests)), _aim(now, now.has_content)
    if before != after:
        detail = f"it led to {before}, and leads to {after}"
        return _difference(locked, entry.path, "retargeted", detail)
    if now.size != entry.size:
        detail = f"{entry.size} bytes were locked, {now.size} are there"
        return _difference(locked, entry.path, "changed", detail)
    return None


def _of_contents(
    locked: Store, same: list[tuple[Found, Entry]], hashed: Hash
) -> Iterator[Difference]:
    same.sort(key=lambda both: -both[1].size)
    for begin in range(0, len(same), BATCH):
        batch = same[begin : begin + BATCH]
        contents = hashed(batch)
        for now, entry in batch:
            outcome = contents.get(now.path) or Hashed(why="it was not hashed")
            if outcome.why:
                yield _difference(locked, now.path, "unreadable", outcome.why)
            elif outcome.digests != entry.digests:
                detail = f"{_listed(entry.digests)} was locked, {_listed(outcome.digests)} is there"
                yield _difference(locked, now.path, "changed", detail)


def _difference(locked: Store, path: str, change: Change, detail: str) -> Difference:
    return Difference(store=locked.root, path=path, change=change, detail=detail)


def _aim(link: Entry | Found, is_file: bool) -> str:
    """Return where a link leads by its words, and what it is that it leads to; `` of a file."""
    if not link.target:
        return ""
    outside = "a file outside of the store" if is_file else "nothing"
    return f"{link.target} ({link.leads_to or outside})"


def _listed(digests: tuple[str, ...]) -> str:
    return ", ".join(digests) or "nothing"
