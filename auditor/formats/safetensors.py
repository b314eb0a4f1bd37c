"""Reads the header of safetensors files: a length, JSON, then the tensors without a hole."""

from __future__ import annotations

import json
from typing import NamedTuple, TypeGuard

from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)

# The format's own bound (safetensors' Rust reader), and ours: the largest headers in use have
# about 2 MB, and 16 MiB of JSON already cost 100 MB of memory.
FORMAT_MOST = 100_000_000
MOST = 16 * 1024 * 1024
_LENGTH = 8
_TEXT = 200
_LARGEST = 1 << 62
_MAX_RANK = 64

# Bits of one element (safetensors/src/tensor.rs).
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class _Tensor(NamedTuple):
    """One tensor: small, since a header may name hundreds of thousands."""

    dtype: str
    elements: int
    begin: int
    end: int


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the first bytes are a plausible header length and the start of JSON."""
    length = int.from_bytes(head[:_LENGTH], "little")
    return len(head) > _LENGTH and 2 <= length <= FORMAT_MOST and head[_LENGTH] == ord("{")  # noqa: PLR2004 - `{}`


def inspect(view: View, _context: Context) -> Inspection:
    """Return what a header says.

    The tensors must fill what follows the header to the file's last byte, without gaps and
    overlaps: anything else hides bytes from whoever reads the tensors. Raises `FormatError`.
    """
    head = view.at(0, _LENGTH)
    length = int.from_bytes(head, "little")
    if len(head) < _LENGTH or length > view.size - _LENGTH:
        raise FormatError("the file ends within its header")
    if length > FORMAT_MOST:
        raise FormatError(f"the header is longer than {FORMAT_MOST} bytes")
    if length > MOST:
        raise FormatError(f"the header is longer than {MOST} bytes", "limit")
    raw = view.at(_LENGTH, length)
    if len(raw) < length:
        raise FormatError("the file ends within its header")
    tensors, metadata = _parse(raw)
    _check_layout(tensors, view.size - _LENGTH - length)
    return Inspection(model_format="safetensors", header=_header(tensors, metadata))


def _parse(raw: bytes) -> tuple[list[_Tensor], dict[str, str]]:
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
    if not isinstance(metadata, dict):
        raise FormatError("__metadata__ is not a table")
    tensors = []
    for value in document.values():
        if not isinstance(value, _Tensor):
            raise FormatError("an entry of the header is not a tensor")
        tensors.append(value)
    return tensors, {key: value for key, value in metadata.items() if isinstance(value, str)}


def _object(pairs: list[tuple[str, object]]) -> object:
    """Return a JSON object, as a tensor where it is one; a name twice in it is an error."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FormatError("a name stands twice in the header")
    if set(members) == {"dtype", "shape", "data_offsets"}:
        return _tensor(members)
    return members


def _tensor(members: dict[str, object]) -> _Tensor:
    dtype, shape, offsets = members["dtype"], members["shape"], members["data_offsets"]
    if not isinstance(dtype, str) or not _naturals(shape) or not _naturals(offsets):
        raise FormatError("a tensor's dtype, shape or offsets are of the wrong kind")
    if dtype not in BITS:
        raise FormatError(f"the number type {dtype[:20]!r} is not known", "unsupported")
    if len(offsets) != 2 or len(shape) > _MAX_RANK:  # noqa: PLR2004 - begin and end
        raise FormatError("a tensor has too many dimensions or offsets")
    elements = 1
    for dimension in shape:
        elements *= dimension
        if elements > _LARGEST:
            raise FormatError("a tensor is larger than any file")
    begin, end = offsets
    if (end - begin) * 8 != elements * BITS[dtype]:
        raise FormatError("a tensor's offsets do not fit its shape")
    return _Tensor(dtype, elements, begin, end)


def _naturals(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(n) is int and 0 <= n <= _LARGEST for n in value)


def _no_constant(word: str) -> object:
    raise FormatError(f"the header holds {word}")


def _check_layout(tensors: list[_Tensor], size: int) -> None:
    reached = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != reached:
            raise FormatError("the tensors overlap, or there is a hole between them")
        reached = tensor.end
    if reached != size:
        raise FormatError(f"the tensors end at byte {reached}, the data at byte {size}")


def _header(tensors: list[_Tensor], metadata: dict[str, str]) -> ModelHeader:
    elements: dict[str, int] = {}
    for tensor in tensors:
        elements[tensor.dtype] = elements.get(tensor.dtype, 0) + tensor.elements

    def said(*names: str) -> str:
        return next((metadata[name][:_TEXT] for name in names if metadata.get(name)), "")

    return ModelHeader(
        # The names that the Stability AI model specification gives them (`modelspec.*`).
        architecture=said("modelspec.architecture", "architecture"),
        name=said("modelspec.title", "name"),
        parameters=sum(elements.values()),
        precision=by_share(elements),
        tensors=len(tensors),
        license=said("modelspec.license", "license"),
        base_model=said("base_model", "base_model_name_or_path"),
    )


FORMAT = ModelFormat(title="safetensors", recognises=recognises, inspect=inspect)
