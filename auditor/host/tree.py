"""A folder as a machine: a mounted image, an unpacked support archive, or a recorded host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from auditor.errors import AuditError
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host import DEFAULT_ENTRIES, DEFAULT_LIMIT, Stat, Unreadable, untold
from auditor.host import _recording as recording
from auditor.host._image import Image
from auditor.host._key_form import HEAD, KeyForm, form_of
from auditor.host._replay import Replay
from auditor.probe.words import Answer, Target

_NAME_LIMIT = 4096

_Value = TypeVar("_Value")


class TreeHost:
    """A `Host` that reads a folder and never leaves it.

    With a `host.json` in it the folder is a recording (see `auditor.host.record`): it answers
    what was asked when it was made, and what it does not hold is `not-collected`, never absent.
    Without one it is a plain tree, and what is not there is absent.
    """

    def __init__(self, root: Path) -> None:
        """Open the folder. Raises `AuditError` where there is none, or its `host.json` is bad."""
        if not root.is_dir():
            raise AuditError("there is no such folder", where=str(root))
        self._source: Image | Replay = Image(root)
        self._recording: recording.Recording | None = None
        self._root = root
        document = root / recording.FILENAME
        if document.is_file() or document.is_symlink():
            self._recording = recording.load(document)
            self._source = Replay(self._recording, root / recording.TREE)

    @property
    def name(self) -> str:
        """The recorded host name; of a plain tree what `/etc/hostname` says, or the folder."""
        if self._recording is not None:
            return self._recording.name
        try:
            raw = self.read("/etc/hostname", limit=_NAME_LIMIT)
        except Unreadable:
            return self._root.resolve().name
        return raw.decode("utf-8", "replace").strip() or self._root.resolve().name

    @property
    def live(self) -> bool:
        """False."""
        return False

    @property
    def uid(self) -> int | None:
        """The user id that recorded; `None` for a plain tree."""
        return self._recording.uid if self._recording is not None else None

    @property
    def privileged(self) -> bool:
        """Whether it was recorded as root; a plain tree does not tell."""
        return self.uid == 0

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        """Return a regular file's bytes; see `Host.read`."""
        return self._source.read(path, limit=limit, head=head)

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a directory; see `Host.list`."""
        return self._source.list(path, limit=limit)

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) told; see `Host.stat`."""
        return self._source.stat(path)

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target as written; see `Host.readlink`."""
        return self._source.readlink(path)

    def mapper_table(self, name: str) -> tuple[str, ...]:
        """Return a recorded device-mapper table; a plain tree has none to tell."""
        if self._recording is None:
            raise Unreadable(name, "unsupported", "a folder does not tell device-mapper tables")
        return _answer(name, self._recording.mapper_tables, self._recording.mapper_errors)

    def luks_header(self, device: str) -> LuksFacts:
        """Return what a recorded LUKS header tells; a plain tree has none to tell."""
        if self._recording is None:
            raise Unreadable(device, "unsupported", "a folder does not tell block devices")
        return _answer(device, self._recording.luks_headers, self._recording.luks_errors)

    def loop_backing(self, device: str) -> tuple[str, int]:
        """Return what was recorded of a loop device's file; a plain tree has nothing to tell."""
        if self._recording is None:
            raise Unreadable(device, "unsupported", "a folder does not tell loop devices")
        return _answer(device, self._recording.loop_backings, self._recording.loop_errors)

    def key_form(self, path: str) -> KeyForm:
        """Return what a key file is by its first line; see `Host.key_form`."""
        if self._recording is None:
            return form_of(self.read(path, limit=HEAD, head=True))
        return _answer(path, self._recording.key_forms, self._recording.key_errors)

    def encryption_policy(self, path: str) -> str:
        """Return a recorded fscrypt policy; a plain tree has none to tell."""
        if self._recording is None:
            raise Unreadable(path, "unsupported", "a folder does not tell fscrypt policies")
        return _answer(path, self._recording.encryption_policies, self._recording.encryption_errors)

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a model file is; see `Host.inspect_model`."""
        return self._source.inspect_model(path)

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None = None,
        told: Callable[[int], None] = untold,
    ) -> tuple[str, ...]:
        """Return a regular file's digests, recorded ones of a recording; see `Host.digest`."""
        return self._source.digest(path, algorithms, span=span, told=told)

    def verity_digest(self, path: str) -> str:
        """Return a recorded fs-verity digest; a plain tree has none to tell."""
        if isinstance(self._source, Image):
            raise Unreadable(path, "unsupported", "a folder does not tell fs-verity digests")
        return self._source.verity_digest(path)

    def ask_listeners(self, targets: tuple[Target, ...]) -> tuple[Answer, ...]:
        """Return what listeners answered when they were recorded; a plain tree has none."""
        if self._recording is None or not self._recording.listeners:
            raise Unreadable("loopback", "not-collected", "no listener was asked when it was read")
        told = {answer.target: answer for answer in self._recording.listeners}
        return tuple(
            told.get(target)
            or Answer(target=target, speaks=None, reason="it was not asked when it was recorded")
            for target in targets
        )

    def clock_synchronized(self) -> bool:
        """Return what the recording tells of the clock; a plain tree has nothing to tell."""
        told = self._recording.clock_synchronized if self._recording is not None else None
        if told is None:
            raise Unreadable(
                "adjtimex(2)", "unsupported", "a folder does not tell the clock's state"
            )
        return told


def _answer(key: str, answers: dict[str, _Value], failures: dict[str, recording.Failure]) -> _Value:
    if key in answers:
        return answers[key]
    if key in failures:
        raise recording.failed(key, failures[key])
    raise Unreadable(key, "not-collected", "the recording does not tell")
