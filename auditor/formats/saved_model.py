"""Reads TensorFlow's SavedModel: graphs with their functions, variables, assets and objects."""

from __future__ import annotations

from auditor.formats import Budget, Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._protobuf import BYTES, VARINT, Message
from auditor.formats._tensorflow_model import Reading, is_meta_graph

# tensorflow/core/protobuf/saved_model.proto
_SAVED_MODEL = {1: VARINT, 2: BYTES}
_FIRST = (b"\x08", b"\x12")
_LOOKED_AT = 16


def recognises(head: bytes, view: View) -> bool:
    """Return whether a schema version and a graph with nodes are there."""
    if head[:1] not in _FIRST:
        return False
    message = Message(view, Budget(), clipped=True)
    try:
        for seen, field in enumerate(message.fields()):
            if seen == _LOOKED_AT or _SAVED_MODEL.get(field.number) != field.wire:
                return False
            if field.number == 1 and field.value != 1:
                return False
            if field.number == 2:  # noqa: PLR2004 - meta_graphs
                return is_meta_graph(message.inner(field))
    except FormatError:
        pass
    return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says, with every operator of its graphs and functions.

    Operators that run Python, read or write files by name or open connections are dangerous;
    those that TensorFlow does not register itself are unlisted. The settings of Keras layers
    that lie with the objects are judged as Keras' own files are. Raises `FormatError`.
    """
    model = Reading(context)
    message = Message(view, context.budget)
    for field in model.walk.known("SavedModel", message, _SAVED_MODEL):
        if field.number == 2:  # noqa: PLR2004 - meta_graphs
            model.meta_graph(message.inner(field))
    return model.inspection("saved_model")


FORMAT = ModelFormat(
    title="TensorFlow SavedModel",
    recognises=recognises,
    inspect=inspect,
    rank=5,
    begins=b"".join(_FIRST),
)
