"""Reads Keras' .keras files: a zip archive of a configuration and an HDF5 file of weights."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._zip_judge import inspect_zip, names_in

_CONFIG = "config.json"
_OTHERS = ("metadata.json", "model.weights.h5", "model.weights.npz", "model.weights.json")


def recognises(head: bytes, view: View) -> bool:
    """Return whether a configuration stands beside weights (keras/src/saving/saving_lib.py)."""
    names = names_in(head, view)
    return _CONFIG in names and any(name in names for name in _OTHERS)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the configuration would run and the archive holds; see `inspect_zip`."""
    return inspect_zip(view, context, "keras_archive", "weights")


FORMAT = ModelFormat(
    title="Keras archive",
    recognises=recognises,
    inspect=inspect,
    rank=1,
    holds_archives=True,
    begins=b"P",
)
