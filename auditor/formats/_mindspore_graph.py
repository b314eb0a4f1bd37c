"""Walks MindSpore's graphs: operators, parameters, and the files that hold them."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats._onnx_tensors import Outside
from auditor.formats._protobuf import Message
from auditor.formats._tally import Places, Tally, elements, shown

# mindspore/core/proto/mind_ir.proto, TensorProto.DataType
_TYPES = {
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 8: "STRING", 9: "BOOL",
    10: "F16", 11: "F64", 12: "U32", 13: "U64", 14: "C64", 15: "C128", 16: "BF16", 17: "F64",
}  # fmt: skip
_BYTES = {
    "F32": 4, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "I32": 4, "I64": 8, "BOOL": 1, "F16": 2,
    "F64": 8, "U32": 4, "U64": 8, "C64": 8, "C128": 16, "BF16": 2,
}  # fmt: skip
_NODE, _NAME, _PARAMETER = 1, 2, 3
_OP_TYPE, _ATTRIBUTE = 4, 5
_TENSOR, _GRAPH, _TENSORS, _GRAPHS, _VALUES = 6, 7, 12, 13, 17
# Primitives that run Python by a text that the graph gives, and those of a library.
_PYTHON = ("PyExecute", "PyInterpret", "PyFunc", "PyBoost", "JoinedStr")
_LIBRARY = ("Custom", "CustomAOT", "AiCpu", "ShellExec")


class Graphs:
    """What the graphs of one model hold."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.tally = Tally()
        self.outside = Outside(context, "mindspore")
        self.name = ""
        self.reasons: list[VerdictReason] = []
        self._operators: Places[str] = Places()
        self._unread: set[tuple[str, int]] = set()
        self._pending: list[Message] = []

    def graph(self, message: Message) -> None:
        """Walk a GraphProto with all that lies in it."""
        self._pending.append(message)
        self._rest()

    def node(self, message: Message) -> None:
        """Walk a NodeProto, or a PrimitiveProto, whose name and type are its first fields."""
        for field in message.fields():
            if field.number in (1, 2, _OP_TYPE) and field.size < 1 << 12:
                self._operator(message.raw(field).decode("utf-8", "backslashreplace"), field.start)
        self._rest()

    def unread(self, message: str, number: int, offset: int) -> None:
        """Note a part that is not read, once."""
        if (message, number) not in self._unread and len(self._unread) < len(_TYPES):
            self._unread.add((message, number))
            detail = f"field {number} of {message} is not read here"
            self.reasons.append(
                self._context.reason("mindspore-unread-field", "unlisted", detail, offset=offset)
            )

    def judged(self) -> Iterator[VerdictReason]:
        """Yield the reasons, those of the operators among them."""
        yield from self.reasons
        yield from self.outside.reasons
        for name, offset in self._operators.items():
            last = name.rpartition("::")[2]
            python = last.startswith(_PYTHON)
            if not python and not last.startswith(_LIBRARY):
                continue
            self.tally.operator(name)
            if python:
                detail = f"the operator {shown(name)} runs Python that the graph gives"
                rule = "mindspore-python-operator"
                yield self._context.reason(rule, "dangerous", detail, offset=offset)
            else:
                detail = f"the operator {shown(name)} is in a library outside of MindSpore"
                rule = "mindspore-custom-operator"
                yield self._context.reason(rule, "unlisted", detail, offset=offset)

    def _operator(self, name: str, offset: int) -> None:
        self._operators.add(name, offset)

    def _rest(self) -> None:
        while self._pending:
            self._one(self._pending.pop())

    def _one(self, message: Message) -> None:
        for field in message.fields():
            if field.number == _NODE:
                node = message.inner(field)
                for part in node.fields():
                    if part.number == _OP_TYPE:
                        self._operator(node.text(part), part.start)
                    elif part.number == _ATTRIBUTE:
                        self._attribute(node.inner(part))
            elif field.number == _NAME:
                self.name = self.name or message.text(field)
            elif field.number == _PARAMETER:
                self._tensor(message.inner(field), counted=True)
            elif field.number > 7:  # noqa: PLR2004 - bprop_hash
                self.unread("GraphProto", field.number, field.start)

    def _attribute(self, message: Message) -> None:
        """Walk an attribute and the attributes that lie in it, as those of lists do."""
        pending = [message]
        while pending:
            one = pending.pop()
            for field in one.fields():
                if field.number in (_TENSOR, _TENSORS):
                    self._tensor(one.inner(field), counted=False)
                elif field.number in (_GRAPH, _GRAPHS):
                    self._pending.append(one.inner(field))
                elif field.number in (_VALUES, _VALUES + 1):
                    pending.append(one.inner(field))

    def _tensor(self, message: Message, *, counted: bool) -> None:
        shape: list[int] = []
        kind = 0
        files: list[Message] = []
        for field in message.fields():
            if field.number == 1:
                shape.extend(message.shape(field))
            elif field.number == 2:  # noqa: PLR2004 - data_type
                kind = message.number(field)
            elif field.number == 12:  # noqa: PLR2004 - external_data
                files.append(message.inner(field))
        name = _TYPES.get(kind, f"type {kind}")
        # In a graph the shape of what is not known beforehand is negative.
        count = 0 if any(n < 0 for n in shape) else elements(shape)
        for file in files:
            self._file(file, count * _BYTES.get(name, 0))
        if counted:
            self.tally.tensor(name, count)

    def _file(self, message: Message, size: int) -> None:
        location, offset, length = "", 0, 0
        for field in message.fields():
            if field.number == 1:
                location = message.text(field)
            elif field.number == 2:  # noqa: PLR2004 - offset
                offset = message.number(field)
            elif field.number == 3:  # noqa: PLR2004 - length
                length = message.number(field)
        self.outside.add(location, max(offset + (length or size), 0), message.start)
