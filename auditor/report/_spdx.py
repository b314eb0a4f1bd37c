"""Tells licences as a bill of materials has them: an SPDX identifier, an expression, or a name."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from auditor.report._spdx_ids import EXCEPTIONS, LICENSES

_IDS = {name.lower(): name for name in LICENSES.split()}
_EXCEPTIONS = {name.lower(): name for name in EXCEPTIONS.split()}
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_OPERATORS = ("AND", "OR", "WITH")
# An expression that a person writes is short; what is longer is a text.
_LONGEST = 500


class License(Struct, frozen=True, kw_only=True):
    """A licence as it was declared: `id` is in the SPDX list, anything else is a `name`."""

    form: Literal["id", "expression", "name"]
    text: str


def license_of(declared: str) -> License:
    """Return a licence as SPDX writes it; identifiers are matched in any case (annex B).

    What SPDX does not know (`llama3.1`, `other`) stays the name that it was declared by.
    """
    known = _IDS.get(declared.lower())
    if known is not None:
        return License(form="id", text=known)
    expression = _expression(declared)
    if expression:
        return License(form="expression", text=expression)
    return License(form="name", text=declared)


def _expression(text: str) -> str:
    """Return an SPDX expression with its identifiers as listed, `` where it is none (annex B)."""
    if len(text) > _LONGEST:
        return ""
    words = [_spelled(match[1]) for match in _TOKEN.finditer(text)]
    if not {"AND", "OR", "WITH"} & set(words):
        return ""
    return " ".join(words).replace("( ", "(").replace(" )", ")") if _is_whole(words) else ""


def _spelled(word: str) -> str:
    if word.upper() in _OPERATORS:
        return word.upper()
    plain = word.removesuffix("+")
    listed = _IDS.get(plain.lower())
    if listed is not None:
        return listed + word[len(plain) :]
    return _EXCEPTIONS.get(word.lower(), word)


def _is_whole(words: list[str]) -> bool:
    """Return whether operands and operators take turns, and every parenthesis is closed."""
    depth = 0
    before = "("
    for word in words:
        wants_operand = before in ("(", *_OPERATORS)
        if word == "(":
            fits = before in ("(", "AND", "OR")
            depth += 1
        elif word == ")":
            fits = not wants_operand and depth > 0
            depth -= 1
        elif word in _OPERATORS:
            fits = not wants_operand and (word != "WITH" or before != ")")
        elif before == "WITH":
            fits = word.lower() in _EXCEPTIONS
        else:
            fits = wants_operand and _is_license(word)
        if not fits:
            return False
        before = word
    return depth == 0 and before not in ("(", *_OPERATORS)


def _is_license(word: str) -> bool:
    return word.removesuffix("+").lower() in _IDS or bool(_REFERENCE.fullmatch(word))
