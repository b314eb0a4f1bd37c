"""A recorded host: `host.json` knows every answer, the folder `tree` holds the files' bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from auditor.errors import AuditError
from auditor.evidence.base import GapReason
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host import Absent, FileType, Stat, Unreadable
from auditor.host._direct import too_large, too_many
from auditor.host._image import MAX_LINKS, Image
from auditor.host._key_form import KeyForm
from auditor.probe.words import Answer

SCHEMA = "auditor.host/1"
FILENAME = "host.json"
TREE = "tree"
_MOST = 256 * 1024 * 1024

Failure = tuple[GapReason, str]
_Value = TypeVar("_Value")


class Entry(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one path: its lstat(2), and what each operation on it gave.

    `truncated`: the body under `tree/` is only the file's beginning. `body` is base64, for a
    path that no file name can stand for. `stored` says that a link's own path has a body there
    too. `sha256` is the body's digest: a body that was cut short could not be told from a short
    one otherwise. `error` holds, by operation, the reason and the detail.
    """

    file_type: FileType | None = msgspec.field(default=None, name="type")
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    device: str = ""
    special: str = ""
    link: str | None = None
    names: tuple[str, ...] | None = None
    truncated: bool = False
    body: str | None = None
    stored: bool = False
    sha256: str = ""
    error: dict[str, Failure] = {}


class Recording(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The document `host.json`."""

    schema: str
    name: str
    uid: int | None = None
    recorded_at: str = ""
    entries: dict[str, Entry] = {}
    mapper_tables: dict[str, tuple[str, ...]] = {}
    mapper_errors: dict[str, Failure] = {}
    luks_headers: dict[str, LuksFacts] = {}
    luks_errors: dict[str, Failure] = {}
    loop_backings: dict[str, tuple[str, int]] = {}
    loop_errors: dict[str, Failure] = {}
    key_forms: dict[str, KeyForm] = {}
    key_errors: dict[str, Failure] = {}
    encryption_policies: dict[str, str] = {}
    encryption_errors: dict[str, Failure] = {}
    inspections: dict[str, Inspection | None] = {}
    inspection_errors: dict[str, Failure] = {}
    clock_synchronized: bool | None = None
    listeners: tuple[Answer, ...] = ()


def load(path: Path) -> Recording:
    """Return the recording in a `host.json`; raises `AuditError` for one that cannot be used."""
    try:
        if path.stat().st_size > _MOST:
            raise AuditError(f"the recording is larger than {_MOST} bytes", where=str(path))
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise AuditError(f"this is not a recording of a host: {error}", where=str(path)) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise AuditError(
            f"the recording has schema {schema!r:.80}, this toolkit reads {SCHEMA}",
            where=str(path),
            hint="Read it with the toolkit that wrote it, or a newer one",
        )
    try:
        return msgspec.convert(document, Recording)
    except (msgspec.ValidationError, RecursionError) as error:
        raise AuditError(f"the recording breaks its schema: {error}", where=str(path)) from error


def dump(recording: Recording) -> bytes:
    """Return the recording as JSON: the same bytes for the same answers.

    Written by the standard library, which alone escapes names that are not UTF-8.
    """
    document = msgspec.to_builtins(recording)
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


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
        for _ in range(MAX_LINKS):
            if path in self._recording.inspections:
                return self._recording.inspections[path]
            if path in self._recording.inspection_errors:
                raise failed(path, self._recording.inspection_errors[path])
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
            body = self._bodies.read(path, limit=max(limit, _MOST), head=False)
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


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


def failed(path: str, failure: Failure) -> Unreadable:
    """Return the refusal that was recorded."""
    reason, detail = failure
    return Absent(path) if reason == "absent" else Unreadable(path, reason, detail)


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
