"""Answers from a recorded host; the folder `tree` beside its document holds the files' bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from auditor.formats import Inspection
from auditor.host import Absent, Stat, Unreadable
from auditor.host._direct import too_large, too_many
from auditor.host._image import MAX_LINKS, Image
from auditor.host._recording import (
    MOST,
    Entry,
    Failure,
    Recording,
    digest,
    digest_key,
    failed,
)

_Value = TypeVar("_Value")


class Replay:
    """Answers from a recording. What was not recorded is not known: it is never `Absent`."""

    def __init__(self, recording: Recording, tree: Path) -> None:
        """Keep the recording and the folder of the bodies."""
        self._recording = recording
        self._entries = recording.entries
        self._bodies = Image(tree)

    def read(self, path: str, *, limit: int, head: bool) -> bytes:
        """Return a recorded body; see `Host.read`."""
        path, entry = self._follow(path, "head" if head else "read")
        body = self._body(path, entry, limit)
        if entry.truncated and (not head or limit > len(body)):
            raise Unreadable(path, "limit", f"the recording holds the first {len(body)} bytes")
        if len(body) > limit and not head:
            raise too_large(path, limit)
        return body[:limit]

    def list(self, path: str, *, limit: int) -> tuple[str, ...]:
        """Return a recorded listing; see `Host.list`."""
        path, entry = self._follow(path, "list")
        names = _recorded(path, entry.names, "listing")
        if len(names) > limit:
            raise too_many(path, limit)
        return names

    def stat(self, path: str) -> Stat:
        """Return the recorded lstat(2); see `Host.stat`."""
        entry = self._find(path, "stat")
        return Stat(
            file_type=_recorded(path, entry.file_type, "state"),
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            size=entry.size,
            mtime_ns=entry.mtime_ns,
            inode=entry.inode,
            device=entry.device,
            special=entry.special,
        )

    def readlink(self, path: str) -> str:
        """Return a recorded link; see `Host.readlink`."""
        entry = self._find(path, "readlink")
        if entry.link is None and entry.file_type not in (None, "symlink"):
            raise Unreadable(path, "unsupported", "not a symbolic link")
        return _recorded(path, entry.link, "link")

    def inspect_model(self, path: str) -> Inspection | None:
        """Return a recorded inspection; see `Host.inspect_model`."""
        known = self._recording
        return self._told(path, known.inspections, known.inspection_errors)

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None,
        told: Callable[[int], None],  # noqa: ARG002 - nothing is read
    ) -> tuple[str, ...]:
        """Return recorded digests; see `Host.digest`."""
        known = self._recording
        return tuple(
            self._told(path, known.digests, known.digest_errors, (algorithm, span))
            for algorithm in algorithms
        )

    def verity_digest(self, path: str) -> str:
        """Return a recorded fs-verity digest; see `Host.verity_digest`."""
        known = self._recording
        return self._told(path, known.verity_digests, known.verity_errors)

    def _told(
        self,
        path: str,
        answers: dict[str, _Value],
        errors: dict[str, Failure],
        asked: tuple[str, tuple[int, int] | None] | None = None,
    ) -> _Value:
        """Return what was answered for a path, or for what its recorded links lead to."""
        for _ in range(MAX_LINKS):
            filed = path if asked is None else digest_key(path, *asked)
            if filed in answers:
                return answers[filed]
            if filed in errors:
                raise failed(path, errors[filed])
            onward = self._through_link(path)
            if onward is None:
                raise self._missing(path)
            path = onward
        raise Unreadable(path, "malformed", "too many levels of symbolic links")

    def _find(self, path: str, operation: str) -> Entry:
        """Return the entry of a path, or raise what the operation raised when it was recorded."""
        entry = self._entries.get(path)
        if entry is None:
            raise self._missing(path)
        if operation == "head":
            # A file too large to be read whole may still have shown its beginning.
            operation = "" if entry.truncated else "read"
        if operation in entry.error:
            raise failed(path, entry.error[operation])
        return entry

    def _follow(self, path: str, operation: str) -> tuple[str, Entry]:
        """Return the entry that answers, recorded links followed where only they are there."""
        for _ in range(MAX_LINKS):
            entry = self._find(path, operation) if path in self._entries else None
            known = entry is not None and (entry.link is None or _answers(entry, operation))
            if entry is not None and known:
                return path, entry
            onward = self._through_link(path)
            if onward is None:
                return path, self._find(path, operation)
            path = onward
        raise Unreadable(path, "malformed", "too many levels of symbolic links")

    def _through_link(self, path: str) -> str | None:
        """Return the path with its first recorded link replaced by where it leads, if any."""
        parts = path.split("/")
        for end in range(2, len(parts) + 1):
            prefix = "/".join(parts[:end])
            entry = self._entries.get(prefix)
            if entry is not None and entry.link is not None:
                target = entry.link
                if not target.startswith("/"):
                    target = f"{'/'.join(parts[: end - 1])}/{target}"
                return _normal("/".join([target, *parts[end:]]))
        return None

    def _body(self, path: str, entry: Entry, limit: int) -> bytes:
        if entry.body is not None:
            try:
                return base64.b64decode(entry.body, validate=True)
            except (binascii.Error, ValueError) as error:
                raise Unreadable(path, "malformed", "its recorded body is damaged") from error
        if entry.file_type not in (None, "file", "symlink"):
            raise Unreadable(path, "unsupported", f"not a regular file but a {entry.file_type}")
        try:
            body = self._bodies.read(path, limit=max(limit, MOST), head=False)
        except Absent as error:
            raise _lost(path) from error
        if entry.sha256 and digest(body) != entry.sha256:
            raise Unreadable(path, "malformed", "its body is not the one that was recorded")
        return body

    def _missing(self, path: str) -> Unreadable:
        """Return what to say of a path of which nothing was recorded.

        It is absent only where the recording proves it: its folder was listed without it, or
        something above it was absent itself.
        """
        above = path
        while above not in ("/", ""):
            folder, _, name = above.rpartition("/")
            entry = self._entries.get(folder or "/")
            if entry is not None and entry.names is not None and name not in entry.names:
                return Absent(path)
            if entry is not None and entry.names is not None and above == path:
                return _lost(path)
            if entry is not None and any(why == "absent" for why, _ in entry.error.values()):
                return Absent(path)
            above = folder
        return Unreadable(path, "not-collected", "the recording does not tell")


def _answers(entry: Entry, operation: str) -> bool:
    """Return whether an entry of a link holds the answer of what it leads to."""
    return entry.names is not None if operation == "list" else _has_own_body(entry)


def _has_own_body(entry: Entry) -> bool:
    return entry.stored or entry.body is not None or entry.file_type == "file"


def _recorded(path: str, value: _Value | None, what: str) -> _Value:
    if value is None:
        raise Unreadable(path, "not-collected", f"the recording does not hold its {what}")
    return value


def _lost(path: str) -> Unreadable:
    return Unreadable(path, "malformed", "the recording lists it, the folder lacks it")


def _normal(path: str) -> str:
    """Return a path without `.` and `..`, as text."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
