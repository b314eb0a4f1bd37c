"""Reads JSON that somebody else wrote, bounded in length and depth, as Python's loader would."""

from __future__ import annotations

import json

from auditor.formats import FormatError, View

# Parsed JSON takes six to eight times the memory of its text.
MOST = 16 * 1024 * 1024
_SHOWN = 200


def parse(raw: bytes, what: str) -> object:
    """Return the value; raises `FormatError`, `malformed` for what is no JSON.

    Python's `json` on purpose, with its `NaN`, its last of two equal names and its guess of
    UTF-16: what Keras and transformers read is what has to be judged. `what` names the text.
    """
    if len(raw) > MOST:
        raise FormatError(f"{what} has {len(raw)} bytes", "limit", rule="limit-json")
    try:
        return json.loads(raw)
    except RecursionError:
        raise FormatError(f"{what} lies too deep in itself", "limit", rule="limit-json") from None
    except ValueError as error:
        raise FormatError(f"{what} is not JSON: {error}"[:_SHOWN], rule="json-malformed") from error


def whole(view: View, what: str) -> object:
    """Return the value that a whole file is; raises `FormatError`."""
    if view.size > MOST:
        raise FormatError(f"{what} has {view.size} bytes", "limit", rule="limit-json")
    raw = view.at(0, view.size)
    if len(raw) < view.size:
        raise FormatError(f"{what} ends early", rule="json-malformed")
    return parse(raw, what)


def text(value: object, most: int = _SHOWN) -> str:
    """Return a string cut to `most` characters, `` for what is none."""
    return value[:most] if isinstance(value, str) else ""


def table(value: object) -> dict[str, object]:
    """Return a table, an empty one for what is none."""
    return value if isinstance(value, dict) else {}
