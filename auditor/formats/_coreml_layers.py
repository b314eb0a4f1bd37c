"""Walks Core ML's networks, pipelines and programs: layers and weights outside the model."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import Verdict
from auditor.formats import Context
from auditor.formats._onnx_tensors import Outside
from auditor.formats._protobuf import BYTES, Field, Message
from auditor.formats._tally import Places, Reasons, Tally, elements, shown

# coremltools, mlmodel/format: Model.proto, NeuralNetwork.proto, MIL.proto.
MODEL_TYPES = frozenset({
    200, 201, 202, 300, 301, 302, 303, 304, 400, 401, 402, 403, 404, 500, 501, 502, 555, 556,
    560, 600, 601, 602, 603, 604, 606, 607, 609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005,
    2006, 3000,
})  # fmt: skip
NAMES = {
    200: "pipeline classifier", 201: "pipeline regressor", 202: "pipeline",
    300: "linear regressor", 301: "support vector regressor", 302: "tree ensemble regressor",
    303: "neural network regressor", 304: "Bayesian probit regressor", 400: "linear classifier",
    401: "support vector classifier", 402: "tree ensemble classifier",
    403: "neural network classifier", 404: "nearest neighbours classifier",
    500: "neural network", 501: "item similarity recommender", 502: "ML program",
    555: "custom model", 556: "linked model", 2000: "text classifier", 3000: "serialized model",
}  # fmt: skip
_PIPELINES, _PIPELINE = (200, 201), 202
_NETWORKS, _PROGRAM, _CUSTOM, _LINKED, _SERIALIZED = (303, 403, 500), 502, 555, 556, 3000
_LAYER_CUSTOM, _BRANCH, _LOOP, _CLASS_NAME = 500, 605, 615, 10
_TYPES = {
    1: ("BOOL", 8), 10: ("F16", 16), 11: ("F32", 32), 12: ("F64", 64), 13: ("BF16", 16),
    21: ("I8", 8), 22: ("I16", 16), 23: ("I32", 32), 24: ("I64", 64), 25: ("I4", 4),
    31: ("U8", 8), 32: ("U16", 16), 33: ("U32", 32), 34: ("U64", 64), 35: ("U4", 4),
    36: ("U2", 2), 37: ("U1", 1), 38: ("U6", 6), 39: ("U3", 3),
}  # fmt: skip
# In a package the model's folder is written so (coremltools, MIL blob storage).
_MODEL_PATH = "@model_path/"
# A blob's own header of 64 bytes stands before its numbers (MILBlob, StorageFormat.hpp).
_BLOB_HEADER = 64


class Layers:
    """What the parts of one model hold."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.tally = Tally()
        self.outside = Outside(context, "coreml")
        self.reasons = Reasons()
        self.kind = 0
        self._classes: Places[str] = Places()
        self._pending: list[tuple[int, Message]] = []

    def of(self, number: int, message: Message) -> None:
        """Walk the part of a Model that says of which type it is."""
        self.kind = self.kind or number
        self._pending.append((number, message))
        while self._pending:
            self._one(*self._pending.pop())

    def tell(self, rule: str, verdict: Verdict, detail: str, offset: int) -> None:
        """Add a reason."""
        self.reasons.tell(self._context.reason(rule, verdict, detail, offset=offset))

    def _one(self, number: int, message: Message) -> None:
        if number in _PIPELINES:
            self._pending.extend((_PIPELINE, inner) for inner in _inner(message, 1))
        elif number == _PIPELINE:
            for model in _inner(message, 1):
                self._pending.extend(
                    (field.number, model.inner(field))
                    for field in model.fields()
                    if field.number >= min(MODEL_TYPES) and field.wire == BYTES
                )
        elif number in _NETWORKS:
            for layer in _inner(message, 1):
                self._layer(layer)
        elif number == _PROGRAM:
            self._program(message)
        else:
            self._other(number, message)

    def _other(self, number: int, message: Message) -> None:
        if number == _CUSTOM:
            self._custom("coreml-custom-model", "model", message)
        elif number == _LINKED:
            detail = "the model is another one, in a file that is searched for when it is loaded"
            self.tell("coreml-linked-model", "not-inspectable", detail, message.start)
        elif number == _SERIALIZED:
            detail = "the model holds another one in a form that is not documented"
            self.tell("coreml-serialized-model", "not-inspectable", detail, message.start)
        elif number not in MODEL_TYPES:
            detail = f"the model is of a type that is not known: {number}"
            self.tell("coreml-unknown-field", "unlisted", detail, message.start)

    def _custom(self, rule: str, what: str, message: Message) -> None:
        name = ""
        for field in message.fields():
            if field.number == _CLASS_NAME:
                name = message.text(field)
        if name in self._classes:
            return
        self._classes.add(name, message.start)
        self.tally.operator(name or "without a name")
        detail = f"the {what} {shown(name)} is a class of the program that loads it"
        self.tell(rule, "unlisted", detail, message.start)

    def _layer(self, message: Message) -> None:
        for field in message.fields():
            if field.number == _LAYER_CUSTOM:
                self._custom("coreml-custom-layer", "layer", message.inner(field))
            elif field.number == _BRANCH:
                self._networks(message.inner(field), (1, 2))
            elif field.number == _LOOP:
                self._networks(message.inner(field), (3, 4))

    def _networks(self, message: Message, numbers: tuple[int, int]) -> None:
        for number in numbers:
            self._pending.extend((_NETWORKS[-1], inner) for inner in _inner(message, number))

    def _program(self, message: Message) -> None:
        """Walk an ML program: functions, their blocks, operations and blocks within those."""
        blocks: list[Message] = []
        for function in _values(message, 2):
            blocks.extend(_values(function, 3))
        while blocks:
            for operation in _inner(blocks.pop(), 3):
                blocks.extend(_inner(operation, 4))
                for value in _values(operation, 5):
                    self._value(value)
                for argument in _values(operation, 2):
                    for binding in _inner(argument, 1):
                        for value in _inner(binding, 2):
                            self._value(value)

    def _value(self, message: Message) -> None:
        """Count a value whose numbers lie in a file beside the model."""
        kind, bits, count = "", 0, 0
        blobs: list[Message] = []
        for field in message.fields():
            if field.number == 2:  # noqa: PLR2004 - type
                kind, bits, count = _tensor_type(message.inner(field))
            elif field.number == 5:  # noqa: PLR2004 - blobFileValue
                blobs.append(message.inner(field))
        for blob in blobs:
            name, offset = "", 0
            for field in blob.fields():
                if field.number == 1:
                    name = blob.text(field)
                elif field.number == 2:  # noqa: PLR2004 - offset
                    offset = blob.number(field)
            needed = offset + _BLOB_HEADER + -(-count * bits // 8)
            self.outside.add(name.removeprefix(_MODEL_PATH), max(needed, 0), blob.start)
            self.tally.tensor(kind, count)


def _inner(message: Message, number: int) -> Iterator[Message]:
    for field in message.fields():
        if field.number == number:
            yield message.inner(field)


def _values(message: Message, number: int) -> Iterator[Message]:
    """Yield the values of a map's entries."""
    for entry in _inner(message, number):
        yield from _inner(entry, 2)


def _tensor_type(message: Message) -> tuple[str, int, int]:
    """Return number type, bits and elements of a ValueType that is a tensor's."""
    kind, shape = 0, []
    for tensor in _inner(message, 1):
        for field in tensor.fields():
            if field.number == 1:
                kind = tensor.number(field)
            elif field.number == 3:  # noqa: PLR2004 - dimensions
                shape.append(_size(tensor, field))
    name, bits = _TYPES.get(kind, (f"type {kind}", 0))
    return name, bits, elements(shape)


def _size(tensor: Message, field: Field) -> int:
    for constant in _inner(tensor.inner(field), 1):
        for part in constant.fields():
            if part.number == 1:
                return constant.number(part)
    return 0
