"""Reads the small documents of a store as the tools that load them do: bounded, never trusted."""

from __future__ import annotations

import json
import posixpath

from auditor.errors import DocumentError
from auditor.stores import Store
from auditor.stores._found import Odd, odd
from auditor.yamldoc import Limits, load

_MIB = 1024 * 1024
JSON_LIMIT = 4 * _MIB
INDEX_LIMIT = 64 * _MIB
_YAML_LIMIT = 256 * 1024
_TEXT = 200

Document = dict[str, object]


def json_of(store: Store, path: str, limit: int = JSON_LIMIT) -> Document | Odd | None:
    """Return a JSON object, what is wrong with it, or `None` where it is absent or a gap.

    It is read by Python's own reader, as transformers, PEFT and MLflow read theirs: what that
    refuses loads nowhere, and what it takes (NaN, the last of two equal keys) we see as they do.
    """
    data = store.read(path, limit)
    if data is None:
        return None
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return malformed(path, f"not JSON: {type(error).__name__}: {error}")
    if not isinstance(found, dict):
        return malformed(path, f"no JSON object but a {type(found).__name__}")
    return found


def yaml_of(store: Store, path: str) -> Document | Odd | None:
    """Return a YAML mapping, what is wrong with it, or `None` where it is absent or a gap."""
    data = store.read(path, _YAML_LIMIT)
    return None if data is None else yaml_from(data, path)


def yaml_from(data: bytes, path: str) -> Document | Odd:
    """Return the YAML mapping in some bytes, or what is wrong with them."""
    limits = Limits(size=_YAML_LIMIT, nodes=50_000)
    try:
        found = load(data, where=posixpath.basename(path), limits=limits).plain()
    except DocumentError as error:
        return malformed(path, f"not YAML: {error}")
    if not isinstance(found, dict):
        return malformed(path, "no YAML mapping")
    return found


def malformed(path: str, detail: str) -> Odd:
    """Return that a document is not what its tool would read."""
    return odd(path, "configuration-malformed", detail)


def text(value: object) -> str:
    """Return a document's value as a short text, `` for what is none."""
    if not isinstance(value, str):
        return ""
    return value[:_TEXT].encode("utf-8", "backslashreplace").decode()


def texts(value: object, most: int = 20) -> tuple[str, ...]:
    """Return the short texts of a list (or the one text), sorted; what is no text is left out."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return ()
    return tuple(sorted({text(item) for item in value[:most]} - {""}))


def number(value: object) -> int:
    """Return a document's value as a count, 0 for what is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 < value < 1 << 53 else 0


def mapping(value: object) -> Document:
    """Return a document's value as a mapping, empty for what is none."""
    return value if isinstance(value, dict) else {}
