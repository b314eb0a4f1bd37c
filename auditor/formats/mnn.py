"""Recognises MNN models: a flatbuffer without an identifier, told by its tables."""

from __future__ import annotations

from auditor.formats import Budget, Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._engine import opaque
from auditor.formats._flatbuffer import root
from auditor.formats._tally import shown

# alibaba/MNN, schema/default/MNN.fbs, Net: slots in the order of the fields. As remembered, not
# tried on a file of the vendor's tool.
_OPS, _SOURCE, _TENSOR_NAMES, _BIZ_CODE = 3, 6, 7, 0
_SOURCES = ("Caffe", "TensorFlow", "TensorFlow Lite", "ONNX", "Torch")
_ROOTS = (0x18, 0x1C, 0x20, 0x24)


def recognises(head: bytes, view: View) -> bool:
    """Return whether the first table holds operators and the tensors' names, as a Net does."""
    if int.from_bytes(head[:4], "little") not in _ROOTS or head[4:8].isalnum():
        return False
    try:
        net = root(view, Budget())
        _, operators = net.vector(_OPS, 4)
        _, names = net.vector(_TENSOR_NAMES, 4)
        source = net.number(_SOURCE, "b")
        first = next(net.tables(_OPS), None)
    except FormatError:
        return False
    return bool(operators and names and first and 0 <= source < len(_SOURCES))


def inspect(view: View, context: Context) -> Inspection:
    """Return that the model was not read: its operators may be plug-ins that the loader finds."""
    net = root(view, context.budget)
    source = net.number(_SOURCE, "b")
    origin = _SOURCES[source] if 0 <= source < len(_SOURCES) else ""
    producer = f"from {origin} {shown(net.text(_BIZ_CODE), 50)}".strip()
    return opaque(context, "mnn", "an MNN model", producer)


FORMAT = ModelFormat(
    title="MNN", recognises=recognises, inspect=inspect, rank=6, begins=bytes(_ROOTS)
)
