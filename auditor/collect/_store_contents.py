"""Tells what lies in one store: its anomalies and its model files, digests first where asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from auditor.collect import Fact, Options
from auditor.collect._digests import digests_of
from auditor.collect._model_files import ModelFiles
from auditor.collect._reading import Reading
from auditor.collect._store_layouts import Anomalies, Knowledge
from auditor.collect._store_signatures import Signatures
from auditor.collect._store_view import StoreView
from auditor.collect._store_walk import Bounds, Walk
from auditor.evidence import Origin
from auditor.stores import File, Odd, look, named_by_digest
from auditor.stores.entries import is_program

_GIT = "git-sha1"


class StoreFacts:
    """What is to be told of one store. With `only`, of that one file in it."""

    def __init__(self, reading: Reading, walk: Walk, *, only: str = "") -> None:
        """Tell of a store that was walked; what cannot be read is a gap in `reading`."""
        self._reading = reading
        self._walk = walk
        self._only = only
        others = {name for names in walk.names.values() for name in names} if not only else set()
        self.files = [
            file
            for folder in walk.contents.below(walk.contents.root)
            for file in folder.files
            if (file.path == only if only else file.path not in others)
        ]

    def origin(self, source: str) -> Origin:
        """Return the origin of a fact read there."""
        return self._reading.origin(source)

    def leading_out(self) -> Iterator[tuple[str, str]]:
        """Yield each link that leads out of the store to what may be data, and where it ends."""
        if self._only:
            return
        for folder in self._walk.contents.folders.values():
            for link in folder.links:
                if link.state == "outside" and not is_program(link.end) and _holds_data(link.end):
                    yield link.path, link.end

    def of(self, models: ModelFiles, options: Options, bounds: Bounds) -> Iterator[Fact]:
        """Yield the anomalies and the model files."""
        contents = self._walk.contents
        root = self._only or contents.root
        signatures = Signatures(self._reading, contents, options, self._walk.names)
        hashed = self._digests(self.files[: bounds.opened], options, signatures)
        # Of a part alone (`--shard`) it is not known here which files are another's.
        whole = bool(options.digests) and not options.shard
        view = StoreView(self._reading, contents, hashed, hashed=whole, most=bounds.read)
        knowledge = Knowledge(contents, self._walk.names)
        anomalies = Anomalies(self._reading, root, complete=contents.complete)
        for found in chain(knowledge.odds(look(view)), signatures.odds()):
            if not self._only or found.path == self._only:
                yield from anomalies.record(found)
        for told in models.of(root, view, knowledge, self.files, bounds, signatures=signatures):
            if isinstance(told, Odd):
                yield from anomalies.record(told)
            else:
                yield told
        anomalies.close()

    def _digests(
        self, files: list[File], options: Options, signatures: Signatures
    ) -> dict[str, tuple[str, ...]]:
        """Return the digests that were asked for, git's own and those of signatures beside them.

        What a signature is about is hashed anew: a cache proves nothing.
        """
        if not options.digests:
            return {}
        by_git = (f.path for f in files if named_by_digest(f.path).startswith(_GIT))
        also = signatures.algorithms()
        for path in by_git:
            also[path] = (*also.get(path, ()), _GIT)
        root, host = self._walk.contents.root, self._reading.host
        if not options.digest_cache:
            return digests_of(host, files, options, self._reading, root=root, also=also)
        anew = msgspec.structs.replace(options, digest_cache="")
        signed = [file for file in files if signatures.covers(file.path)]
        others = [file for file in files if not signatures.covers(file.path)]
        return {
            **digests_of(host, signed, anew, self._reading, root=root, also=also),
            **digests_of(host, others, options, self._reading, root=root, also=also),
        }


def _holds_data(path: str) -> bool:
    """Return whether data may lie at a path: not among the kernel's files and settings."""
    return not path.startswith(("/etc/", "/proc/", "/sys/", "/dev/"))
