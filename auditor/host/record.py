"""Remembers every answer of a host, so that any run over it can be replayed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from auditor.errors import OutputError
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host import DEFAULT_ENTRIES, DEFAULT_LIMIT, Host, Stat, Unreadable, untold
from auditor.host import _recording as recording
from auditor.host._kept import Kept
from auditor.host._key_form import KeyForm
from auditor.host._recording import Entry, Recording, digest_key
from auditor.host._withheld import without_secrets
from auditor.probe.words import Answer, Target
from auditor.redaction import redact_text

_Value = TypeVar("_Value")
_LONGEST = 200  # bytes of a name; file systems end at 255


class RecordingHost:
    """A `Host` that asks another one, and asks it each question once.

    A question asked again is answered from memory: a process that has gone on meanwhile would
    otherwise give two answers, of which a recording can hold only one. Secrets are taken out
    of files as they are read (`_withheld`): password hashes, credentials, tokens.
    """

    def __init__(self, host: Host) -> None:
        """Wrap `host`."""
        self._host = host
        self._entries: dict[str, Entry] = {}
        self._bodies: dict[str, bytes] = {}
        self._answers: dict[tuple[str, str, int, bool], object] = {}
        self._tables: Kept[tuple[str, ...]] = Kept()
        self._headers: Kept[LuksFacts] = Kept()
        self._loops: Kept[tuple[str, int]] = Kept()
        self._forms: Kept[KeyForm] = Kept()
        self._policies: Kept[str] = Kept()
        self._inspections: Kept[Inspection | None] = Kept()
        self._digests: Kept[str] = Kept()
        self._verity: Kept[str] = Kept()
        self._clock: bool | None = None
        self._listeners: dict[Target, Answer] = {}

    @property
    def name(self) -> str:
        """The host name of the wrapped host."""
        return self._host.name

    @property
    def live(self) -> bool:
        """Whether the wrapped host is live."""
        return self._host.live

    @property
    def uid(self) -> int | None:
        """The user id that the wrapped host reads with."""
        return self._host.uid

    @property
    def privileged(self) -> bool:
        """Whether the wrapped host reads as root."""
        return self._host.privileged

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        """Return a regular file's bytes; see `Host.read`."""
        known = self._bodies.get(path)
        if known is not None and not self._entry(path).truncated and len(known) <= limit:
            return known
        body = self._once(
            ("read", path, limit, head),
            lambda: without_secrets(path, self._host.read(path, limit=limit, head=head), limit),
            self._entry(path).error,
        )
        if known is None or len(body) >= len(known):
            self._bodies[path] = body
            # Exactly `limit` bytes may be all that there is: said to be cut, it is never
            # mistaken for the whole.
            self._entry(path).truncated = head and len(body) == limit
        return body

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a directory; see `Host.list`."""
        entry = self._entry(path)
        names = self._once(
            ("list", path, limit, False),
            lambda: self._host.list(path, limit=limit),
            entry.error,
        )
        entry.names = names
        return names

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) tells; see `Host.stat`."""
        entry = self._entry(path)
        stat = self._once(("stat", path, 0, False), lambda: self._host.stat(path), entry.error)
        entry.file_type = stat.file_type
        entry.mode, entry.uid, entry.gid = stat.mode, stat.uid, stat.gid
        entry.size, entry.mtime_ns, entry.inode = stat.size, stat.mtime_ns, stat.inode
        entry.device, entry.special = stat.device, stat.special
        return stat

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target as written; see `Host.readlink`."""
        entry = self._entry(path)
        link = self._once(
            ("readlink", path, 0, False), lambda: self._host.readlink(path), entry.error
        )
        entry.link = link
        return link

    def mapper_table(self, name: str) -> tuple[str, ...]:
        """Return a device-mapper table without its keys; see `Host.mapper_table`."""
        return self._tables.ask(name, lambda: self._host.mapper_table(name))

    def luks_header(self, device: str) -> LuksFacts:
        """Return what a LUKS header tells, keys left out; see `Host.luks_header`."""
        return self._headers.ask(device, lambda: self._host.luks_header(device))

    def loop_backing(self, device: str) -> tuple[str, int]:
        """Return device and inode of a loop device's file; see `Host.loop_backing`."""
        return self._loops.ask(device, lambda: self._host.loop_backing(device))

    def key_form(self, path: str) -> KeyForm:
        """Return what a key file is by its first line; see `Host.key_form`."""
        return self._forms.ask(path, lambda: self._host.key_form(path))

    def encryption_policy(self, path: str) -> str:
        """Return the fscrypt policy of a directory; see `Host.encryption_policy`."""
        return self._policies.ask(path, lambda: self._host.encryption_policy(path))

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a model file is; see `Host.inspect_model`."""
        return self._inspections.ask(path, lambda: self._host.inspect_model(path))

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None = None,
        told: Callable[[int], None] = untold,
    ) -> tuple[str, ...]:
        """Return a regular file's digests, each computed once; see `Host.digest`."""
        return self._digests.ask_several(
            tuple(digest_key(path, algorithm, span) for algorithm in algorithms),
            lambda places: self._host.digest(
                path, tuple(algorithms[place] for place in places), span=span, told=told
            ),
        )

    def verity_digest(self, path: str) -> str:
        """Return the digest that the kernel holds a file to; see `Host.verity_digest`."""
        return self._verity.ask(path, lambda: self._host.verity_digest(path))

    def ask_listeners(self, targets: tuple[Target, ...]) -> tuple[Answer, ...]:
        """Return what listeners answer, each asked once; see `Host.ask_listeners`."""
        unasked = tuple(target for target in targets if target not in self._listeners)
        for answer in self._host.ask_listeners(unasked) if unasked else ():
            self._listeners[answer.target] = _without_secrets(answer)
        return tuple(self._listeners[target] for target in targets)

    def clock_synchronized(self) -> bool:
        """Return whether the clock is synchronised; see `Host.clock_synchronized`."""
        self._clock = self._once(("clock", "", 0, False), self._host.clock_synchronized, {})
        return self._clock

    def save(self, folder: Path, *, at: str) -> None:
        """Write what was asked and answered into a new or empty `folder`.

        `at` is the time of the recording (RFC 3339). The same answers give the same bytes.
        Raises `OutputError` where the folder cannot be written or holds something.
        """
        inline, filed = self._split()
        document = Recording(
            schema=recording.SCHEMA,
            name=self.name,
            uid=self.uid,
            recorded_at=at,
            entries={path: self._finished(path, inline) for path in sorted(self._entries)},
            mapper_tables=self._tables.answers,
            mapper_errors=self._tables.errors,
            luks_headers=self._headers.answers,
            luks_errors=self._headers.errors,
            loop_backings=self._loops.answers,
            loop_errors=self._loops.errors,
            key_forms=self._forms.answers,
            key_errors=self._forms.errors,
            encryption_policies=self._policies.answers,
            encryption_errors=self._policies.errors,
            inspections=self._inspections.answers,
            inspection_errors=self._inspections.errors,
            digests=self._digests.answers,
            digest_errors=self._digests.errors,
            verity_digests=self._verity.answers,
            verity_errors=self._verity.errors,
            clock_synchronized=self._clock,
            listeners=tuple(self._listeners[target] for target in sorted(self._listeners)),
        )
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise OutputError("the folder is not empty", where=str(folder))
            for path in filed:
                body = folder / recording.TREE / path.lstrip("/")
                body.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                body.write_bytes(self._bodies[path])
            (folder / recording.FILENAME).write_bytes(recording.dump(document))
        except OSError as error:
            raise OutputError(
                f"the recording cannot be written: {error}", where=str(folder)
            ) from error

    def _once(
        self,
        question: tuple[str, str, int, bool],
        ask: Callable[[], _Value],
        errors: dict[str, recording.Failure],
    ) -> _Value:
        answer = self._answers.get(question)
        if answer is None:
            try:
                answer = ask()
            except Unreadable as error:
                answer = error
            self._answers[question] = answer
        if isinstance(answer, Unreadable):
            errors[question[0]] = (answer.reason, answer.detail)
            raise answer
        return answer  # type: ignore[return-value]  # kept under the question that it answers

    def _entry(self, path: str) -> Entry:
        return self._entries.setdefault(path, Entry())

    def _finished(self, path: str, inline: frozenset[str]) -> Entry:
        """Return an entry as it is written: errors that a fuller answer outdid are dropped."""
        entry = self._entries[path]
        if path in self._bodies and not entry.truncated:
            entry.error.pop("read", None)
        if entry.names is not None:
            entry.error.pop("list", None)
        if path in inline:
            entry.body = base64.b64encode(self._bodies[path]).decode()
        elif path in self._bodies:
            entry.stored = entry.file_type != "file"
            entry.sha256 = recording.digest(self._bodies[path])
        return entry

    def _split(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the paths whose bodies go into `host.json`, and those that become files."""
        paths = sorted(self._bodies)
        inline = frozenset(
            path for path in paths if not _is_fileable(path) or _below_a_body(path, self._bodies)
        )
        return inline, tuple(path for path in paths if path not in inline)


def _without_secrets(answer: Answer) -> Answer:
    """Return an answer whose banner holds no credential."""
    banner = redact_text(answer.banner.decode("latin-1")).encode("latin-1", "replace")
    return msgspec.structs.replace(answer, banner=banner)


def _below_a_body(path: str, bodies: dict[str, bytes]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:end]) in bodies for end in range(2, len(parts)))


def _is_fileable(path: str) -> bool:
    """Return whether every name of a path can be a file's name anywhere and be looked at safely."""
    names = path.split("/")[1:]
    return all(
        name not in ("", ".", "..")
        and name.isprintable()
        and len(name.encode("utf-8", "surrogateescape")) <= _LONGEST
        for name in names
    )
