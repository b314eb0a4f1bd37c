"""Reads deployment manifests into the same records that a host's collectors make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from auditor.errors import DocumentError
from auditor.evidence import (
    CollectorRun,
    Coverage,
    Gap,
    GapReason,
    Input,
    Origin,
    Record,
    kind_of,
    run_of,
)
from auditor.listing import constant_of, public_modules
from auditor.manifests import _files
from auditor.yamldoc import Node, Scalar, load_all

Fact = Record | Gap

# A chart's objects in a template that happens to be YAML as it stands.
_HELM = re.compile(rb"\{\{-?[^}\n]{0,200}\.(?:Values|Release|Chart|Capabilities)\b")
_UNRENDERED = "a template that is not rendered (judge the output of `helm template`)"


class Document(Struct, frozen=True, kw_only=True):
    """One YAML or JSON document: `source` is its file as named on the command line."""

    source: str
    node: Node


class Reader(Struct, frozen=True, kw_only=True):
    """A manifest kind: pure. `read` is given every document that `recognises` takes.

    `yields` are its record types. A malformed part is a gap of reason `malformed` whose origin
    names the file: the input then counts as not judged in full.
    """

    title: str
    yields: tuple[type[Record], ...]
    recognises: Callable[[Node], bool]
    read: Callable[[tuple[Document, ...]], Iterator[Fact]]


class Manifests(Struct, frozen=True, kw_only=True):
    """What was read. `inputs` lists every file considered, judged or not."""

    records: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    inputs: tuple[Input, ...]
    runs: tuple[CollectorRun, ...]


class _Read(Struct, frozen=True, kw_only=True):
    """A file's documents (null ones dropped), or why there are none."""

    found: _files.Found
    documents: tuple[Document, ...] = ()
    gap: Gap | None = None


def names() -> tuple[str, ...]:
    """Return the readers' names: the public files of this folder."""
    return public_modules(__path__)


def load(name: str) -> Reader:
    """Return one reader by its file's name."""
    return constant_of(f"{__name__}.{name}", "READER", Reader)


def read(paths: tuple[Path, ...], *, progress: Callable[[str], None] = lambda _: None) -> Manifests:
    """Read files, and folders in sorted order; nothing is executed, rendered or fetched.

    Raises `UsageError` (exit 2) for a named path that does not exist. Whatever else cannot be
    read is a gap, and the input is listed with the reason.
    """
    walk = _files.find(paths)
    files = []
    for found in walk.found:
        progress(found.shown)
        files.append(_open(found))
    documents = tuple(document for file in files for document in file.documents)
    records: list[Record] = []
    gaps = [file.gap for file in files if file.gap is not None]
    runs = [_walked(walk, files)]
    understood: set[int] = set()
    for name in names():
        reader = load(name)
        mine = tuple(document for document in documents if reader.recognises(document.node))
        understood.update(id(document) for document in mine)
        facts = list(_facts(name, reader, mine))
        runs.append(run_of(name, reader.title, reader.yields, facts))
        records += [fact for fact in facts if isinstance(fact, Record)]
        gaps += [fact for fact in facts if isinstance(fact, Gap)]
    return Manifests(
        records=tuple(records),
        gaps=tuple(gaps),
        inputs=_inputs(files, gaps, understood),
        runs=tuple(runs),
    )


def _open(found: _files.Found) -> _Read:
    """Return a file's documents, or the gap that it is."""
    if found.passed_over:
        return _Read(found=found)
    if found.reason:
        return _Read(found=found, gap=_file_gap(found.shown, found.reason, found.why))
    data = _files.read(found)
    if isinstance(data, _files.Refused):
        return _Read(found=found, gap=_file_gap(found.shown, data.reason, data.why))
    return _parse(found, data)


def _parse(found: _files.Found, data: bytes) -> _Read:
    """Return the documents in a file's bytes."""
    if _HELM.search(data):
        return _Read(found=found, gap=_file_gap(found.shown, "unsupported", _UNRENDERED))
    try:
        nodes = load_all(data, where=found.shown)
    except DocumentError as error:
        return _Read(found=found, gap=_document_gap(found.shown, data, error))
    return _Read(
        found=found,
        documents=tuple(
            Document(source=found.shown, node=node)
            for node in nodes
            if not (isinstance(node, Scalar) and node.value is None)
        ),
    )


def _document_gap(shown: str, data: bytes, error: DocumentError) -> Gap:
    """Return why a document cannot be read; a template that is still to be rendered says so."""
    place = error.where.removeprefix(f"{shown}:").split(":")
    line, column = (int(p) if p.isdecimal() and len(p) < 9 else 0 for p in (*place, "", "")[:2])  # noqa: PLR2004 - no file has more
    if b"{{" in data:
        return _file_gap(shown, "unsupported", _UNRENDERED, line, column)
    return _file_gap(shown, "malformed", error.what, line, column)


def _file_gap(shown: str, reason: GapReason, why: str, line: int = 0, column: int = 0) -> Gap:
    return Gap(
        kind="workload", reason=reason, detail=why, origin=Origin("files", shown, line, column)
    )


def _walked(walk: _files.Walk, files: list[_Read]) -> CollectorRun:
    """Return the run of the walk itself: how many files were read, how many were no manifests."""
    unread = sum(file.gap is not None for file in files)
    return CollectorRun(
        collector="files",
        title=f"Files ({walk.others} neither YAML nor JSON, passed over)",
        kinds=(),
        records=0,
        gaps=unread,
        coverage=(Coverage(what="files read", seen=len(files) - unread, total=len(files)),),
    )


def _inputs(files: list[_Read], gaps: list[Gap], understood: set[int]) -> tuple[Input, ...]:
    """Return every file considered: judged, or the first reason why it was not in full."""
    reasons: dict[str, str] = {}
    for gap in gaps:
        if gap.reason in ("malformed", "crashed") or gap.origin.collector == "files":
            line = f" (line {gap.origin.line})" if gap.origin.line else ""
            reasons.setdefault(gap.origin.source, f"{gap.reason}: {gap.detail}{line}")
    inputs = []
    for file in files:
        reason = reasons.get(file.found.shown)
        strange = sum(id(document) not in understood for document in file.documents)
        if reason is None and file.found.named and file.documents and strange:
            reason = "no manifest of a kind that is understood"
        inputs.append(
            Input(
                path=file.found.shown,
                status="judged" if reason is None else "gap",
                documents=len(file.documents),
                reason=reason or _note(file, strange),
            )
        )
    return tuple(inputs)


def _note(file: _Read, strange: int) -> str:
    """Return what else is to be said of a file that was read."""
    if file.found.passed_over:
        return file.found.passed_over
    if not file.documents:
        return "no document in it"
    return f"no manifest in {strange} of {len(file.documents)} documents" if strange else ""


def _facts(name: str, reader: Reader, documents: tuple[Document, ...]) -> Iterator[Fact]:
    """Yield what the reader yields, and a gap for each of its kinds where it breaks off."""
    try:
        yield from reader.read(documents)
    except Exception as error:  # noqa: BLE001 - the one place: a crash is a gap, never silence
        for record_type in reader.yields:
            yield Gap(
                kind=kind_of(record_type),
                reason="crashed",
                detail=f"the reader broke off: {type(error).__name__}: {error}"[:300],
                origin=Origin(name, "auditor"),
            )
