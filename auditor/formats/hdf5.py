"""Reads HDF5 files: what Keras keeps in them, and whatever makes a reader open other files."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View, _hdf5

# Up to here a search costs no further reading: the first page of a file is at hand.
_IN_FIRST_PAGE = 1 << 15


def recognises(head: bytes, view: View) -> bool:
    """Return whether the signature stands at byte 0, 512, 1024 and so on, up to 32 KiB."""
    return _hdf5.starts(head, view, _IN_FIRST_PAGE) is not None


def inspect(view: View, context: Context) -> Inspection:
    """Return what the file holds; raises `FormatError`."""
    return _hdf5.inspect(view, context, "hdf5")


FORMAT = ModelFormat(title="HDF5", recognises=recognises, inspect=inspect)
