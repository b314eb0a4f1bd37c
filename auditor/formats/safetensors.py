"""Reads the header of safetensors files: a length, JSON, then the tensors without a hole."""

from __future__ import annotations

from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats import _safetensors_facts as facts
from auditor.formats._safetensors_header import Tensor, parse

# The format's own bound (safetensors' Rust reader), and ours: the largest headers in use have
# about 2 MB, and 16 MiB of JSON already cost 100 MB of memory.
FORMAT_MOST = 100_000_000
MOST = 16 * 1024 * 1024
_LENGTH = 8


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the first bytes are a plausible header length and the start of JSON."""
    length = int.from_bytes(head[:_LENGTH], "little")
    if head[_LENGTH : _LENGTH + 1] != b"{" or not 2 <= length <= FORMAT_MOST:  # noqa: PLR2004 - `{}`
        return False
    return head[_LENGTH + 1 :].lstrip()[:1] in (b'"', b"}", b"")


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
    tensors, metadata = parse(raw)
    _check_layout(tensors, view.size - _LENGTH - length)
    return Inspection(
        model_format="safetensors", role=facts.role(raw), header=_header(tensors, metadata)
    )


def _check_layout(tensors: list[Tensor], size: int) -> None:
    reached = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != reached:
            raise FormatError("the tensors overlap, or there is a hole between them")
        reached = tensor.end
    if reached != size:
        raise FormatError(f"the tensors end at byte {reached}, the data at byte {size}")


def _header(tensors: list[Tensor], metadata: dict[str, str]) -> ModelHeader:
    elements: dict[str, int] = {}
    for tensor in tensors:
        elements[tensor.dtype] = elements.get(tensor.dtype, 0) + tensor.elements

    return ModelHeader(
        architecture=facts.architecture(metadata),
        name=facts.name(metadata),
        parameters=sum(elements.values()),
        precision=by_share(elements),
        tensors=len(tensors),
        license=facts.license_of(metadata),
        base_model=facts.base_model(metadata),
        producer=facts.producer(metadata),
        datasets=facts.datasets(metadata),
    )


FORMAT = ModelFormat(title="safetensors", recognises=recognises, inspect=inspect)
