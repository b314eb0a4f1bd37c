"""The document of a recorded host: `host.json` knows every answer that was given."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
from msgspec import Struct

from auditor.errors import AuditError
from auditor.evidence.base import GapReason
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host import Absent, FileType, Unreadable
from auditor.host._key_form import KeyForm
from auditor.probe.words import Answer

SCHEMA = "auditor.host/1"
FILENAME = "host.json"
TREE = "tree"
MOST = 256 * 1024 * 1024

Failure = tuple[GapReason, str]


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
    digests: dict[str, str] = {}
    digest_errors: dict[str, Failure] = {}
    verity_digests: dict[str, str] = {}
    verity_errors: dict[str, Failure] = {}
    clock_synchronized: bool | None = None
    listeners: tuple[Answer, ...] = ()


def load(path: Path) -> Recording:
    """Return the recording in a `host.json`; raises `AuditError` for one that cannot be used."""
    try:
        if path.stat().st_size > MOST:
            raise AuditError(f"the recording is larger than {MOST} bytes", where=str(path))
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


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


def failed(path: str, failure: Failure) -> Unreadable:
    """Return the refusal that was recorded."""
    reason, detail = failure
    return Absent(path) if reason == "absent" else Unreadable(path, reason, detail)


def digest_key(path: str, algorithm: str, span: tuple[int, int] | None) -> str:
    """Return what a file's digest is filed under: no path holds a NUL."""
    part = f"\0{span[0]}:{span[1]}" if span is not None else ""
    return f"{path}\0{algorithm}{part}"
