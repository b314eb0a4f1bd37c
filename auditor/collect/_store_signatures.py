"""Says of each file of a store what the signatures of models in it are worth."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.collect import Options
from auditor.collect._reading import Reading
from auditor.collect._signed_model import relative_to
from auditor.collect._store_seals import Seal, seals
from auditor.evidence.models import ModelFile, ModelSignature, SignatureState
from auditor.evidence.paths import recordable
from auditor.host import Unreadable
from auditor.models.signed_manifest import ITSELF, Manifest
from auditor.stores import Contents, Odd, joined, odd

_TOLD = 5
# Of several signatures the one that proves most counts; a false one is never hidden by less.
_RANK: dict[SignatureState, int] = {
    "none": 0, "untrusted": 1, "not-checked": 2, "unreadable": 3, "invalid": 4, "valid": 5,
}  # fmt: skip


class Signatures:
    """The model signatures of one store, 64 MiB at most. What of them cannot be read is a gap."""

    def __init__(
        self,
        reading: Reading,
        contents: Contents,
        options: Options,
        names: dict[str, tuple[str, ...]],
    ) -> None:
        """Read the signatures among `contents`; those by the site's signers of models count.

        `names` are the other names of files (hard links): signed under one, signed under all.
        """
        self._reading = reading
        self._contents = contents
        self._first = {other: first for first, others in names.items() for other in others}
        self._hashed = bool(options.digests)
        self._seals = list(seals(reading, contents, options.site))
        # By file: each seal with the name under which it signs the file.
        self._signed: dict[str, list[tuple[Seal, str]]] = {}
        self._by_root: dict[str, list[Seal]] = {}
        self._own = {seal.file.path for seal in self._seals}
        self._false = {one.base.source for one in self._seals if one.base.state == "invalid"}
        unread: set[str] = set()
        for seal in self._seals:
            if seal.manifest is None:
                if seal.root in unread:
                    continue  # one that says of all in a folder that nobody knows is enough
                unread.add(seal.root)
            elif seal.base.state == "valid":
                self._by_root.setdefault(seal.root, []).append(seal)
            for name, path in self._reached(seal):
                self._signed.setdefault(self._one(path), []).append((seal, name))

    def _one(self, path: str) -> str:
        """Return the first name of a file."""
        return self._first.get(path, path)

    def covers(self, path: str) -> bool:
        """Return whether a file is signed: then its digest may come from no cache."""
        return self._one(path) in self._signed

    def algorithms(self) -> dict[str, tuple[str, ...]]:
        """Return by path the digests that it takes to check files."""
        wanted: dict[str, tuple[str, ...]] = {}
        for path, found in self._signed.items():
            kinds = {s.manifest.hash_type for s, _ in found if s.manifest and not s.manifest.size}
            if kinds:
                wanted[path] = tuple(sorted(kinds))
        others = {other: wanted[one] for other, one in self._first.items() if one in wanted}
        return wanted | others

    def odds(self) -> Iterator[Odd]:
        """Yield each signature that is false, or whose files are not all there."""
        for seal in self._seals:
            if seal.base.state == "invalid":
                detail = "the signature itself is false: what it names was never signed so"
                yield odd(seal.file.path, "signature-mismatch", detail)
            if seal.manifest is None or seal.base.state not in ("valid", "untrusted"):
                continue
            there = {name for name, _ in self._reached(seal)}
            missing = sorted(seal.signed.keys() - there)
            if missing:
                named = ", ".join(missing[:_TOLD])
                detail = f"signed, but not there: {named} ({len(missing)} in all)"
                yield odd(seal.file.path, "index-mismatch", detail)

    def unlike(self, paths: tuple[str, ...], digests: tuple[str, ...]) -> Iterator[Odd]:
        """Yield that a file which is no model itself is not as it was signed, or was not.

        Its first path is its own. A configuration may name code to be run: it counts as weights do.
        """
        if not self._seals or any(path in self._own for path in paths):
            return
        best = _best(self._states(paths, digests))
        # A signature that is false itself is told once, not by each file that it names.
        if best is not None and best.state == "invalid" and best.source not in self._false:
            detail = f"it is not what {best.signer} signed ({best.source})"
            yield odd(paths[0], "signature-mismatch", detail)

    def on(self, told: ModelFile, paths: tuple[str, ...]) -> ModelFile:
        """Return the record with what signatures say of the file, whose first path is its own."""
        best = _best(self._states(paths, told.digests))
        return msgspec.structs.replace(told, signature=best) if best is not None else told

    def _states(self, paths: tuple[str, ...], digests: tuple[str, ...]) -> list[ModelSignature]:
        """Return what every signature is worth for a file, whose first path is its own."""
        found = self._signed.get(self._one(paths[0]), ())
        states = [self._state(seal, name, paths[0], digests) for seal, name in found]
        # A signature by anybody else excuses no file that was put into a signed model.
        known = any(seal.base.state == "valid" for seal, _ in found)
        return states if known else states + self._added(paths)

    def _state(self, seal: Seal, name: str, path: str, digests: tuple[str, ...]) -> ModelSignature:
        """Return what one signature is worth for one file that it names."""
        manifest = seal.manifest
        if manifest is None or seal.base.state not in ("valid", "untrusted"):
            return seal.base
        if not manifest.allow_symlinks and self._is_link(_at(seal, name)):
            return _worth(seal, "invalid")
        if not self._hashed:
            return _worth(seal, "not-checked")
        signed = seal.signed[name]
        now = self._parts(path, manifest, signed) if manifest.size else _whole(manifest, digests)
        if now is None:
            return _worth(seal, "not-checked")
        return seal.base if now == signed else _worth(seal, "invalid")

    def _parts(
        self, path: str, manifest: Manifest, signed: dict[tuple[int, int], str]
    ) -> dict[tuple[int, int], str] | None:
        """Return the digests of a file's parts, read anew; `None` where they cannot be had."""
        file = self._contents.file(path)
        if file is None or max(end for _, end in signed) != file.size:
            return {}
        now = {}
        try:
            for span in signed:
                (digest,) = self._reading.host.digest(path, (manifest.hash_type,), span=span)
                now[span] = digest.partition(":")[2]
        except Unreadable as error:
            self._reading.miss(recordable(path), error.reason, error.detail)
            return None
        return now

    def _added(self, paths: tuple[str, ...]) -> list[ModelSignature]:
        """Return that a file lies in a signed model, and was not signed with it."""
        return [
            _worth(seal, "invalid")
            for path in paths
            for folder in _above(path)
            for seal in self._by_root.get(folder, ())
            if seal.manifest is not None and not seal.manifest.ignores(relative_to(path, folder))
        ]

    def _is_link(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        found = self._contents.folder(folder or "/")
        return found is not None and found.link(name) is not None

    def _reached(self, seal: Seal) -> Iterator[tuple[str, str]]:
        """Yield the signed names that are there, each with the path of the file that it ends at.

        What an unreadable signature is about nobody knows: all that lies in its folder.
        """
        if seal.manifest is None:
            for folder in self._contents.below(seal.root):
                for name in folder.names():
                    file = self._contents.at(joined(folder.path, name))
                    if file is not None:
                        yield name, file.path
            return
        for name in seal.signed:
            file = self._contents.at(_at(seal, name))
            if file is not None:
                yield name, file.path


def _best(states: list[ModelSignature]) -> ModelSignature | None:
    return max(states, key=lambda one: (_RANK[one.state], one.signer), default=None)


def _at(seal: Seal, name: str) -> str:
    return seal.root if name == ITSELF else joined(seal.root, name)


def _above(path: str) -> Iterator[str]:
    """Yield every folder that a path lies in, the nearest first."""
    while path not in ("", "/"):
        path = path.rpartition("/")[0] or "/"
        yield path


def _worth(seal: Seal, state: SignatureState) -> ModelSignature:
    return msgspec.structs.replace(seal.base, state=state)


def _whole(manifest: Manifest, digests: tuple[str, ...]) -> dict[tuple[int, int], str] | None:
    """Return the digest of a whole file, `None` where it was not computed."""
    prefix = f"{manifest.hash_type}:"
    mine = [one.removeprefix(prefix) for one in digests if one.startswith(prefix)]
    return {(-1, -1): mine[0]} if mine else None
