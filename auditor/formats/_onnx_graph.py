"""Walks ONNX graphs, their subgraphs and functions: operators, and tensors beside the model."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats import _onnx_tensors as tensors
from auditor.formats._onnx_operators import COMPILED, judge_operator
from auditor.formats._protobuf import BYTES, Message
from auditor.formats._tally import Places, Tally

_GRAPH = frozenset({1, 2, 5, 10, 11, 12, 13, 14, 15, 16})
_NODE = frozenset(range(1, 11))
_ATTRIBUTE = frozenset({*range(1, 12), 13, 14, 15, 20, 21, 22, 23})
_FUNCTION = frozenset({1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
_INITIALIZER, _SPARSE_INITIALIZER = 5, 15
_OP_TYPE, _DOMAIN, _ATTRIBUTES, _OVERLOAD = 4, 7, 5, 8
_S, _T, _G, _TENSORS, _GRAPHS, _SPARSE, _SPARSES = 4, 5, 6, 10, 11, 22, 23


class Graphs:
    """What the graphs of one model hold."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.tally = Tally()
        self.outside = tensors.Outside(context)
        self.name = ""
        self.reasons: list[VerdictReason] = []
        self._operators: Places[tuple[str, str, str]] = Places()
        self._functions: set[tuple[str, str, str]] = set()
        self._unknown: set[tuple[str, int]] = set()
        self._pending: list[Message] = []

    def graph(self, message: Message) -> None:
        """Walk a GraphProto with all that lies in it."""
        self._pending.append(message)
        while self._pending:
            self._one(self._pending.pop())

    def function(self, message: Message) -> None:
        """Walk a FunctionProto: an operator that the model defines itself."""
        name = domain = overload = ""
        for field in message.fields():
            if field.number == 1:
                name = message.text(field)
            elif field.number == 13:  # noqa: PLR2004 - overload
                overload = message.text(field)
            elif field.number == 10:  # noqa: PLR2004 - domain
                domain = message.text(field)
            elif field.number == 7:  # noqa: PLR2004 - node
                self._node(message.inner(field))
            elif field.number == 11:  # noqa: PLR2004 - attribute_proto
                self._attribute(message.inner(field))
            elif field.number not in _FUNCTION:
                self.unknown("FunctionProto", field.number, field.start)
        self._functions.add((domain, name, overload))
        while self._pending:
            self._one(self._pending.pop())

    def unknown(self, message: str, number: int, offset: int) -> None:
        """Note a field that the specification does not name, once."""
        if (message, number) in self._unknown or len(self._unknown) > len(_NODE):
            return
        self._unknown.add((message, number))
        detail = f"field {number} of {message} is not in the specification"
        self.reasons.append(
            self._context.reason("onnx-unknown-field", "unlisted", detail, offset=offset)
        )

    def judged(self) -> Iterator[VerdictReason]:
        """Yield the reasons, once everything was walked: functions may follow their use."""
        yield from self.reasons
        yield from self.outside.reasons
        for operator, offset in self._operators.items():
            own = operator in self._functions
            yield from judge_operator(self._context, self.tally, operator[:2], offset, own=own)

    def _one(self, message: Message) -> None:
        for field in message.fields():
            if field.number == 1:
                self._node(message.inner(field))
            elif field.number == 2:  # noqa: PLR2004 - name
                self.name = self.name or message.text(field)
            elif field.number == _INITIALIZER:
                found = tensors.read(message.inner(field), self.outside)
                self.tally.tensor(found.kind, found.count)
            elif field.number == _SPARSE_INITIALIZER:
                self._sparse(message.inner(field), counted=True)
            elif field.number not in _GRAPH:
                self.unknown("GraphProto", field.number, field.start)

    def _node(self, message: Message) -> None:
        name = domain = overload = ""
        attributes: list[Message] = []
        for field in message.fields():
            if field.number == _OP_TYPE:
                name = message.text(field)
            elif field.number == _DOMAIN:
                domain = message.text(field)
            elif field.number == _OVERLOAD:
                overload = message.text(field)
            elif field.number == _ATTRIBUTES:
                attributes.append(message.inner(field))
            elif field.number not in _NODE:
                self.unknown("NodeProto", field.number, field.start)
        self._operators.add((domain, name, overload), message.start)
        for attribute in attributes:
            self._attribute(attribute, context_of=name in COMPILED)

    def _attribute(self, message: Message, *, context_of: bool = False) -> None:
        """Walk an AttributeProto; `ep_cache_context` of an `EPContext` may name a file."""
        name, text = "", b""
        for field in message.fields():
            if field.number in (_G, _GRAPHS):
                self._pending.append(message.inner(field))
            elif field.number in (_T, _TENSORS):
                tensors.read(message.inner(field), self.outside)
            elif field.number in (_SPARSE, _SPARSES):
                self._sparse(message.inner(field), counted=False)
            elif context_of and field.number == 1:
                name = message.text(field)
            elif context_of and field.number == _S and field.size < tensors.MAX_LOCATIONS:
                text = message.raw(field)
            elif field.number not in _ATTRIBUTE:
                self.unknown("AttributeProto", field.number, field.start)
        # With embed_mode 1 it is the compiled code itself, which is no text.
        if name == "ep_cache_context" and text and text.isascii() and b"\0" not in text:
            self.outside.add(text.decode(), 0, message.start)

    def _sparse(self, message: Message, *, counted: bool) -> None:
        for field in message.fields():
            if field.number in (1, 2) and field.wire == BYTES:
                found = tensors.read(message.inner(field), self.outside)
                if counted and field.number == 1:
                    self.tally.tensor(found.kind, found.count)
