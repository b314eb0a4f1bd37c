"""Resolves plain scalars as the Kubernetes API machinery does, not as YAML 1.2 would.

Source: `goyaml.v2/resolve.go` of kubernetes-sigs/yaml at 742f5e6. It is YAML 1.1 with
`y/n/yes/no/on/off` as booleans, octal `0644`, hexadecimal, binary and underscores, but without
base 60, and with exponents that need no dot. A timestamp stays the string that it is written as.
"""

from __future__ import annotations

import math
import re

from auditor.yamldoc.nodes import Value

_CORE = "tag:yaml.org,2002:"

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)"
    r"|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
# No number that means anything is longer; Python's conversion is quadratic in the digits.
_LONGEST_NUMBER = 400


def resolve(text: str) -> Value:
    """Return the value of a plain (unquoted, untagged) scalar."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first not in "+-.0123456789" or len(text) > _LONGEST_NUMBER or not text.isascii():
        return text
    if first == ".":
        number = _decimal(text)
        return text if number is None else number
    digits = text.replace("_", "")
    integer = _integer(digits)
    if integer is not None and _SMALLEST <= integer <= _LARGEST:
        return integer
    number = _decimal(digits)
    if number is not None:
        return number
    return text if integer is None else integer


def resolve_tagged(tag: str, text: str) -> Value:
    """Return the value of a scalar under an explicit core tag.

    Raises `ValueError` in words where the text is not of the tag's type, `LookupError` where
    the tag is none of the core set.
    """
    if tag in ("!", f"{_CORE}str", f"{_CORE}timestamp"):
        return text
    value = resolve(text)
    kind = tag.removeprefix(_CORE)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected: dict[str, type | tuple[type, ...]] = {
        "bool": bool,
        "int": int,
        "float": float,
        "null": type(None),
    }
    if kind == tag or kind not in expected:
        raise LookupError(tag)
    if not isinstance(value, expected[kind]) or (kind == "int" and isinstance(value, bool)):
        raise ValueError(f"{text!r:.60} is not of the type !!{kind}")
    return value


def is_collection_tag(tag: str | None, kind: str) -> bool:
    """Return whether a collection may carry `tag`: none, `!`, or its own (`seq` or `map`)."""
    return tag is None or tag in ("!", f"{_CORE}{kind}")


def _integer(digits: str) -> int | None:
    match = _INTEGER.fullmatch(digits)
    if match is None:
        return None
    base = next(name for name in _BASES if match[name] is not None)
    return int(match["sign"] + match[base], _BASES[base])


def _decimal(digits: str) -> float | None:
    """Return the float, or `None` for what is none or too large for one."""
    if not _FLOAT.fullmatch(digits):
        return None
    number = float(digits)
    return None if math.isinf(number) else number
