"""Gathers what is signed of a model, and compares a model with what was signed of it."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterator

from msgspec import Struct

from auditor.collect import unheard
from auditor.collect._hashing import Hashing, Heard, Job, Outcome
from auditor.collect._hashing_parts import Part, hash_parts
from auditor.collect._locking import walk
from auditor.errors import AuditError
from auditor.evidence.paths import recordable
from auditor.host import Absent, Host, Unreadable
from auditor.models.differences import Change, Difference, Found
from auditor.models.lock import ITSELF
from auditor.models.signed_manifest import ALWAYS_IGNORED, Manifest, Resource, is_plain, shards_of

_NAMED = 5
_SNAPSHOTS = "snapshots"


class Compared(Struct, frozen=True, kw_only=True):
    """How a model differs from what was signed; `left_out` is there, and signed by nobody."""

    differences: tuple[Difference, ...]
    left_out: tuple[str, ...]
    files: int


class _Odd(Struct, frozen=True):
    """What cannot be signed, and why; `unreadable` where it cannot be seen."""

    path: str
    change: Change
    why: str


class SignedModel:
    """A model's files on a host, as a manifest of this kind counts them.

    The signature file itself (`signature`, a path without links) is never one of them.
    """

    def __init__(
        self, host: Host, path: str, how: Manifest, *, signature: str = "", heard: Heard = unheard
    ) -> None:
        """Look at the model; raises `AuditError` where there is none."""
        try:
            tree = walk(host, path)
        except Absent as error:
            raise AuditError("there is no such model", where=recordable(path)) from error
        self._host = host
        self._how = how
        self._heard = heard
        self._tree = tree
        self._where = path
        self._signature = signature
        self._odd: dict[str, _Odd] = {}
        self._contents: dict[str, tuple[str, int]] = {}
        for found in tree.found.values():
            if not self._is_left_out(found):
                self._take(found)

    def manifest(self) -> Manifest:
        """Return the manifest of all files; raises `AuditError` where one cannot be signed."""
        problems = [
            *(f"{recordable(odd.path)}: {odd.why}" for odd in self._odd.values()),
            *(f"{recordable(name)}: its name is no UTF-8" for name in self._contents
              if not _is_utf8(name)),
        ]  # fmt: skip
        if self._how.size:
            self._contents = {n: at for n, at in self._contents.items() if at[1]}
        if problems:
            raise self._refusal(problems)
        if not self._contents:
            raise AuditError("there is nothing in it to be signed", where=recordable(self._where))
        outcomes = self._hashed(self._parts(self._contents))
        refused = [
            f"{recordable(part.name)}: {outcome.detail}"
            for part, outcome in outcomes.items()
            if isinstance(outcome, Unreadable)
        ]
        if refused:
            raise self._refusal(refused)
        return Manifest(
            model=self._how.model,
            hash_type=self._how.hash_type,
            resources=tuple(
                sorted(
                    Resource(part.name, part.begin, part.end, _hex(outcome))
                    for part, outcome in outcomes.items()
                    if not isinstance(outcome, Unreadable)
                )
            ),
            size=self._how.size,
            allow_symlinks=self._how.allow_symlinks,
            ignored=self._how.ignored,
        )

    def compared(self, *, ignore_unsigned: bool = False) -> Compared:
        """Return how the files differ from the manifest. Every byte is read, from no cache.

        With `ignore_unsigned` what the signature does not name is left out.
        """
        signed = self._signed_names()
        told = list(self._odds(signed, ignore_unsigned=ignore_unsigned))
        there = {name: self._contents[name] for name in signed if name in self._contents}
        told += [
            self._difference(name, "removed", "it was signed, and is not there")
            for name in signed
            if name not in there and name not in self._odd and not self._is_hidden(name)
        ]
        left_out = self._left_out()
        if ignore_unsigned:
            left_out += [
                odd.path
                for odd in self._odd.values()
                if odd.path not in signed and odd.change != "unreadable"
            ]
        for name, (_, size) in self._contents.items():
            if name in signed:
                continue
            if self._how.size and not size:
                left_out.append(f"{name} (empty)")  # of no byte there is no shard to be signed
            elif ignore_unsigned:
                left_out.append(name)
            else:
                told.append(self._difference(name, "added", "a file that is not signed"))
        told += self._changed(signed, there)
        return Compared(
            differences=tuple(sorted(told, key=lambda one: (one.path, one.change))),
            left_out=tuple(sorted(left_out)),
            files=len(signed),
        )

    def _signed_names(self) -> dict[str, dict[tuple[int, int], str]]:
        """Return digests by part, by file; a model that is a file may be called by its name."""
        signed: dict[str, dict[tuple[int, int], str]] = {}
        for one in self._how.resources:
            signed.setdefault(one.name, {})[one.begin, one.end] = one.digest
        if ITSELF in self._tree.found and len(signed) == 1:
            return {ITSELF: next(iter(signed.values()))}
        return signed

    def _odds(self, signed: Container[str], *, ignore_unsigned: bool) -> Iterator[Difference]:
        for odd in self._odd.values():
            if odd.path in signed or odd.change == "unreadable":
                yield self._difference(odd.path, odd.change, odd.why)
            elif not ignore_unsigned:
                yield self._difference(odd.path, "added", odd.why)

    def _changed(
        self,
        signed: dict[str, dict[tuple[int, int], str]],
        there: dict[str, tuple[str, int]],
    ) -> Iterator[Difference]:
        """Yield the files of other bytes than were signed, those of another size unread."""
        same = {}
        for name, at in there.items():
            if {(p.begin, p.end) for p in self._parts({name: at})} == set(signed[name]):
                same[name] = at
            else:
                yield self._difference(name, "changed", f"another size was signed than {at[1]}")
        done: set[str] = set()
        for part, outcome in self._hashed(self._parts(same)).items():
            expected = signed[part.name][part.begin, part.end]
            if isinstance(outcome, Unreadable):
                yield self._difference(part.name, "unreadable", outcome.detail)
            elif _hex(outcome) != expected and part.name not in done:
                done.add(part.name)
                detail = f"{self._how.hash_type} {expected} was signed, {_hex(outcome)} is there"
                yield self._difference(part.name, "changed", detail)

    def _parts(self, contents: dict[str, tuple[str, int]]) -> list[Part]:
        if not self._how.size:
            return [Part(name, path, size, -1, -1) for name, (path, size) in contents.items()]
        return [
            Part(name, path, end - begin, begin, end)
            for name, (path, size) in contents.items()
            for begin, end in shards_of(size, self._how.size)
        ]

    def _hashed(self, parts: list[Part]) -> dict[Part, Outcome]:
        """Return the digests of parts; a content that several names lead to is read once."""
        algorithms = (self._how.hash_type,)
        if self._how.size:
            return hash_parts(self._host, parts, algorithms, self._heard)
        sizes = {part.path: part.size for part in parts}
        jobs = [Job(path, size, algorithms) for path, size in sizes.items()]
        outcomes = Hashing(self._host, heard=self._heard).of(jobs)
        return {part: outcomes[part.path] for part in parts}

    def _take(self, one: Found) -> None:
        """Note a file, or why it is none that can be signed."""
        if one.kind == "unreadable":
            # A link that leads where nothing can be signed is seen all the same.
            self._note(one, "retyped" if self._is_link(one) else "unreadable", one.why)
        elif one.kind == "file":
            self._contents[one.path] = (self._tree.content(one), one.size)
        elif one.kind != "symlink":
            self._note(one, "retyped", f"a {one.kind}, which is no file")
        elif not self._how.allow_symlinks:
            self._note(one, "retyped", f"a link to {recordable(one.target)}: links are not signed")
        else:
            self._follow(one)

    def _follow(self, link: Found) -> None:
        target = self._tree.found.get(link.leads_to) if link.leads_to else None
        shown = recordable(link.target)
        if target is not None and target.kind == "file":
            self._contents[link.path] = (self._tree.content(target), target.size)
        elif link.leads_to:
            self._note(link, "retyped", f"a link to the folder {shown}: nothing there is signed")
        elif not link.outside:
            self._note(link, "retyped", f"a link to {shown}, where nothing is")
        elif not _is_within(link.outside, self._repository()):
            self._note(link, "retyped", f"a link out of the model's repository, to {shown}")
        else:
            self._contents[link.path] = (link.outside, link.size)

    def _is_link(self, one: Found) -> bool:
        try:
            status = self._host.stat(posixpath.join(self._tree.root, one.path))
        except Unreadable:
            return False
        return status.file_type == "symlink"

    def _repository(self) -> str:
        """Return the folder that links may lead into: of a hub's snapshot all of its repository."""
        above, _, _ = self._tree.root.rpartition("/")
        repository, _, name = above.rpartition("/")
        return repository if name == _SNAPSHOTS and repository else self._tree.root

    def _note(self, one: Found, change: Change, why: str) -> None:
        self._odd[one.path] = _Odd(one.path, change, why)

    def _is_left_out(self, one: Found) -> bool:
        if one.path == ITSELF:
            return False
        own = posixpath.join(self._tree.root, one.path)
        return self._how.ignores(one.path) or own == self._signature

    def _left_out(self) -> list[str]:
        """Return what lies there and was left out as the signature says, its own file aside."""
        there = set()
        for path in (*self._how.ignored, *ALWAYS_IGNORED):
            at = posixpath.join(self._tree.root, path)
            if at != self._signature and any(
                name == path or name.startswith(f"{path}/") for name in self._tree.found
            ):
                there.add(path)
        return sorted(there - self._how.names)

    def _is_hidden(self, name: str) -> bool:
        """Return whether a name lies below what could not be looked into."""
        above = name
        while above not in ("", ITSELF):
            above = above.rpartition("/")[0] or ITSELF
            if above in self._odd and self._odd[above].change == "unreadable":
                return True
        return False

    def _difference(self, path: str, change: Change, detail: str) -> Difference:
        return Difference(store=self._where, path=path, change=change, detail=detail)

    def _refusal(self, problems: list[str]) -> AuditError:
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        return AuditError(
            f"the model cannot be signed: {'; '.join(problems[:_NAMED])}{more}",
            where=recordable(self._where),
            hint="Leave it out with --ignore, or sign what links lead to with --allow-symlinks",
        )


def relative_to(path: str, root: str) -> str:
    """Return a path below the folder `root`, `` where it lies elsewhere."""
    below = path.removeprefix(root.rstrip("/") + "/")
    return below if below != path and is_plain(below) else ""


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _hex(outcome: Outcome) -> str:
    return outcome[0].partition(":")[2] if isinstance(outcome, tuple) else ""
