"""Reads NumPy's array files: a header of a few words, then the array or a pickle of objects."""

from __future__ import annotations

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    worst,
)
from auditor.formats._npy_header import Header, read
from auditor.formats._pickle import examine
from auditor.formats._pickle_file import with_tail

MAGIC = b"\x93NUMPY"
# numpy/lib/format.py: the version, then the header's length in 2 bytes (1.0) or 4 (2.0, 3.0).
_WIDTHS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
_MAGIC_SIZE = 8
MOST = 1 << 20


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there (numpy/lib/format.py)."""
    return head.startswith(MAGIC)


def inspect(view: View, context: Context) -> Inspection:
    """Return what a header says; raises `FormatError`.

    The array has to fill the file to its last byte. An array of objects is a pickle, which is
    examined; NumPy reads no further than its end, so what follows is judged as behind any pickle.
    """
    header, start = _header(view)
    number = header.elements
    facts = ModelHeader(
        parameters=number,
        precision=header.dtype.label,
        tensors=1,
        producer=f"npy {header.version}",
    )
    verdict: Verdict = "data"
    reasons: tuple[VerdictReason, ...] = ()
    unlisted: tuple[str, ...] = ()
    if header.dtype.objects:
        first = examine(view, context, start=start, joblib=False)
        found, told = with_tail([first], view, context, blanks=True)
        reasons = tuple(told)
        verdict = worst([pickled.verdict for pickled in found] + [r.verdict for r in reasons])
        unlisted = tuple({name for pickled in found for name in pickled.unlisted})
    else:
        _check_size(number * header.dtype.size, view.size - start, start)
    return Inspection(
        model_format="npy", header=facts, verdict=verdict, reasons=reasons, unlisted=unlisted
    )


def _header(view: View) -> tuple[Header, int]:
    head = view.at(0, 12)
    width = _WIDTHS.get((head[6], head[7])) if len(head) > _MAGIC_SIZE else 0
    if width is None:
        raise FormatError(f"version {head[6]}.{head[7]} is not known", "unsupported")
    length = int.from_bytes(head[_MAGIC_SIZE : _MAGIC_SIZE + width], "little")
    start = _MAGIC_SIZE + width + length
    if not width or start > view.size:
        raise FormatError("the file ends within its header")
    if length > MOST:
        raise FormatError(f"the header is longer than {MOST} bytes", "limit")
    raw = view.at(_MAGIC_SIZE + width, length)
    encoding = "utf-8" if head[6] >= 3 else "latin-1"  # noqa: PLR2004 - version 3.0
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise FormatError("the header is not UTF-8") from None
    return read(text, f"{head[6]}.{head[7]}"), start


def _check_size(needed: int, there: int, start: int) -> None:
    if needed > there:
        raise FormatError(f"the array needs {needed} bytes, the file has {there}", offset=start)
    if needed < there:
        raise FormatError(
            f"{there - needed} bytes lie behind the array", rule="npy-tail", offset=start + needed
        )


FORMAT = ModelFormat(title="NumPy array", recognises=recognises, inspect=inspect, begins=MAGIC[:1])
