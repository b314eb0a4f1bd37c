"""Reads the headers of model files, one file a format: bounded, never executed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from msgspec import Struct

from auditor.evidence import GapReason
from auditor.listing import constant_of, public_modules

# What a format is recognised by: this many bytes from a file's beginning.
SNIFFED = 16

Beginning = Callable[[int], bytes]


class FormatError(Exception):
    """A file is not what its first bytes promise; `reason` as in `Gap`."""

    def __init__(self, detail: str, reason: GapReason = "malformed") -> None:
        """Keep the sentence and the reason."""
        super().__init__(detail)
        self.detail = detail
        self.reason: GapReason = reason


class ModelHeader(Struct, frozen=True, kw_only=True):
    """What a model file says of itself; fields as in `ModelFile`."""

    architecture: str = ""
    name: str = ""
    parameters: int | None = None
    precision: str = ""
    context_length: int = 0
    tensors: int = 0
    license: str = ""
    base_model: str = ""


class ModelFormat(Struct, frozen=True, kw_only=True):
    """A model format.

    `recognises` is asked with the first 16 bytes of a file, never with its name. `read` is
    given a function that returns the file's first N bytes (fewer where the file ends), and the
    file's size; it raises `FormatError` and nothing else.
    """

    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Beginning, int], ModelHeader]


@cache
def names() -> tuple[str, ...]:
    """Return the formats' names: the public files of this folder."""
    return public_modules(__path__)


@cache
def load(name: str) -> ModelFormat:
    """Return one format by its file's name."""
    return constant_of(f"{__name__}.{name}", "FORMAT", ModelFormat)


def recognise(head: bytes) -> str:
    """Return the format's name that a file's first bytes show, `` for none."""
    return next((name for name in names() if load(name).recognises(head)), "")


def by_share(elements: dict[str, int]) -> str:
    """Return the number types that make up a model, the largest share first: `F8_E4M3+BF16`.

    Those with less than a hundredth of the elements are left out.
    """
    total = sum(elements.values())
    kinds = sorted(elements.items(), key=lambda item: (-item[1], item[0]))
    return "+".join(kind for kind, count in kinds if count * 100 >= total > 0)
