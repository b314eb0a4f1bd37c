"""Reads the footer of Parquet files: columns, rows, who wrote them, and what leads elsewhere."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Context,
    ExternalData,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
)
from auditor.formats import _thrift as thrift
from auditor.formats._arrow_schema import pickled_types
from auditor.formats._locations import escaping

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
# A footer's length and the magic end the file (parquet-format/README.md).
_TAIL = 8
_MOST = 32 << 20
_TEXT = 200
_MOST_EXTERNAL = 1_000
# parquet.thrift: FileMetaData, SchemaElement, RowGroup, ColumnChunk, KeyValue.
_SCHEMA, _GROUPS, _PAIRS, _WRITER, _ALGORITHM = 2, 4, 5, 6, 8
_CHILDREN, _COLUMNS, _PATH, _CRYPTO = 5, 1, 1, 8


def recognises(head: bytes, view: View) -> bool:
    """Return whether the magic number is there, of a plain or an encrypted footer.

    Words begin with `PARE` as well: what goes on as text has to end with it too.
    """
    if not head.startswith(ENCRYPTED):
        return head.startswith(MAGIC)
    is_text = head[4:64].isascii() and b"\0" not in head[4:64]
    return not is_text or view.at(view.size - len(ENCRYPTED), 4) == ENCRYPTED


def inspect(view: View, context: Context) -> Inspection:
    """Return what the footer says; raises `FormatError`.

    Names of columns and values stay in the file: they may be a company's own.
    """
    tail = view.at(view.size - _TAIL, _TAIL)
    if tail[4:] == ENCRYPTED:
        raise FormatError("the footer is encrypted", "unsupported", rule="parquet-encrypted")
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > view.size - _TAIL - len(MAGIC):
        raise FormatError("the file has no footer at its end", rule="parquet-footer")
    if length > _MOST:
        raise FormatError(f"a footer of {length} bytes", "limit", rule="parquet-footer")
    footer = _Footer(view.at(view.size - _TAIL - length, length), context)
    footer.read()
    return Inspection(
        model_format="parquet",
        role="dataset",
        header=ModelHeader(tensors=footer.columns, producer=footer.writer),
        reasons=tuple(footer.judged()),
        external=tuple(ExternalData(location=path, needed=0) for path in sorted(footer.paths)),
    )


class _Footer:
    """What is read of a footer."""

    def __init__(self, data: bytes, context: Context) -> None:
        self._source = thrift.Compact(data, context.budget)
        self._context = context
        self._schema = b""
        self.columns = 0
        self.writer = ""
        self.paths: set[str] = set()
        self.is_encrypted = False

    def read(self) -> None:
        for number, kind in self._source.fields():
            if number == _SCHEMA and kind == thrift.LIST:
                self._each(self._element)
            elif number == _GROUPS and kind == thrift.LIST:
                self._each(self._group)
            elif number == _PAIRS and kind == thrift.LIST:
                self._each(self._pair)
            elif number == _WRITER and kind == thrift.BINARY:
                self.writer = self._source.binary()[:_TEXT].decode("utf-8", "replace")
            else:
                self.is_encrypted |= number == _ALGORITHM
                self._source.skip(kind)

    def judged(self) -> Iterator[VerdictReason]:
        if self.is_encrypted:
            detail = "columns of it are encrypted"
            yield self._context.reason("parquet-encrypted", "not-inspectable", detail)
        for path in sorted(self.paths):
            why = escaping(path)
            if why:
                detail = f"the path of a column's values {why}: {path[:_TEXT]!a}"
                yield self._context.reason("parquet-external-escapes", "dangerous", detail)
        if self._schema:
            yield from pickled_types(self._schema, self._context)

    def _each(self, read: Callable[[], None]) -> None:
        count, kind = self._source.elements()
        for _ in range(count):
            if kind == thrift.STRUCT:
                read()
            else:
                self._source.skip(kind)

    def _element(self) -> None:
        children = 0
        for number, kind in self._source.fields():
            if number == _CHILDREN and kind == thrift.I32:
                children = self._source.number()
            else:
                self._source.skip(kind)
        self.columns += not children

    def _group(self) -> None:
        for number, kind in self._source.fields():
            if number == _COLUMNS and kind == thrift.LIST:
                self._each(self._chunk)
            else:
                self._source.skip(kind)

    def _chunk(self) -> None:
        for number, kind in self._source.fields():
            if number == _PATH and kind == thrift.BINARY:
                path = self._source.binary().decode("utf-8", "replace")
                if len(self.paths) < _MOST_EXTERNAL:
                    self.paths.add(path)
            else:
                self.is_encrypted |= number == _CRYPTO
                self._source.skip(kind)

    def _pair(self) -> None:
        pair = {}
        for number, kind in self._source.fields():
            if kind == thrift.BINARY:
                pair[number] = self._source.binary()
            else:
                self._source.skip(kind)
        if pair.get(1) == b"ARROW:schema":
            try:
                self._schema = base64.b64decode(pair.get(2, b""))
            except binascii.Error as error:
                raise FormatError("the schema of Arrow is no base64") from error


FORMAT = ModelFormat(title="Parquet", recognises=recognises, inspect=inspect, begins=MAGIC[:1])
