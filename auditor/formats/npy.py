"""Reads NumPy's array files: a header of a few words, then the array or a pickle of objects."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._gathered import Gathered
from auditor.formats._npy_arrays import MAGIC, inspect_arrays


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there (numpy/lib/format.py)."""
    return head.startswith(MAGIC)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the array holds, or the arrays that lie end to end; see `inspect_arrays`.

    Equinox writes the leaves of a model so (equinox/_serialisation.py), without anything between.
    """
    return inspect_arrays(view, context, 0, Gathered(), "npy")


FORMAT = ModelFormat(title="NumPy array", recognises=recognises, inspect=inspect, begins=MAGIC[:1])
