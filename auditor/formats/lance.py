"""Recognises Lance's data files and manifests by the mark at their end."""

from __future__ import annotations

import struct

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

# lance/protos/file.proto: a file ends with its versions, two numbers of 16 bits, and the mark.
_MARK = b"LANC"
_TAIL = struct.Struct("<HH4s")
_NEWEST = 16


def recognises(_head: bytes, view: View) -> bool:
    """Return whether the versions and the mark end the file."""
    return _versions(view) is not None


def _versions(view: View) -> tuple[int, int] | None:
    tail = view.at(view.size - _TAIL.size, _TAIL.size)
    if len(tail) < _TAIL.size:
        return None
    major, minor, mark = _TAIL.unpack(tail)
    return (major, minor) if mark == _MARK and max(major, minor) < _NEWEST else None


def inspect(view: View, _context: Context) -> Inspection:
    """Return the layout's version; raises `FormatError`."""
    versions = _versions(view)
    if versions is None:
        raise FormatError("the file does not end as Lance's do")
    return Inspection(
        model_format="lance",
        role="dataset",
        header=ModelHeader(producer=f"Lance file {versions[0]}.{versions[1]}"),
    )


FORMAT = ModelFormat(title="Lance", recognises=recognises, inspect=inspect, rank=8)
