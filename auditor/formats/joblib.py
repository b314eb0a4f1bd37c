"""Reads joblib's files: pickles with the bytes of arrays between the opcodes."""

from __future__ import annotations

from auditor.formats import ModelFormat, View
from auditor.formats._pickle_file import BEGINNINGS, inspect, looks_like

_WRAPPER = b"NumpyArrayWrapper"


def recognises(head: bytes, view: View) -> bool:
    """Return whether it is a pickle that names joblib's wrapper in its first bytes.

    One that names it later is recognised as a pickle, and called joblib once it is read.
    """
    return _WRAPPER in head and looks_like(head, view)


FORMAT = ModelFormat(
    title="joblib", recognises=recognises, inspect=inspect, rank=7, begins=BEGINNINGS
)
