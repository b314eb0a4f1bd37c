"""Gathers what a store's layouts tell: facts by file, and anomalies, so many of a kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from auditor.collect._reading import Reading
from auditor.evidence.models import StoreAnomaly
from auditor.evidence.paths import recordable
from auditor.stores import Contents, Facts, File, Found, Judged, Leads, Odd, Told, merged

MAX_OF_A_KIND = 500
# What says that something is not there: not to be told of a store that was not seen whole.
_MISSING = frozenset(
    {"blob-missing", "blob-orphan", "external-missing", "index-mismatch", "reference-broken"}
)


class Anomalies:
    """The anomalies of one store, at most 500 of a kind; how many more there are is a gap."""

    def __init__(self, reading: Reading, store: str, *, complete: bool) -> None:
        """Gather for the folder `store`."""
        self._reading = reading
        self._store = recordable(store)
        self._complete = complete
        self._counts: Counter[str] = Counter()

    def record(self, found: Odd) -> Iterator[StoreAnomaly]:
        """Yield the record of an anomaly where it is to be told."""
        if not self._complete and found.anomaly in _MISSING:
            return  # the walk has told what it could not see
        self._counts[found.anomaly] += 1
        if self._counts[found.anomaly] > MAX_OF_A_KIND:
            return
        yield StoreAnomaly(
            origin=self._reading.origin(recordable(found.path)),
            store=self._store,
            path=recordable(found.path),
            anomaly=found.anomaly,
            detail=recordable(found.detail),
        )

    def close(self) -> None:
        """Note how many were left out."""
        for kind, count in sorted(self._counts.items()):
            if count > MAX_OF_A_KIND:
                detail = f"{count} times {kind}, of which the first {MAX_OF_A_KIND} are told"
                self._reading.miss(self._store, "limit", detail)


class Knowledge:
    """What is told of the files of one store, and by which names each is reached."""

    def __init__(self, contents: Contents, names: dict[str, tuple[str, ...]]) -> None:
        """Gather for `contents`; `names` are the other names of files (hard links)."""
        self._root = contents.root
        self._told: dict[str, list[Told]] = defaultdict(list)
        self._links: dict[str, list[str]] = defaultdict(list)
        self.judged: list[Judged] = []
        for path, others in names.items():
            self._links[path] += others
        for folder in contents.folders.values():
            for link in folder.links:
                if link.state == "inside":
                    self._links[link.end].append(link.path)

    def odds(self, found: Iterable[Found]) -> Iterator[Odd]:
        """Keep what is told, and yield what is odd."""
        for one in found:
            if isinstance(one, Odd):
                yield one
            elif isinstance(one, Told):
                self._told[one.path].append(one)
            elif isinstance(one, Leads):
                self._links[one.to].append(one.path)
            else:
                self.judged.append(one)

    def names(self, file: File) -> tuple[str, ...]:
        """Return the other paths that lead to a file, sorted."""
        return tuple(sorted(self._links.get(file.path, ())))

    def facts(self, file: File) -> Facts:
        """Return what is told of a file, of the nearest folder first.

        A blob is what its links are: their folders hold the configuration.
        """
        paths = (file.path, *self.names(file))
        facts = merged([told for path in paths for told in self._told.get(path, ())])
        waiting = dict.fromkeys(path.rpartition("/")[0] or "/" for path in paths)
        facts = facts.over(merged([t for path in waiting for t in self._told.get(path, ())]))
        while waiting:
            waiting = dict.fromkeys(
                path.rpartition("/")[0] or "/" for path in waiting if path not in (self._root, "/")
            )
            level = [t for path in waiting for t in self._told.get(path, ()) if t.below]
            facts = facts.over(merged(level)) if level else facts
        return facts
