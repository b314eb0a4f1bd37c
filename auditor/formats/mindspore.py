"""Reads MindSpore's graphs (MindIR) and checkpoints."""

from __future__ import annotations

import re

from auditor.formats import (
    Budget,
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._mindspore_graph import Graphs
from auditor.formats._protobuf import BYTES, VARINT, Message
from auditor.formats._tally import Tally, elements, shown

# mindspore/ccsrc/utils/checkpoint.proto: the type as text, with the bytes of one number.
_NUMBERS = {
    "Bool": ("BOOL", 1), "Int8": ("I8", 1), "Int16": ("I16", 2), "Int32": ("I32", 4),
    "Int64": ("I64", 8), "UInt8": ("U8", 1), "UInt16": ("U16", 2), "UInt32": ("U32", 4),
    "UInt64": ("U64", 8), "Float16": ("F16", 2), "Float32": ("F32", 4), "Float64": ("F64", 8),
    "BFloat16": ("BF16", 2), "Complex64": ("C64", 8), "Complex128": ("C128", 16),
    "QInt4x2": ("I4", 1),
}  # fmt: skip
_STRING = "str"
_TENSOR_TYPE, _CONTENT = 2, 3
# mindspore/train/serialization.py: a checksum of ten bytes after this word.
_CHECKSUM, _CHECKSUM_SIZE = b"crc_num", 17
# mindspore/core/proto/mind_ir.proto, ModelProto
_MODEL = {
    1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES, 8: BYTES, 9: BYTES,
    10: VARINT, 11: BYTES, 12: BYTES, 13: BYTES, 14: BYTES,
}  # fmt: skip
_LONGEST = 19
_VERSION = re.compile(rb"[0-9]{1,4}(\.[0-9]{1,4}){0,3}")
# A field 1 of bytes, which is no opcode of pickle.
_FIRST = b"\x0a"


def recognises(head: bytes, view: View) -> bool:
    """Return whether a graph of MindSpore or a checkpoint's first tensor begins there."""
    if head[:1] != _FIRST:
        return False
    try:
        message = Message(view, Budget(), clipped=True)
        return _is_graph(message) or _is_checkpoint(message)
    except FormatError:
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what a graph asks for, or what a checkpoint holds; raises `FormatError`.

    The layout of graphs is that of MindSpore's own description; neither was tried on a file that
    MindSpore wrote.
    """
    if _is_graph(Message(view, Budget(), clipped=True)):
        return _graph(view, context)
    return _checkpoint(view, context)


def _is_graph(message: Message) -> bool:
    fields = message.fields()
    version = next(fields, None)
    # The second field is asked for only where the first is a version: what follows a
    # checkpoint's tensor may be its checksum, which is no field.
    if version is None or (version.number, version.wire) != (1, BYTES) or version.size > _LONGEST:
        return False
    if not _VERSION.fullmatch(message.raw(version)):
        return False
    producer = next(fields, None)
    return (
        producer is not None and (producer.number, producer.wire) == (2, BYTES)
        and producer.size < 1 << 12 and b"MindSpore" in message.raw(producer)
    )  # fmt: skip


def _is_checkpoint(message: Message) -> bool:
    first = next(message.fields(), None)
    if first is None or first.number != 1:
        return False
    value = message.inner(first)
    fields = value.fields()
    tag, tensor = next(fields, None), next(fields, None)
    if tag is None or tensor is None or (tag.number, tensor.number) != (1, 2):
        return False
    value.text(tag, 1 << 12)
    inner = value.inner(tensor)
    for field in inner.fields():
        if field.number == _TENSOR_TYPE:
            return field.size <= _LONGEST and inner.text(field) in (*_NUMBERS, _STRING)
        if field.number != 1:
            return False
    return False


def _graph(view: View, context: Context) -> Inspection:
    message = Message(view, context.budget)
    graphs = Graphs(context)
    said: dict[int, str] = {}
    for field in message.fields():
        expected = _MODEL.get(field.number)
        if expected is not None and expected != field.wire:
            raise FormatError(f"field {field.number} is of another kind", offset=field.start)
        if field.number in (2, 3):
            said[field.number] = shown(message.text(field), 100)
        elif field.number in (7, 8):
            graphs.graph(message.inner(field))
        elif field.number == 12:  # noqa: PLR2004 - primitives
            graphs.node(message.inner(field))
        elif expected is None or field.number in (9, 11, 13, 14):
            graphs.unread("ModelProto", field.number, field.start)
    reasons = tuple(graphs.judged())
    return Inspection(
        model_format="mindspore",
        role="graph",
        header=ModelHeader(
            name=shown(graphs.name),
            parameters=graphs.tally.parameters,
            precision=by_share(graphs.tally.elements),
            tensors=graphs.tally.tensors,
            producer=" ".join(said.values()),
            custom_operators=graphs.tally.operators,
        ),
        reasons=reasons,
        external=graphs.outside.files,
    )


def _checkpoint(view: View, context: Context) -> Inspection:
    end = view.size
    if view.at(end - _CHECKSUM_SIZE, len(_CHECKSUM)) == _CHECKSUM:
        end -= _CHECKSUM_SIZE
    message = Message(view, context.budget, (0, end))
    tally = Tally()
    for field in message.fields():
        if field.number != 1:
            raise FormatError("a field is no tensor of the checkpoint", offset=field.start)
        value = message.inner(field)
        for part in value.fields():
            if part.number == 2:  # noqa: PLR2004 - tensor
                _tensor(value.inner(part), tally)
            elif part.number != 1:
                raise FormatError(
                    "a value of the checkpoint is no tensor", "unsupported", offset=part.start
                )
    return Inspection(
        model_format="mindspore",
        header=ModelHeader(
            parameters=tally.parameters, precision=by_share(tally.elements),
            tensors=tally.tensors, producer="MindSpore",
        ),
    )  # fmt: skip


def _tensor(message: Message, tally: Tally) -> None:
    shape: list[int] = []
    kind, size = "", 0
    for field in message.fields():
        if field.number == 1:
            shape.extend(message.shape(field))
        elif field.number == _TENSOR_TYPE:
            kind = message.text(field, 100)
        elif field.number == _CONTENT:
            size += field.size
    count = elements(shape)
    if kind == _STRING:
        return
    if kind not in _NUMBERS:
        raise FormatError(f"the number type {shown(kind, 20)!r} is not known", "unsupported")
    name, width = _NUMBERS[kind]
    # A tensor of more than 512 MB is written in parts, each under the same name.
    if size > count * width:
        raise FormatError(f"a tensor of {count * width} bytes holds {size}", offset=message.start)
    tally.tensor(name, size // width)


FORMAT = ModelFormat(
    title="MindSpore", recognises=recognises, inspect=inspect, rank=5, begins=_FIRST
)
