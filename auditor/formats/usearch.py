"""Recognises USearch's indexes by the mark behind their vectors."""

from __future__ import annotations

import struct

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

# usearch/index_dense.hpp: rows and bytes of a row, the rows, then a head that begins with this.
_MARK = b"usearch"
_SIZES = struct.Struct("<II")
_WIDE_SIZES = struct.Struct("<QQ")
_VERSION = struct.Struct("<3H")


def recognises(head: bytes, view: View) -> bool:
    """Return whether the mark is where the sizes say."""
    return _mark(head, view) > 0


def _mark(head: bytes, view: View) -> int:
    """Return where the mark is, 0 for nowhere."""
    for sizes in (_SIZES, _WIDE_SIZES):
        if len(head) < sizes.size:
            return 0
        rows, width = sizes.unpack_from(head)
        place = int(sizes.size + rows * width)
        if place < view.size and view.at(place, len(_MARK)) == _MARK:
            return place
    return 0


def inspect(view: View, _context: Context) -> Inspection:
    """Return the version that wrote the index; raises `FormatError`."""
    place = _mark(view.at(0, _WIDE_SIZES.size), view)
    version = view.at(place + len(_MARK), _VERSION.size)
    if not place or len(version) < _VERSION.size:
        raise FormatError("the index has no head behind its vectors")
    numbers = ".".join(map(str, _VERSION.unpack(version)))
    return Inspection(
        model_format="usearch",
        role="index",
        header=ModelHeader(producer=f"USearch {numbers}"),
    )


FORMAT = ModelFormat(title="USearch", recognises=recognises, inspect=inspect, rank=8)
