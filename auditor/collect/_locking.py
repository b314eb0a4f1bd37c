"""Walks stores for a lock: every file and link, nothing left out, and hashes what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext

from msgspec import Struct

from auditor.collect import unheard
from auditor.collect._digest_cache import DigestCache
from auditor.collect._hashing import VERITY, Hashing, Heard, Job
from auditor.collect._paths import resolve
from auditor.errors import AuditError
from auditor.evidence.paths import recordable
from auditor.host import Absent, Host, Stat, Unreadable
from auditor.models.differences import BATCH, Difference, Found, Hashed, differences
from auditor.models.lock import ITSELF, Entry, Store, store
from auditor.models.shards import Shard

MAX_ENTRIES = 2_000_000
MAX_DEPTH = 100
_NAMED = 5


class Locker:
    """Locks and checks stores on one host, with these digests, of this part of each store."""

    def __init__(
        self,
        host: Host,
        algorithms: tuple[str, ...],
        part: Shard,
        *,
        cache: str = "",
        heard: Heard = unheard,
    ) -> None:
        """Hash with `algorithms`; `cache` names a digest cache, which a check never has."""
        self._host = host
        self._algorithms = algorithms
        self._part = part
        self._cache = cache
        self._heard = heard

    def lock(self, path: str, root: str) -> Store:
        """Return the store at `path` as it is, called `root`.

        Raises `AuditError` where anything of it cannot be read, or is neither file, folder nor
        link: a lock that leaves something out would vouch for it.
        """
        try:
            tree = walk(self._host, path)
        except Absent as error:
            raise AuditError("there is no such store", where=recordable(path)) from error
        found = [one for one in tree.found.values() if self._is_mine(one)]
        _refuse(((one.path, _unlockable(one)) for one in found if _unlockable(one)), path)
        found.sort(key=lambda one: -one.size)
        entries: list[Entry] = []
        with self._hashing(tree) as hashing:
            for begin in range(0, len(found), BATCH):
                batch = found[begin : begin + BATCH]
                hashed = self._hashed(hashing, tree, batch)
                _refuse(((name, one.why) for name, one in hashed.items() if one.why), path)
                entries += [_entry(one, hashed.get(one.path, Hashed())) for one in batch]
        return store(root, entries)

    def check(self, path: str, locked: Store) -> tuple[Difference, ...]:
        """Return how the store at `path` differs from what was locked; see `differences`."""
        try:
            tree = walk(self._host, path)
        except Absent:
            tree = Tree(path, {})
        with self._hashing(tree) as hashing:

            def anew(wanted: Sequence[tuple[Found, Entry]]) -> Mapping[str, Hashed]:
                known = {
                    now.path: Hashed(digests=entry.digests)
                    for now, entry in wanted
                    if entry.verity and self._verity(tree.content(now)) == entry.verity
                }
                rest = [now for now, _ in wanted if now.path not in known]
                return known | self._hashed(hashing, tree, rest)

            return differences(locked, tree.found, self._part, anew)

    def _is_mine(self, one: Found) -> bool:
        # What cannot be looked into may hide files of every part.
        return one.kind == "unreadable" or self._part.holds(one.path)

    @contextmanager
    def _hashing(self, tree: Tree) -> Iterator[Hashing]:
        """Give what hashes all contents of a store that are in this part."""
        total = sum(one.size for one in tree.found.values() if self._is_mine(one))
        with closing(DigestCache(self._cache)) if self._cache else nullcontext() as cache:
            yield Hashing(self._host, cache=cache, heard=self._heard, total=total)

    def _verity(self, path: str) -> str:
        try:
            return self._host.verity_digest(path)
        except Unreadable:
            return ""  # then its bytes are read

    def _hashed(self, hashing: Hashing, tree: Tree, found: Sequence[Found]) -> dict[str, Hashed]:
        """Return the digests by path; several links to one content hash it once."""
        wanted = (*self._algorithms, VERITY) if self._host.live else self._algorithms
        contents = [one for one in found if one.has_content]
        sizes = {tree.content(one): one.size for one in contents}
        outcomes = hashing.of([Job(path, size, wanted) for path, size in sizes.items()])
        return {one.path: _told(outcomes[tree.content(one)]) for one in contents}


class Tree(Struct, frozen=True):
    """What lies in a store, by path relative to `root`, which is a path without links."""

    root: str
    found: dict[str, Found]

    def content(self, one: Found) -> str:
        """Return the path on the host of what is hashed of it."""
        return one.outside or _below(self.root, one.path)


def walk(host: Host, path: str) -> Tree:
    """Return all that lies below `path`, itself resolved.

    No link is followed on the way; other file systems mounted within are entered. Raises
    `Absent` where there is nothing at `path`. Everything else that cannot be seen is `Found`
    as unreadable.
    """
    try:
        root, status = resolve(host, path)
    except Unreadable as error:
        if error.reason == "absent":
            raise
        return Tree(path, {ITSELF: _unreadable(ITSELF, error)})
    if status.file_type != "directory":
        return Tree(root, {ITSELF: _found(host, root, ITSELF, status)})
    found: dict[str, Found] = {}
    waiting = [("", 0)]
    while waiting:
        folder, depth = waiting.pop()
        for one in _in_folder(host, root, folder, MAX_ENTRIES - len(found)):
            if one.kind != "directory":
                found[one.path] = one
            elif depth == MAX_DEPTH:
                limit = Unreadable(one.path, "limit", f"folders lie more than {MAX_DEPTH} deep")
                found[one.path] = _unreadable(one.path, limit)
            else:
                waiting.append((one.path, depth + 1))
    return Tree(root, found)


def _below(root: str, path: str) -> str:
    """Return a path of the store as the host knows it."""
    return root if path in ("", ITSELF) else f"{root.rstrip('/')}/{path}"


def _in_folder(host: Host, root: str, folder: str, left: int) -> Iterator[Found]:
    """Yield what lies in a folder of the store, folders among it."""
    here = _below(root, folder)
    try:
        names = host.list(here, limit=max(left, 0))
    except Unreadable as error:
        yield _unreadable(folder or ITSELF, error)
        return
    for name in names:
        path = f"{folder}/{name}" if folder else name
        try:
            yield _found(host, root, path, host.stat(_below(root, path)))
        except Absent:
            continue  # removed while we looked
        except Unreadable as error:
            yield _unreadable(path, error)


def _found(host: Host, root: str, path: str, status: Stat) -> Found:
    here = _below(root, path)
    if status.file_type == "file":
        return Found(path=path, kind="file", size=status.size)
    if status.file_type != "symlink":
        return Found(path=path, kind=status.file_type)
    target = host.readlink(here)
    try:
        real, there = resolve(host, here)
    except Absent:
        return Found(path=path, kind="symlink", target=target)
    inside = _inside(real, root)
    if inside:
        return Found(path=path, kind="symlink", target=target, leads_to=inside)
    if there.file_type != "file":
        detail = f"a link out of the store, to the {there.file_type} {recordable(real)}"
        raise Unreadable(here, "unsupported", detail)
    return Found(path=path, kind="symlink", target=target, size=there.size, outside=real)


def _inside(real: str, root: str) -> str:
    """Return a path relative to the store, `` where it lies outside of it."""
    if real == root:
        return ITSELF
    below = root.rstrip("/") + "/"
    return real.removeprefix(below) if real.startswith(below) else ""


def _unreadable(path: str, error: Unreadable) -> Found:
    return Found(path=path, kind="unreadable", why=error.detail)


def _unlockable(one: Found) -> str:
    """Return why a lock cannot hold this, or ``."""
    if one.kind == "unreadable":
        return one.why
    return "" if one.kind in ("file", "symlink") else f"it is a {one.kind}"


def _refuse(problems: Iterator[tuple[str, str]], path: str) -> None:
    """Raise `AuditError` where there is a problem, naming the first few."""
    found = list(problems)
    if not found:
        return
    named = "; ".join(f"{recordable(name)}: {why}" for name, why in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    raise AuditError(
        f"the store cannot be locked, for not all of it can be read: {named}{more}",
        where=recordable(path),
        hint="Lock as a user who may read it, or a folder that holds what links lead to",
    )


def _told(outcome: tuple[str, ...] | Unreadable) -> Hashed:
    if isinstance(outcome, Unreadable):
        return Hashed(why=outcome.detail)
    kernels = f"{VERITY}-"
    return Hashed(
        digests=tuple(digest for digest in outcome if not digest.startswith(kernels)),
        verity="".join(d.removeprefix(kernels) for d in outcome if d.startswith(kernels)),
    )


def _entry(one: Found, hashed: Hashed) -> Entry:
    return Entry(
        path=one.path,
        file_type="symlink" if one.kind == "symlink" else "file",
        size=one.size,
        digests=hashed.digests,
        verity=hashed.verity if one.kind == "file" else "",
        target=one.target,
        leads_to=one.leads_to,
    )
