"""Recognises SQLite databases, in which Chroma keeps its index and MLflow its runs."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from auditor.evidence.models import Role, VerdictReason
from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

_MAGIC = b"SQLite format 3\0"
# sqlite.org/fileformat2.html, the database header.
_HEAD = struct.Struct(">16sHBBBBBBIIIIIIIIIIII20xII")
_SEARCHED = 256 << 10
_KNOWN = ((b"embedding_metadata", "Chroma"), (b"registered_models", "MLflow"))


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic text is there."""
    return head.startswith(_MAGIC)


def inspect(view: View, context: Context) -> Inspection:
    """Return whose tables they are, by their names alone; raises `FormatError`.

    Rows are not read: they hold a company's texts.
    """
    head = view.at(0, _HEAD.size)
    if len(head) < _HEAD.size:
        raise FormatError("the file ends within its header")
    fields = _HEAD.unpack(head)
    page = 1 << 16 if fields[1] == 1 else fields[1]
    if page < 512 or page & (page - 1):  # noqa: PLR2004 - the smallest page
        raise FormatError(f"a page of {page} bytes", offset=16)
    beginning = view.at(0, _SEARCHED)
    owner = next((name for table, name in _KNOWN if table in beginning), "")
    role: Role = "index" if owner == "Chroma" else "unknown"
    changes, pages, valid_for = fields[8], fields[9], fields[-2]
    return Inspection(
        model_format="sqlite",
        role=role,
        header=ModelHeader(architecture=owner, producer="SQLite"),
        reasons=tuple(_size(view, page * pages if changes == valid_for else 0, context)),
    )


def _size(view: View, said: int, context: Context) -> Iterator[VerdictReason]:
    """Yield where the file is not as long as its header says; 0 where it does not say."""
    if said and view.size > said:
        detail = f"{view.size - said} bytes lie behind the last page"
        yield context.reason("sqlite-trailing-bytes", "malformed", detail, offset=said)
    elif view.size < said:
        detail = f"the file has {view.size} bytes of {said}"
        yield context.reason("sqlite-truncated", "malformed", detail, offset=view.size)


FORMAT = ModelFormat(title="SQLite", recognises=recognises, inspect=inspect, begins=_MAGIC[:1])
