"""Reads NumPy's arrays as they lie in a file, one or many end to end, each to its last byte."""

from __future__ import annotations

from msgspec import Struct

from auditor.formats import Context, FormatError, Inspection, ModelHeader, View, by_share
from auditor.formats._gathered import Gathered
from auditor.formats._npy_header import Header, read
from auditor.formats._pickle import examine
from auditor.formats._pickle_file import with_tail

MAGIC = b"\x93NUMPY"
# numpy/lib/format.py: the version, then the header's length in 2 bytes (1.0) or 4 (2.0, 3.0).
_WIDTHS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
_MAGIC_SIZE = 8
MOST = 1 << 20
MOST_ARRAYS = 10_000
# Steps for an array, and one more for so many bytes of its header, as a power of two.
_ARRAY, _TEXT = 40, 3


class _Array(Struct, frozen=True, kw_only=True):
    """An array: what its header says, where its content begins, and where it ends."""

    header: Header
    start: int
    end: int


def inspect_arrays(
    view: View, context: Context, begin: int, gathered: Gathered, model_format: str
) -> Inspection:
    """Return what the arrays from byte `begin` on hold, with what is gathered already, as a format.

    `numpy.save` may write one behind the other into one file, which `numpy.load` reads as often
    as it is called; so each begins where the one before it ends, and the last one fills the file.
    An array of objects is a pickle, which is examined. Raises `FormatError` where the first array
    is none.
    """
    elements: dict[str, int] = {}
    count, at, version = 0, begin, ""
    while at < view.size or not count:
        try:
            array = _read(view, at, count, context, gathered)
        except FormatError as error:
            if not count:
                raise
            gathered.tell_error(error, context, "npy")
            break
        label = array.header.dtype.label
        elements[label] = elements.get(label, 0) + array.header.elements
        version = version or array.header.version
        count += 1
        at = array.end
    header = ModelHeader(
        parameters=sum(elements.values()),
        precision=by_share(elements) if len(elements) > 1 else next(iter(elements)),
        tensors=count,
        producer=f"npy {version}",
    )
    return gathered.inspection(model_format, "weights", header)


def _read(view: View, at: int, before: int, context: Context, gathered: Gathered) -> _Array:
    """Return the array that begins at a byte and has to lie there; `before` is how many were."""
    if before and view.at(at, len(MAGIC)) != MAGIC:
        detail = f"{view.size - at} bytes lie behind the array"
        raise FormatError(detail, rule="npy-tail", offset=at)
    if before == MOST_ARRAYS:
        detail = f"more than {MOST_ARRAYS} arrays lie end to end"
        raise FormatError(detail, "limit", rule="limit-members", offset=at)
    header, start = _header(view, at)
    context.budget.step(_ARRAY + (start - at >> _TEXT))
    if header.dtype.objects:
        return _Array(header=header, start=start, end=_objects(view, start, context, gathered))
    needed, there = header.elements * header.dtype.size, view.size - start
    if needed > there:
        raise FormatError(f"the array needs {needed} bytes, the file has {there}", offset=start)
    return _Array(header=header, start=start, end=start + needed)


def _objects(view: View, start: int, context: Context, gathered: Gathered) -> int:
    """Examine an array of objects, and return where the next array begins, or the file's end.

    NumPy reads no further than the pickle's end: what follows it and is no array is judged as
    behind any pickle.
    """
    found = [examine(view, context, start=start, joblib=False)]
    follows = found[0].end >= 0 and view.at(found[0].end, len(MAGIC)) == MAGIC
    reasons = list(found[0].reasons)
    if not follows:
        found, reasons = with_tail(found, view, context, blanks=True)
    gathered.tell(reasons)
    for pickled in found:
        gathered.weigh(pickled.verdict)
        gathered.name(pickled.unlisted)
    return found[0].end if follows else view.size


def _header(view: View, at: int) -> tuple[Header, int]:
    head = view.at(at, 12)
    width = _WIDTHS.get((head[6], head[7])) if len(head) > _MAGIC_SIZE else 0
    if width is None:
        raise FormatError(f"version {head[6]}.{head[7]} is not known", "unsupported", offset=at)
    length = int.from_bytes(head[_MAGIC_SIZE : _MAGIC_SIZE + width], "little")
    start = at + _MAGIC_SIZE + width + length
    if not width or start > view.size:
        raise FormatError("the file ends within its header", offset=at)
    if length > MOST:
        raise FormatError(f"the header is longer than {MOST} bytes", "limit", offset=at)
    raw = view.at(start - length, length)
    encoding = "utf-8" if head[6] >= 3 else "latin-1"  # noqa: PLR2004 - version 3.0
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise FormatError("the header is not UTF-8", offset=at) from None
    return read(text, f"{head[6]}.{head[7]}"), start
