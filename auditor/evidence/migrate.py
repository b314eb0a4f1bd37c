"""Brings an evidence bundle of an older schema up to this one, step by step on plain JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.errors import EvidenceError

VERSION = 1
_FAMILY = "auditor.evidence/"
SCHEMA = f"{_FAMILY}{VERSION}"

# One function a step: the key is the version that it starts from.
STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migrate(document: object, *, where: str) -> dict[str, Any]:
    """Return `document` in this schema.

    Raises `EvidenceError` where it is not a bundle, or where a newer toolkit wrote it.
    """
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        raise EvidenceError("this is not an evidence bundle: it names no schema", where=where)
    family, _, number = document["schema"].rpartition("/")
    if family + "/" != _FAMILY or not number.isdecimal() or len(number) > 6:  # noqa: PLR2004
        raise EvidenceError(
            f"this is not an evidence bundle: its schema is {document['schema']!r:.80}",
            where=where,
        )
    version = int(number)
    if version > VERSION:
        raise EvidenceError(
            f"the bundle has schema {_FAMILY}{version}, newer than this toolkit's {SCHEMA}",
            where=where,
            hint="Judge it with the toolkit that wrote it, or a newer one",
        )
    while version < VERSION:
        if version not in STEPS:
            raise EvidenceError(f"there is no way from schema {version} to {SCHEMA}", where=where)
        document = STEPS[version](document)
        version += 1
        document["schema"] = f"{_FAMILY}{version}"
    return document
