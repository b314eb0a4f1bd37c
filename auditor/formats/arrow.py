"""Reads Arrow's files and streams, and Feather: their schema, and whether they are whole."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Budget,
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    Part,
    View,
)
from auditor.formats._arrow_schema import pickled_types
from auditor.formats._flatbuffer import Table, root

# arrow.apache.org/docs/format/Columnar.html: the file ends as it begins, a stream's messages
# begin with a mark and their length. Feather's first version has a mark of its own.
_FILE, _FEATHER, _NEXT = b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"
# Message.fbs: version, header's type, header, body's length. Schema.fbs: endianness, fields.
_VERSION, _KIND, _HEADER, _BODY = range(4)
_IS_SCHEMA = 1
_NEWEST = 4
_FIELDS = 1
_FILE_SCHEMA = 1
_MOST = 16 << 20
_MOST_MESSAGES = 200_000
_TRIAL = 100


def recognises(head: bytes, view: View) -> bool:
    """Return whether a mark is there, or a stream's first message is a schema."""
    if head.startswith((_FILE + b"\0\0", _FEATHER)):
        return True
    return head.startswith(_NEXT) and _is_schema(view)


def _is_schema(view: View) -> bool:
    length = int.from_bytes(view.at(4, 4), "little")
    if not 8 <= length <= _MOST:  # noqa: PLR2004 - the smallest table
        return False
    budget = Budget()
    budget.steps = _TRIAL
    try:
        message = root(Part(view, 8, length), budget)
        return message.number(_KIND, "B") == _IS_SCHEMA and message.number(_VERSION, "h") <= _NEWEST
    except FormatError:
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what the schema says; raises `FormatError`.

    Names of columns and values stay in the file: they may be a company's own.
    """
    head = view.at(0, 8)
    if head.startswith(_FEATHER):
        return _feather(view)
    schema, reasons = _file(view, context) if head.startswith(_FILE) else _stream(view, context)
    span, table = schema
    reasons.extend(pickled_types(view.at(*span), context))
    return Inspection(
        model_format="arrow",
        role="dataset",
        header=ModelHeader(tensors=table.vector(_FIELDS, 4)[1]),
        reasons=tuple(reasons),
    )


def _feather(view: View) -> Inspection:
    tail = view.at(view.size - 8, 8)
    if tail[4:] != _FEATHER or int.from_bytes(tail[:4], "little") > view.size - 16:
        raise FormatError("the file has no footer at its end", rule="arrow-footer")
    return Inspection(
        model_format="arrow", role="dataset", header=ModelHeader(producer="Feather 1")
    )


_Schema = tuple[tuple[int, int], Table]


def _file(view: View, context: Context) -> tuple[_Schema, list[VerdictReason]]:
    tail = view.at(view.size - 10, 10)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _FILE or length > view.size - 18:
        raise FormatError("the file has no footer at its end", rule="arrow-footer")
    if length > _MOST:
        raise FormatError(f"a footer of {length} bytes", "limit")
    span = view.size - 10 - length, length
    schema = root(Part(view, *span), context.budget).table(_FILE_SCHEMA)
    if schema is None:
        raise FormatError("the file has no schema", rule="arrow-footer")
    return (span, schema), []


def _stream(view: View, context: Context) -> tuple[_Schema, list[VerdictReason]]:
    found: _Schema | None = None
    end = 0
    for span, message, behind in _messages(view, context):
        header = message.table(_HEADER)
        if found is None and message.number(_KIND, "B") == _IS_SCHEMA and header is not None:
            found = span, header
        elif found is None:
            raise FormatError("the first message is no schema", rule="arrow-stream")
        end = behind
    if found is None:
        raise FormatError("the stream has no schema", rule="arrow-stream")
    reasons: list[VerdictReason] = []
    if view.at(end, 8) == _NEXT + bytes(4):
        end += 8
    if view.size > end:
        detail = f"{view.size - end} bytes lie behind the stream's end"
        reasons.append(context.reason("arrow-trailing-bytes", "malformed", detail, offset=end))
    return found, reasons


def _messages(view: View, context: Context) -> Iterator[tuple[tuple[int, int], Table, int]]:
    """Yield the span, the table and the end of each message of a stream."""
    place = 0
    for _ in range(_MOST_MESSAGES):
        head = view.at(place, 8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != _NEXT or not length:
            return
        if length > _MOST:
            raise FormatError(f"a message of {length} bytes", "limit", offset=place)
        span = place + 8, length
        context.budget.step(4)
        message = root(Part(view, *span), context.budget)
        place += 8 + length + message.number(_BODY, "q")
        if place > view.size or place < span[0] + length:
            raise FormatError("a message ends beyond the file", rule="arrow-stream", offset=span[0])
        yield span, message, place
    raise FormatError(f"more than {_MOST_MESSAGES} messages", "limit")


FORMAT = ModelFormat(
    title="Arrow", recognises=recognises, inspect=inspect, rank=3, begins=b"AF\xff"
)
