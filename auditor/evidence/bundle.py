"""The bundle: everything that a judgement needs, in one file whose bytes are reproducible."""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.errors import EvidenceError
from auditor.evidence.base import Coverage, Gap, Record
from auditor.evidence.kinds import Collected, each_kind, kind_of
from auditor.evidence.migrate import migrate
from auditor.evidence.schema import schema_document
from auditor.evidence.site import Site

# A bundle of a host with 100,000 records is about 40 MB; beyond this it is not one of ours.
MAX_BYTES = 512 * 1024 * 1024


Mode = Literal["host", "manifests", "models", "traffic"]


class Tool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The toolkit that took the evidence."""

    name: str
    version: str


class Subject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was audited, and with which rights.

    `host_id` is a keyed digest of the machine id (machine-id(5): never the id itself). `uid` is
    the auditor's own; `privileged` tells whether it could read everything. `restraints` are the
    limits that the auditor put on itself while it read (`host.live.restrain`).
    """

    name: str
    host_id: str = ""
    uid: int | None = None
    privileged: bool = False
    recorded: bool = False
    restraints: tuple[str, ...] = ()


class Input(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """A file that was given to be judged, and whether it was."""

    path: str
    status: Literal["judged", "gap"]
    documents: int = 0
    reason: str = ""


class CollectorRun(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """One collector (or manifest reader) that ran: what it yields and how far it saw."""

    collector: str
    title: str
    kinds: tuple[str, ...]
    records: int
    gaps: int
    coverage: tuple[Coverage, ...] = ()


def run_of(
    collector: str, title: str, yields: Iterable[type[Record]],
    facts: Sequence[Record | Gap | Coverage],
) -> CollectorRun:  # fmt: skip
    """Return the run of what yields these record types and brought these facts."""
    return CollectorRun(
        collector=collector,
        title=title,
        kinds=tuple(sorted(kind_of(record_type) for record_type in yields)),
        records=sum(isinstance(fact, Record) for fact in facts),
        gaps=sum(isinstance(fact, Gap) for fact in facts),
        coverage=tuple(fact for fact in facts if isinstance(fact, Coverage)),
    )


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Records and gaps of one audit, with the site that they are to be judged against.

    `taken_at` is an RFC 3339 time in UTC. `mode` is `host`, `manifests`, `models` or `traffic`.
    """

    schema: str
    tool: Tool
    mode: Mode
    subject: Subject
    taken_at: str
    site: Site
    inputs: tuple[Input, ...] = ()
    runs: tuple[CollectorRun, ...] = ()
    gaps: tuple[Gap, ...] = ()
    records: tuple[Collected, ...] = ()

    def of(self, kind: str) -> tuple[Record, ...]:
        """Return the records of one kind."""
        return tuple(record for record in self.records if kind_of(record) == kind)


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ENCODER = msgspec.json.Encoder(order="deterministic")
_LISTS = ("inputs", "runs", "gaps", "records")
# So many records are ordered at a time.
_RUN = 8192


def ordered(evidence: Evidence) -> Evidence:
    """Return the evidence with duplicate-free lists in an order that depends on content alone."""
    return msgspec.structs.replace(
        evidence,
        inputs=tuple(sorted(set(evidence.inputs))),
        runs=tuple(sorted(set(evidence.runs))),
        gaps=tuple(sorted(set(evidence.gaps))),
        records=_in_order(evidence.records),
    )


def _in_order(records: tuple[Collected, ...]) -> tuple[Collected, ...]:
    """Return records by their kind and content, each once.

    Not by label: that may be worded better one day, and bytes must not move.

    What they are compared by is as long as all their bytes: it is held of a run of them at a
    time, and of one record of each run while the runs are merged.
    """
    return tuple(itertools.chain.from_iterable(map(_of_one_kind, each_kind(records))))


def _of_one_kind(records: list[Collected]) -> Iterable[Collected]:
    if all(one < other for one, other in itertools.pairwise(map(_ENCODER.encode, records))):
        return records
    different = list(set(records))
    runs = [
        sorted(different[begin : begin + _RUN], key=_ENCODER.encode)
        for begin in range(0, len(different), _RUN)
    ]
    return heapq.merge(*runs, key=_ENCODER.encode)


def encode(evidence: Evidence) -> bytes:
    """Return the bundle as UTF-8 JSON, one record a line, the same bytes for the same facts."""
    return joined(pieces(evidence))


def joined(parts: Iterable[bytes]) -> bytes:
    """Return parts as one, made one by one: `bytes.join` holds all of them beside the whole."""
    whole = BytesIO()
    whole.writelines(parts)
    return whole.getvalue()


def pieces(evidence: Evidence) -> Iterator[bytes]:
    """Yield the bundle's bytes (`encode`) piece by piece, none of them longer than a record."""
    document = ordered(evidence)
    between = b"{"
    for name in document.__struct_fields__:
        if name not in _LISTS:
            value = _ENCODER.encode(getattr(document, name))
            yield between + b'"%s":%s' % (name.encode(), value)
            between = b",\n"
    for name in _LISTS:
        items = getattr(document, name)
        yield between + b'"%s":[' % name.encode()
        before = b"\n"
        for item in items:
            yield before + _ENCODER.encode(item)
            before = b",\n"
        yield b"\n]" if items else b"]"
    yield b"}\n"


def sha256(evidence: Evidence) -> str:
    """Return the SHA-256 of the bundle's bytes, in hexadecimal; they are never held whole."""
    digest = hashlib.sha256()
    for piece in pieces(evidence):
        digest.update(piece)
    return digest.hexdigest()


def decode(data: bytes, *, where: str = "evidence") -> Evidence:
    """Return the evidence in `data`; an older schema is migrated, a newer one refused.

    Raises `EvidenceError` (exit 4) for what is not a bundle or is of a newer schema.
    """
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"the bundle is larger than {MAX_BYTES} bytes", where=where)
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"this is not an evidence bundle: {error}", where=where, hint="Is the file whole?"
        ) from error
    document = migrate(document, where=where)
    try:
        evidence = msgspec.convert(document, Evidence)
    except (msgspec.ValidationError, RecursionError) as error:
        raise EvidenceError(f"the bundle breaks its schema: {error}", where=where) from error
    if not is_time(evidence.taken_at):
        # Waivers and exceptions are held against it: with no time none would ever end.
        raise EvidenceError(f"{evidence.taken_at!r:.60} is no time in UTC (taken_at)", where=where)
    return evidence


def is_time(text: str) -> bool:
    """Return whether `text` is an RFC 3339 time in UTC, to the second, as the toolkit writes it."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return bool(_TIME.fullmatch(text))


def json_schema() -> bytes:
    """Return the JSON Schema of the bundle, generated from the record types."""
    return schema_document(msgspec.json.schema(Evidence))
