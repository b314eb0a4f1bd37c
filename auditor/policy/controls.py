"""The frameworks' catalogues: which clauses there are, and what they are called."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from msgspec import Struct

from auditor.data import folder
from auditor.errors import PackError
from auditor.policy.findings import Text
from auditor.policy.reading import Reader
from auditor.yamldoc import Node

# Every control of a catalogue begins with this line; a test holds it against the YAML reader.
_ID = re.compile(rb"^- id: (?:'([^'\n]+)'|([^'\n]+))$", re.MULTILINE)


class Clause(Struct, frozen=True, kw_only=True):
    """A clause of a framework: `evidence` is what a scan can show of it.

    `technical` (a scan can show it), `partial`, or `document` (only papers can). `verified`
    tells whether the clause number was held against another catalogue of the same framework.
    """

    id: str
    title: Text
    themes: tuple[str, ...]
    evidence: str
    verified: bool
    note: str


class Framework(Struct, frozen=True, kw_only=True):
    """A framework's catalogue. Titles are our own paraphrases, never the standard's text."""

    id: str
    name: str
    publisher: str
    note: str
    clauses: tuple[Clause, ...]


@cache
def frameworks() -> tuple[str, ...]:
    """Return the ids of the frameworks that there are catalogues of, sorted."""
    return tuple(sorted(path.stem for path in (folder("policies") / "controls").glob("*.yaml")))


@cache
def clause_ids(framework: str) -> frozenset[str]:
    """Return the ids of a framework's clauses, without reading all of its catalogue."""
    data = _file(framework).read_bytes()
    return frozenset((quoted or plain).decode() for quoted, plain in _ID.findall(data))


@cache
def load_framework(framework: str) -> Framework:
    """Return a framework's catalogue; raises `PackError` where it is malformed."""
    path = _file(framework)
    reader = Reader(path.read_bytes(), str(path.name))
    found = reader.mapping(
        reader.root,
        ("framework", "name", "publisher", "titles", "controls"),
        ("note", "ids_checked_against"),
    )
    if reader.text(found["framework"]) != framework:
        raise reader.wrong(found["framework"], f"the file is named {framework}")
    return Framework(
        id=framework,
        name=reader.text(found["name"]),
        publisher=reader.text(found["publisher"]),
        note=reader.text(found["note"]) if "note" in found else "",
        clauses=tuple(_clause(reader, item) for item in reader.items(found["controls"])),
    )


def _clause(reader: Reader, node: Node) -> Clause:
    """Return one clause."""
    found = reader.mapping(node, ("id", "title", "themes", "evidence"), ("verified", "note"))
    return Clause(
        id=reader.text(found["id"]),
        title=reader.said(found["title"]),
        themes=reader.texts(found["themes"]),
        evidence=reader.text(found["evidence"]),
        verified="verified" in found and reader.text(found["verified"]) == "true",
        note=reader.text(found["note"]) if "note" in found else "",
    )


def _file(framework: str) -> Path:
    """Return the file of a framework; raises `PackError` where there is none."""
    if framework not in frameworks():
        raise PackError(f"there is no framework '{framework}'")
    return folder("policies") / "controls" / f"{framework}.yaml"
