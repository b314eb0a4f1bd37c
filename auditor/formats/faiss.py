"""Reads the head of FAISS indexes: kind, width, how many vectors, and lists in other files."""

from __future__ import annotations

import re
import struct

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Context,
    ExternalData,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
)

# faiss/impl/index_write.cpp, write_index_header: a kind of four letters, width, vectors, twice
# the number 2^20, whether it is trained, the metric.
_KIND = re.compile(rb"I[A-Za-z0-9]{3}")
_HEAD = struct.Struct("<4siqqqBi")
_BINARY = struct.Struct("<4siiqBi")
_FILLER = 1 << 20
_MOST_METRICS = 64
_WIDEST = 1 << 24
_FLAT = (b"IxF2", b"IxFI", b"IxFl")
# The lists of an index that lie in a file of their own (OnDiskInvertedLists).
_ON_DISK = b"ilod"
_SEARCHED = 64 << 20
_MOST_PATH = 4096
_MOST_LISTS = 16
_LARGEST = 1 << 62


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the head of an index is there, of floats or of bits."""
    return _KIND.match(head) is not None and (_floats(head) is not None or _bits(head) is not None)


def _floats(head: bytes) -> tuple[int, int, int] | None:
    """Return width, number of vectors and metric."""
    if len(head) < _HEAD.size:
        return None
    _, width, vectors, one, two, trained, metric = _HEAD.unpack_from(head)
    fits = one == two == _FILLER and trained in (0, 1) and 0 <= metric < _MOST_METRICS
    return (width, vectors, metric) if fits and 0 < width <= _WIDEST and vectors >= 0 else None


def _bits(head: bytes) -> tuple[int, int] | None:
    """Return width and number of vectors of an index of bits."""
    if len(head) < _BINARY.size or head[1:2] != b"B":
        return None
    _, width, size, vectors, trained, metric = _BINARY.unpack_from(head)
    fits = 0 < width == 8 * size and vectors >= 0 and trained in (0, 1)
    return (width, vectors) if fits and 0 <= metric < _MOST_METRICS else None


def inspect(view: View, context: Context) -> Inspection:
    """Return what the head says; raises `FormatError`.

    The vectors are a company's own texts in another form: none is kept.
    """
    head = view.at(0, _HEAD.size)
    kind = head[:4]
    reasons: list[VerdictReason] = []
    external: tuple[ExternalData, ...] = ()
    found = _floats(head)
    if found is not None:
        width, vectors, metric = found
        if kind in _FLAT:
            reasons.extend(_flat(view, width * vectors, metric, context))
        else:
            external = _on_disk(view)
    else:
        binary = _bits(head)
        if binary is None:
            raise FormatError("the head of the index is cut off or wrong")
        width, vectors = binary
    for lists in external:
        detail = f"its lists lie in another file: {lists.location!a}"
        reasons.append(context.reason("faiss-on-disk", "unlisted", detail))
    if width * vectors > _LARGEST:
        raise FormatError("more numbers than any file holds")
    return Inspection(
        model_format="faiss",
        role="index",
        header=ModelHeader(
            architecture=f"{kind.decode('latin-1')}, {vectors} vectors of {width}",
            producer="FAISS",
        ),
        reasons=tuple(reasons),
        external=external,
    )


def _flat(view: View, elements: int, metric: int, context: Context) -> list[VerdictReason]:
    """Return why an index that is nothing but its vectors does not end with them."""
    start = _HEAD.size + (4 if metric > 1 else 0)
    said = int.from_bytes(view.at(start, 8), "little")
    end = start + 8 + 4 * said
    if said != elements or end > view.size:
        raise FormatError(f"{said} numbers of {elements} are told", rule="faiss-size", offset=start)
    if view.size > end:
        detail = f"{view.size - end} bytes lie behind the vectors"
        return [context.reason("faiss-trailing-bytes", "malformed", detail, offset=end)]
    return []


def _on_disk(view: View) -> tuple[ExternalData, ...]:
    """Return the files that lists lie in: of the index itself, or of one that it wraps."""
    data = view.at(0, _SEARCHED)
    found: dict[ExternalData, None] = {}
    place = data.find(_ON_DISK)
    while place >= 0 and len(found) < _MOST_LISTS:
        lists = _lists_at(data, place + len(_ON_DISK))
        if lists is not None:
            found[lists] = None
        place = data.find(_ON_DISK, place + 1)
    return tuple(found)


def _lists_at(data: bytes, place: int) -> ExternalData | None:
    """Return the file that lists lie in, `None` where the bytes do not tell one."""
    place += 16  # the number of lists, the bytes of a vector
    start = place
    for width in (24, 16, 1):  # the lists, the free slots, the file's name
        count = int.from_bytes(data[place : place + 8], "little")
        start, place = place + 8, place + 8 + count * width
        if place > len(data):
            return None
    name = data[start:place]
    size = int.from_bytes(data[place : place + 8], "little")
    if not 0 < len(name) <= _MOST_PATH or size > _LARGEST:
        return None
    return ExternalData(location=name.decode("utf-8", "replace"), needed=size)


FORMAT = ModelFormat(title="FAISS", recognises=recognises, inspect=inspect, begins=b"I")
