"""Reads skops files: a zip archive with a schema that names the types of a scikit-learn model."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._zip_judge import inspect_zip, names_in


def recognises(head: bytes, view: View) -> bool:
    """Return whether the archive has a schema where skops looks for it (skops/io/_persist.py)."""
    return "schema.json" in names_in(head, view)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the schema names and the archive holds; see `inspect_zip`."""
    return inspect_zip(view, context, "skops", "object")


FORMAT = ModelFormat(
    title="skops", recognises=recognises, inspect=inspect, rank=1, holds_archives=True, begins=b"P"
)
