"""Reads TensorFlow Lite (LiteRT) models: operators, tensors, and what is attached to them."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._flatbuffer import Table, root
from auditor.formats._operators import known
from auditor.formats._tally import Places, Tally, elements, shown

# tensorflow/lite/schema/schema.fbs: file_identifier, then slots in the order of the fields.
IDENTIFIER = b"TFL3"
_DESCRIPTION, _OPERATOR_CODES, _SUBGRAPHS, _BUFFERS, _METADATA = 3, 1, 2, 4, 6
_GROUPS = 8
_OPERATOR_SLOTS = {"deprecated": 0, "custom": 1, "builtin": 3}
_CUSTOM, _DELEGATE, _PLACEHOLDER, _CUSTOM_CALL = 32, 51, 127, 173
# BuiltinOperator: 209 is the last of TensorFlow 2.21.
_LAST = 209
TYPES = {
    0: "F32", 1: "F16", 2: "I32", 3: "U8", 4: "I64", 5: "STRING", 6: "BOOL", 7: "I16", 8: "C64",
    9: "I8", 10: "F64", 11: "C128", 12: "U64", 13: "RESOURCE", 14: "VARIANT", 15: "U32",
    16: "U16", 17: "I4", 18: "BF16", 19: "I2", 20: "U4",
}  # fmt: skip
# tensorflow/lite/kernels/custom_ops_register.h and kernels/register.cc
_KNOWN = frozenset({"TFLite_Detection_PostProcess", "Mfcc", "AudioSpectrogram", "NumericVerify"})
# Compiled code in the options of an operator: Edge TPU, Ethos-U, LiteRT's own compilers.
_COMPILED = frozenset({"edgetpu-custom-op", "ethos-u", "DISPATCH_OP", "QNN", "neuron"})
_FLEX = "Flex"
_CUT = 1 << 12


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the file identifier stands where a flatbuffer has it."""
    return head[4:8] == IDENTIFIER


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says and which operators it asks for; raises `FormatError`.

    An operator of TensorFlow (`Flex…`) is judged as in a SavedModel. Every other custom one is
    in a library that the program links: unlisted. Files that are attached as a zip archive, as
    TFLite's metadata writer does, are inspected too.
    """
    from auditor.formats._attached import attached  # loads what reads archives

    model = root(view, context.budget)
    reading = _Reading(context)
    reading.operators(model)
    reading.tensors(model)
    more = attached(view, context)
    reasons = (*reading.reasons, *more)
    version = model.number(0, "I")
    return Inspection(
        model_format="tflite",
        role="graph",
        header=ModelHeader(
            name=reading.name,
            parameters=reading.tally.parameters,
            precision=by_share(reading.tally.elements),
            tensors=reading.tally.tensors,
            producer=f"schema {version}, {shown(model.text(_DESCRIPTION), 100)}".strip(" ,"),
            custom_operators=reading.tally.operators,
        ),
        reasons=reasons,
    )


class _Reading:
    """What the tables of one model hold."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.tally = Tally()
        self.name = ""
        self._codes: Places[str] = Places()
        self.reasons: list[VerdictReason] = []

    def operators(self, model: Table) -> None:
        for table in model.tables(_OPERATOR_CODES):
            # As tensorflow/lite/schema/schema_utils.cc: the larger of the two holds.
            old = table.number(_OPERATOR_SLOTS["deprecated"], "b")
            code = max(old, table.number(_OPERATOR_SLOTS["builtin"], "i"))
            custom = table.text(_OPERATOR_SLOTS["custom"], _CUT)
            if f"{code} {custom}" in self._codes:
                continue
            self._codes.add(f"{code} {custom}", table.offset)
            if code == _CUSTOM or custom:
                self._custom(custom, table.offset)
            elif code < 0 or code in (_DELEGATE, _PLACEHOLDER, _CUSTOM_CALL) or code > _LAST:
                self.tally.operator(f"builtin {code}")
                detail = f"the built-in operator {code} is none that is known"
                self._add("tflite-custom-operator", detail, table.offset)

    def tensors(self, model: Table) -> None:
        sizes = [self._size(buffer) for buffer in model.tables(_BUFFERS)]
        if model.has(_GROUPS):
            detail = "tensors lie in files beside the model whose names are not read"
            reason = self._context.reason("tflite-external", "not-inspectable", detail)
            self.reasons.append(reason)
        counted: set[int] = set()
        for subgraph in model.tables(_SUBGRAPHS):
            self.name = self.name or shown(subgraph.text(4))
            for tensor in subgraph.tables(0):
                buffer = tensor.number(2, "I")
                if buffer >= len(sizes) > 0:
                    raise FormatError("a tensor's buffer is not there", offset=tensor.offset)
                if not sizes or not sizes[buffer] or buffer in counted:
                    continue
                counted.add(buffer)
                kind = tensor.number(1, "b")
                count = elements(abs(n) for n in tensor.numbers(0, "i"))
                self.tally.tensor(TYPES.get(kind, f"type {kind}"), count)

    @staticmethod
    def _size(buffer: Table) -> int:
        """Return how many bytes a buffer has, in its vector or behind the flatbuffer."""
        _, count = buffer.vector(0, 1)
        return count or buffer.number(2, "Q")

    def _custom(self, name: str, offset: int) -> None:
        from auditor.formats._tensorflow_walk import DANGEROUS, OPAQUE

        operator = name.removeprefix(_FLEX)
        called = shown(name) or "without a name"
        if name.startswith(_FLEX) and operator in DANGEROUS:
            self.tally.operator(called)
            detail = f"the operator {called} {DANGEROUS[operator]}"
            reason = self._context.reason("tflite-operator", "dangerous", detail, offset=offset)
            self.reasons.append(reason)
        elif name in _COMPILED or (name.startswith(_FLEX) and operator in OPAQUE):
            self.tally.operator(called)
            detail = f"the operator {called} {OPAQUE.get(operator, 'holds compiled code')}"
            self.reasons.append(
                self._context.reason(
                    "tflite-compiled-operator", "not-inspectable", detail, offset=offset
                )
            )
        elif name in _KNOWN or (name.startswith(_FLEX) and operator in known("tensorflow")):
            return
        else:
            self.tally.operator(called)
            self._add("tflite-custom-operator", f"the operator {called} is no built-in", offset)

    def _add(self, rule: str, detail: str, offset: int) -> None:
        self.reasons.append(self._context.reason(rule, "unlisted", detail, offset=offset))


FORMAT = ModelFormat(
    title="TensorFlow Lite", recognises=recognises, inspect=inspect, holds_archives=True
)
