"""Parses the JSON header of safetensors files: a table of tensors, no name twice."""

from __future__ import annotations

import json
import math
from typing import NamedTuple, TypeGuard

import msgspec
from msgspec import Struct

from auditor.formats import FormatError

_TEXT = 200
_LARGEST = 1 << 62
_MAX_RANK = 64
_FIELDS = (b'"dtype"', b'"shape"', b'"data_offsets"')
_SPACE = " \t\r\n"
_METADATA = '{"__metadata__":'

# Bits of one element (safetensors/src/tensor.rs).
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class Tensor(NamedTuple):
    """One tensor: small, since a header may name hundreds of thousands."""

    dtype: str
    elements: int
    begin: int
    end: int


class _Entry(Struct, forbid_unknown_fields=True):
    """A tensor as the header writes it."""

    dtype: str
    shape: list[int]
    data_offsets: list[int]


_entries = msgspec.json.Decoder(dict[str, _Entry])


def parse(raw: bytes) -> tuple[list[Tensor], dict[str, str]]:
    """Return a header's tensors and metadata; raises `FormatError`.

    What the framework's own writers write is read fast; all else with care, so that whatever is
    wrong is told by its name.
    """
    return _as_usual(raw) or _with_care(raw)


def _as_usual(raw: bytes) -> tuple[list[Tensor], dict[str, str]] | None:
    """Return what a header says, `None` where it is not written as usual.

    A decoder in C takes the last of two equal names: so each field has to be there exactly as
    often as there are tensors, and nothing may be written with escapes.
    """
    if b"\\" in raw:
        return None
    try:
        text = raw.decode("utf-8")
        metadata, rest = _split(text) if text.startswith(_METADATA) else ({}, raw)
        found = _entries.decode(rest)
    except (ValueError, RecursionError, FormatError, msgspec.MsgspecError):
        return None
    if "__metadata__" in found or any(rest.count(field) != len(found) for field in _FIELDS):
        return None
    return [_checked(e.dtype, e.shape, e.data_offsets) for e in found.values()], metadata


def _split(text: str) -> tuple[dict[str, str], bytes]:
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)
    metadata, end = decoder.raw_decode(text, len(_METADATA))
    tail = text[end:].lstrip(_SPACE)
    rest = tail[1:].lstrip(_SPACE)
    if not _is_metadata(metadata) or not (tail.startswith(",") and rest.startswith('"')):
        raise ValueError
    return metadata, b"{" + rest.encode()


def _is_metadata(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _with_care(raw: bytes) -> tuple[list[Tensor], dict[str, str]]:
    try:
        document = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the header is not JSON: {error}"[:_TEXT]) from error
    if not isinstance(document, dict):
        raise FormatError("the header is not a table of tensors")
    metadata = document.pop("__metadata__", {})
    if not _is_metadata(metadata):
        raise FormatError("__metadata__ is not a table of texts")
    tensors = []
    for value in document.values():
        if not isinstance(value, Tensor):
            raise FormatError("an entry of the header is not a tensor")
        tensors.append(value)
    return tensors, metadata


def _object(pairs: list[tuple[str, object]]) -> object:
    """Return a JSON object, as a tensor where it is one; a name twice in it is an error."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FormatError("a name stands twice in the header")
    if set(members) == {"dtype", "shape", "data_offsets"}:
        return _tensor(members)
    return members


def _tensor(members: dict[str, object]) -> Tensor:
    dtype, shape, offsets = members["dtype"], members["shape"], members["data_offsets"]
    if not isinstance(dtype, str) or not _integers(shape) or not _integers(offsets):
        raise FormatError("a tensor's dtype, shape or offsets are of the wrong kind")
    return _checked(dtype, shape, offsets)


def _checked(dtype: str, shape: list[int], offsets: list[int]) -> Tensor:
    bits = BITS.get(dtype)
    if bits is None:
        raise FormatError(f"the number type {dtype[:20]!r} is not known", "unsupported")
    if len(offsets) != 2 or len(shape) > _MAX_RANK:  # noqa: PLR2004 - begin and end
        raise FormatError("a tensor has too many dimensions or offsets")
    begin, end = offsets
    elements = math.prod(shape)
    if min(shape, default=1) < 1 and not all(0 <= n <= _LARGEST for n in shape):
        raise FormatError("a tensor has a dimension that is negative or larger than any file")
    if not 0 <= begin <= end <= _LARGEST or (end - begin) * 8 != elements * bits:
        raise FormatError("a tensor's offsets do not fit its shape")
    return Tensor(dtype, elements, begin, end)


def _integers(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(n) is int for n in value)


def _no_constant(word: str) -> object:
    raise FormatError(f"the header holds {word}")
