"""Reads the header of GGUF files: keys and values, then the tensors' names, shapes and types."""

from __future__ import annotations

from collections.abc import Callable

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._gguf_reader import Cursor, Exhausted, Value
from auditor.formats._gguf_types import FILE_TYPES, precision

MAGIC = b"GGUF"
# A header is read in growing steps: a vocabulary of 260,000 words with merges has about 15 MB.
STEPS = (1 << 20, 1 << 23, 1 << 26)
MAX_PAIRS = 1 << 16
MAX_TENSORS = 1 << 18
_MAX_DIMENSIONS = 4  # GGML_MAX_DIMS
_KEY = 1 << 16
_LARGEST = 1 << 62
_TEXT = 200
_VERSIONS = (1, 2, 3)


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there (ggml/docs/gguf.md)."""
    return head.startswith(MAGIC)


def inspect(view: View, _context: Context) -> Inspection:
    """Return what a header says; raises `FormatError`.

    Versions 1 to 3 in either byte order. A header longer than 64 MiB is a `limit`.
    """
    for step in STEPS:
        data = view.at(0, step)
        try:
            return Inspection(model_format="gguf", header=_read(data, view.size))
        except Exhausted:
            if len(data) < step or len(data) >= view.size:
                raise FormatError("the file ends within its header") from None
    raise FormatError(f"the header is longer than {STEPS[-1]} bytes", "limit")


def _read(data: bytes, size: int) -> ModelHeader:
    cursor = _opened(data)
    tensors, pairs = cursor.count(), cursor.count()
    if tensors > MAX_TENSORS or pairs > MAX_PAIRS:
        raise FormatError(f"the header counts {tensors} tensors and {pairs} keys", "limit")
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.string(_KEY)
        if key in metadata:
            raise FormatError("a key stands twice in the header")
        metadata[key] = cursor.value()
    parameters, elements = _tensors(cursor, tensors, size, _alignment(metadata))
    return _header(metadata, tensors, parameters, elements)


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


def _tensors(cursor: Cursor, count: int, size: int, alignment: int) -> tuple[int, dict[int, int]]:
    """Return the number of elements, in all and by ggml type; offsets must lie in the file."""
    elements: dict[int, int] = {}
    last = 0
    names: set[str] = set()
    for _ in range(count):
        name = cursor.string(_KEY)
        if name in names:
            raise FormatError("a tensor's name stands twice in the header")
        names.add(name)
        number, ggml_type, offset = _tensor(cursor)
        if offset % alignment:
            raise FormatError("a tensor does not lie at a multiple of the alignment")
        elements[ggml_type] = elements.get(ggml_type, 0) + number
        last = max(last, offset)
    start = -(-cursor.offset // alignment) * alignment
    if count and start + last >= size:
        raise FormatError("a tensor begins beyond the end of the file")
    return sum(elements.values()), elements


def _tensor(cursor: Cursor) -> tuple[int, int, int]:
    dimensions = cursor.u32()
    if dimensions > _MAX_DIMENSIONS:
        raise FormatError(f"a tensor has {dimensions} dimensions")
    number = 1
    for _ in range(dimensions):
        number *= cursor.count()
        if number > _LARGEST:
            raise FormatError("a tensor is larger than any file")
    return number, cursor.u32(), cursor.u64()


def _header(
    metadata: dict[str, Value], tensors: int, parameters: int, elements: dict[int, int]
) -> ModelHeader:
    def text(key: str) -> str:
        value = metadata.get(key)
        return value[:_TEXT] if isinstance(value, str) else ""

    def number(key: str) -> int:
        value = metadata.get(key)
        return value if type(value) is int and 0 <= value < _LARGEST else 0

    architecture = text("general.architecture")
    file_type = metadata.get("general.file_type")
    said = FILE_TYPES.get(file_type, "") if type(file_type) is int else ""
    return ModelHeader(
        architecture=architecture,
        name=text("general.name"),
        parameters=parameters,
        precision=said or precision(elements),
        context_length=number(f"{architecture}.context_length"),
        tensors=tensors,
        license=text("general.license"),
        base_model=_base_model(text),
    )


def _base_model(text: Callable[[str], str]) -> str:
    organization, name = (text(f"general.base_model.0.{part}") for part in ("organization", "name"))
    return f"{organization}/{name}" if organization and name else name


FORMAT = ModelFormat(title="GGUF", recognises=recognises, inspect=inspect)
