"""Reads ONNX models: a graph of operators with its tensors, or with the files that hold them."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
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
from auditor.formats._onnx_graph import Graphs
from auditor.formats._onnx_tensors import entry
from auditor.formats._protobuf import BYTES, VARINT, Field, Message
from auditor.formats._tally import shown

# onnx/onnx.proto, ModelProto: field numbers with their wire types.
_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSETS = 1, 2, 3, 7, 8
_METADATA, _TRAINING, _FUNCTIONS = 14, 20, 25
_MODEL = {
    _IR_VERSION: VARINT, _PRODUCER: BYTES, _PRODUCER_VERSION: BYTES, 4: BYTES, 5: VARINT,
    6: BYTES, _GRAPH: BYTES, _OPSETS: BYTES, _METADATA: BYTES, _TRAINING: BYTES,
    _FUNCTIONS: BYTES, 26: BYTES,
}  # fmt: skip
_IN_GRAPH = frozenset({1, 2, 5, 10, 11, 12, 13, 14, 15, 16})
# onnx 1.23 writes version 14; what a newer one adds shows as fields that are not known.
_LAST = 64
# No opcode of pickle, no letter: with this first byte nothing else takes the file for its own.
_FIRST = b"\x08"
_TAGS = frozenset(number << 3 & 0x7F | wire for number, wire in _MODEL.items())
_LOOKED_AT = 64
_TEXT = 200


def recognises(head: bytes, view: View) -> bool:
    """Return whether a model's fields are there: an IR version and a graph, nothing unknown."""
    if not head or head[0] & 0x7F not in _TAGS:
        return False
    message = Message(view, Budget(), clipped=True)
    version = graph = False
    try:
        for seen, field in enumerate(message.fields()):
            if seen == _LOOKED_AT or _MODEL.get(field.number) != field.wire:
                return False
            if field.number == _IR_VERSION:
                version = 1 <= field.value <= _LAST
            elif field.number == _GRAPH:
                first = next(message.inner(field).fields(), None)
                graph = first is not None and first.number in _IN_GRAPH and first.wire == BYTES
            if version and graph:
                return True
    except FormatError:
        pass
    return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says, with every operator of every graph; raises `FormatError`.

    Tensors are skipped, never read. Operators of a domain that is neither the specification's
    nor onnxruntime's nor defined by the model's own functions lie in a library outside: they are
    unlisted; those that call Python are dangerous, as is a tensor whose file would lie outside
    the model's folder (CVE-2022-25882, CVE-2024-27318, CVE-2025-51480).
    """
    if view.at(0, 1) != _FIRST:
        raise FormatError(
            "the IR version is not the first field: the file may be something else as well",
            rule="onnx-order", offset=0,
        )  # fmt: skip
    model = _Model(context)
    model.read(Message(view, context.budget))
    reasons = (*model.reasons, *model.graphs.judged())
    return Inspection(
        model_format="onnx",
        role="graph",
        header=_header(model.graphs, model.metadata, model.producer),
        reasons=reasons,
        external=model.graphs.outside.files,
    )


class _Model:
    """What a ModelProto says, field by field."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.graphs = Graphs(context)
        self.metadata: dict[str, str] = {}
        self.reasons: list[VerdictReason] = []
        self._said: dict[int, str] = {}

    @property
    def producer(self) -> str:
        parts = (self._said.get(number, "") for number in (_PRODUCER, _PRODUCER_VERSION))
        return " ".join(filter(None, parts))[:_TEXT]

    def read(self, message: Message) -> None:
        for field in message.fields():
            expected = _MODEL.get(field.number)
            if expected is None:
                self.graphs.unknown("ModelProto", field.number, field.start)
            elif expected != field.wire:
                raise FormatError(f"field {field.number} is of another kind", offset=field.start)
            else:
                self._field(message, field)

    def _field(self, message: Message, field: Field) -> None:
        number = field.number
        if number == _IR_VERSION and not 1 <= field.value <= _LAST:
            detail = f"IR version {field.value} is none"
            self.reasons.append(self.context.reason("onnx-ir-version", "unlisted", detail))
        elif number in (_PRODUCER, _PRODUCER_VERSION):
            self._said[number] = shown(message.text(field))
        elif number == _GRAPH:
            self.graphs.graph(message.inner(field))
        elif number == _METADATA:
            key, value = entry(message, field)
            self.metadata.setdefault(key, value)
        elif number == _FUNCTIONS:
            self.graphs.function(message.inner(field))
        elif number == _TRAINING:
            _training(message.inner(field), self.graphs)


def _training(message: Message, graphs: Graphs) -> None:
    for field in message.fields():
        if field.number in (1, 2):
            graphs.graph(message.inner(field))


def _header(graphs: Graphs, metadata: dict[str, str], producer: str) -> ModelHeader:
    def told(*names: str) -> str:
        return next((shown(metadata[name]) for name in names if metadata.get(name)), "")

    return ModelHeader(
        architecture=told("model_type", "architecture", "model_architecture"),
        name=told("model_name", "name", "title") or shown(graphs.name),
        parameters=graphs.tally.parameters,
        precision=by_share(graphs.tally.elements),
        tensors=graphs.tally.tensors,
        license=told("license", "licence", "license_name"),
        base_model=told("base_model"),
        repository=told("repository", "source", "model_source"),
        revision=told("revision", "commit"),
        producer=producer[:_TEXT],
        quantization=told("quantization", "onnx.quant.pre_process"),
        custom_operators=graphs.tally.operators,
    )


FORMAT = ModelFormat(
    title="ONNX",
    recognises=recognises,
    inspect=inspect,
    rank=5,
    begins=bytes(byte for byte in range(256) if byte & 0x7F in _TAGS),
)
