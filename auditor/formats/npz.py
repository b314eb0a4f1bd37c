"""Reads NumPy's .npz: a zip archive of nothing but arrays."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._zip_judge import inspect_zip, names_in


def recognises(head: bytes, view: View) -> bool:
    """Return whether every member is named as `numpy.savez` names arrays."""
    names = names_in(head, view)
    return bool(names) and all(name.endswith(".npy") for name in names)


def inspect(view: View, context: Context) -> Inspection:
    """Return the arrays that the archive holds; see `inspect_zip`."""
    return inspect_zip(view, context, "npz", "weights")


FORMAT = ModelFormat(
    title="NumPy arrays (.npz)",
    recognises=recognises,
    inspect=inspect,
    rank=1,
    holds_archives=True,
    begins=b"P",
)
