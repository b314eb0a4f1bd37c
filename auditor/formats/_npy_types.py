"""Knows NumPy's number types by the short names that files write for them: `<f4`, `|O`."""

from __future__ import annotations

import re
from typing import NamedTuple

_SIMPLE = re.compile(r"[<>|=]?([?bBhHiIlLqQefdgFDGSUVOMmcaunpP])(\d{0,9})(\[[\w/ ]{1,20}\])?")
_LETTER_SIZES = {
    "?": 1, "b": 1, "B": 1, "c": 1, "h": 2, "H": 2, "e": 2, "i": 4, "I": 4, "f": 4, "l": 8, "L": 8,
    "q": 8, "Q": 8, "d": 8, "F": 8, "p": 8, "P": 8, "O": 8, "M": 8, "m": 8, "D": 16, "g": 16,
    "G": 32,
}  # fmt: skip
# The letters of one byte and less are families of sizes where a number follows (`i8`, `f2`).
_LABELS = {"i": "I", "u": "U", "f": "F", "c": "C", "b": "BOOL", "?": "BOOL"}
_LETTER_LABELS = {
    "b": "I8", "B": "U8", "h": "I16", "H": "U16", "e": "F16", "I": "U32", "l": "I64", "L": "U64",
    "q": "I64", "Q": "U64", "d": "F64", "F": "C64", "D": "C128", "g": "F128", "G": "C256",
    "i": "I32", "f": "F32", "?": "BOOL", "c": "S1",
}  # fmt: skip
_WIDE = 4
_NUMBERS = {"i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 10, 12, 16), "b": (1,),
            "c": (8, 16, 20, 24, 32), "O": (4, 8), "M": (8,), "m": (8,)}  # fmt: skip


class Dtype(NamedTuple):
    """A number type: its letter, the bytes of one element, and the name that people know it by.

    `objects` is whether elements are, or hold, Python's objects.
    """

    kind: str
    size: int
    objects: bool
    label: str


def simple(text: str) -> Dtype | None:
    """Return the number type of a short name, `None` where it is none that files hold.

    Strings (`S`, `U`) and bytes (`V`) may be of any length; `O` are objects.
    """
    match = _SIMPLE.fullmatch(text)
    if match is None:
        return None
    letter, digits = match[1], match[2]
    if letter in "SUVa":
        size = int(digits or 0) * (_WIDE if letter == "U" else 1)
        return Dtype("S" if letter == "a" else letter, size, objects=False, label=letter)
    if not digits:
        if letter in "un":
            return None
        size = _LETTER_SIZES[letter]
        label = _LETTER_LABELS.get(letter, letter)
        return Dtype(letter, size, objects=letter == "O", label=label)
    size = int(digits)
    if size not in _NUMBERS.get(letter, ()):
        return None
    label = _LABELS.get(letter, letter)
    label = label if letter in "bOMm" else f"{label}{size * 8}"
    return Dtype(letter, size, objects=letter == "O", label=label)
