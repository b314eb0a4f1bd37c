"""Checks that the tensors of a GGUF file fill it: no hole, no overlap, nothing behind them."""

from __future__ import annotations

from typing import NamedTuple

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError
from auditor.formats._gguf_reader import Cursor
from auditor.formats._gguf_types import BLOCKS

_MAX_DIMENSIONS = 4  # GGML_MAX_DIMS
_KEY = 1 << 16
_LARGEST = 1 << 62


class Tensors(NamedTuple):
    """What a file's tensors are: elements by ggml type, names, and what does not fit."""

    elements: dict[int, int]
    names: tuple[str, ...]
    reasons: tuple[VerdictReason, ...]


def read(cursor: Cursor, count: int, size: int, alignment: int, context: Context) -> Tensors:
    """Return the tensors of a header; `size` is the file's. Raises `FormatError`.

    As llama.cpp lays them out: one behind the other, each padded to the alignment. A file that
    ends early, holes and overlaps are malformed; bytes behind the last tensor are a reason.
    """
    elements: dict[int, int] = {}
    places: list[tuple[int, int]] = []
    names: dict[str, None] = {}
    unknown: set[int] = set()
    for _ in range(count):
        name = cursor.string(_KEY)
        if name in names:
            raise FormatError("a tensor's name stands twice in the header")
        names[name] = None
        shape, ggml_type, offset = _tensor(cursor)
        number = shape[0] * shape[1]
        elements[ggml_type] = elements.get(ggml_type, 0) + number
        if offset % alignment:
            raise FormatError("a tensor does not lie at a multiple of the alignment")
        length = _bytes(ggml_type, shape)
        if length is None:
            unknown.add(ggml_type)
        places.append((offset, length or 0))
    start = -(-cursor.offset // alignment) * alignment
    reasons = [] if unknown else _layout(places, start, size, alignment, context)
    for kind in sorted(unknown):
        detail = f"the number type {kind} is not known: how many bytes its tensors have neither"
        reasons.append(context.reason("gguf-unknown-type", "not-inspectable", detail))
    if unknown and start + max(places)[0] >= size:
        raise FormatError("a tensor begins beyond the end of the file")
    return Tensors(elements, tuple(names), tuple(reasons[:10]))


def _tensor(cursor: Cursor) -> tuple[tuple[int, int], int, int]:
    """Return a tensor's row length and rows, its type, and its offset."""
    dimensions = cursor.u32()
    if dimensions > _MAX_DIMENSIONS:
        raise FormatError(f"a tensor has {dimensions} dimensions")
    row = cursor.count() if dimensions else 1
    rows = 1
    for _ in range(dimensions - 1):
        rows *= cursor.count()
        if rows > _LARGEST:
            raise FormatError("a tensor is larger than any file")
    if row * rows > _LARGEST:
        raise FormatError("a tensor is larger than any file")
    return (row, rows), cursor.u32(), cursor.u64()


def _bytes(ggml_type: int, shape: tuple[int, int]) -> int | None:
    """Return how many bytes a tensor has, `None` for a type that is not known."""
    block = BLOCKS.get(ggml_type)
    if block is None:
        return None
    row, rows = shape
    if row % block[0]:
        raise FormatError(f"a tensor's rows of {row} are no multiple of a block of {block[0]}")
    return row // block[0] * block[1] * rows


def _layout(
    places: list[tuple[int, int]], start: int, size: int, alignment: int, context: Context
) -> list[VerdictReason]:
    reached = end = 0
    for offset, length in sorted(places):
        if offset != reached:
            what = "overlap" if offset < reached else "have a hole between them"
            raise FormatError(f"the tensors {what} at byte {start + offset}", offset=start + offset)
        end = offset + length
        reached = -(-end // alignment) * alignment
    if places and start + end > size:
        raise FormatError(f"a tensor ends at byte {start + end} of {size}", offset=size)
    if size > start + reached:
        detail = f"{size - start - reached} bytes lie behind the last tensor"
        return [context.reason("gguf-trailing-bytes", "malformed", detail, offset=start + reached)]
    return []
