"""Finds HDF5 files behind a long block of a user's own, where only a search shows them."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View, _hdf5

_LARGEST = 1 << 40


def recognises(head: bytes, view: View) -> bool:
    """Return whether a signature stands at 64 KiB or a double of it."""
    return _hdf5.starts(head, view, _LARGEST) is not None


def inspect(view: View, context: Context) -> Inspection:
    """Return what the file holds; raises `FormatError`."""
    return _hdf5.inspect(view, context, "hdf5_user_block")


FORMAT = ModelFormat(
    title="HDF5 behind a user block", recognises=recognises, inspect=inspect, rank=8
)
