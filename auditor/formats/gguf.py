"""Reads the header of GGUF files: keys and values, then the tensors' names, shapes and types."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, View
from auditor.formats import _gguf_tensors as tensors
from auditor.formats._gguf_facts import Facts
from auditor.formats._gguf_reader import Cursor, Exhausted, Value

MAGIC = b"GGUF"
# A header is read in growing steps: a vocabulary of 260,000 words with merges has about 15 MB.
STEPS = (1 << 20, 1 << 23, 1 << 26)
MAX_PAIRS = 1 << 16
MAX_TENSORS = 1 << 18
_KEY = 1 << 16
_VERSIONS = (1, 2, 3)
_KEPT = frozenset({"general.datasets"})


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there (ggml/docs/gguf.md)."""
    return head.startswith(MAGIC)


def inspect(view: View, context: Context) -> Inspection:
    """Return what a header says and whether its chat templates are safe; raises `FormatError`.

    Versions 1 to 3 in either byte order. A header longer than 64 MiB is a `limit`.
    """
    for step in STEPS:
        data = view.at(0, step)
        try:
            return _read(data, view.size, context)
        except Exhausted:
            if len(data) < step or len(data) >= view.size:
                raise FormatError("the file ends within its header") from None
    raise FormatError(f"the header is longer than {STEPS[-1]} bytes", "limit")


def _read(data: bytes, size: int, context: Context) -> Inspection:
    cursor = _opened(data)
    count, pairs = cursor.count(), cursor.count()
    if count > MAX_TENSORS or pairs > MAX_PAIRS:
        raise FormatError(f"the header counts {count} tensors and {pairs} keys", "limit")
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.string(_KEY)
        if key in metadata:
            raise FormatError("a key stands twice in the header")
        metadata[key] = cursor.value(keep=key in _KEPT)
    found = tensors.read(cursor, count, size, _alignment(metadata), context)
    facts = Facts(metadata)
    return Inspection(
        model_format="gguf",
        role=facts.role(),
        header=facts.header(found),
        reasons=(*found.reasons, *facts.reasons(context)),
    )


def _opened(data: bytes) -> Cursor:
    """Return a cursor after the version, in the byte order that makes sense of it."""
    if data[: len(MAGIC)] != MAGIC:
        raise FormatError("no GGUF magic number")
    for order in ("little", "big"):
        cursor = Cursor(data, offset=len(MAGIC), big_endian=order == "big")
        version = cursor.u32()
        if version in _VERSIONS:
            cursor.version = version
            return cursor
    version = int.from_bytes(data[4:8], "little")
    raise FormatError(f"GGUF version {version} is not known", "unsupported")


def _alignment(metadata: dict[str, Value]) -> int:
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= _KEY or alignment % 8:
        raise FormatError("general.alignment is not a multiple of 8")
    return alignment


FORMAT = ModelFormat(title="GGUF", recognises=recognises, inspect=inspect, begins=MAGIC[:1])
