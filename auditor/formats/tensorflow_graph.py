"""Reads TensorFlow's frozen graphs (`GraphDef`) and the graphs of checkpoints (`MetaGraphDef`)."""

from __future__ import annotations

from auditor.formats import Budget, Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._protobuf import Message
from auditor.formats._tensorflow_model import Reading, is_meta_graph
from auditor.formats._tensorflow_walk import GRAPH, is_node

# A field 1 of bytes, which is no opcode of pickle.
_FIRST = b"\x0a"
_LOOKED_AT = 16


def recognises(head: bytes, view: View) -> bool:
    """Return whether a node with a name and an operator comes first, and only such follow."""
    if head[:1] != _FIRST:
        return False
    try:
        return _is_graph(Message(view, Budget(), clipped=True)) or is_meta_graph(
            Message(view, Budget(), clipped=True)
        )
    except FormatError:
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what a graph holds, judged as a SavedModel's is; raises `FormatError`."""
    model = Reading(context)
    message = Message(view, context.budget)
    # The whole first node is looked at: that is the difference, and it was told by `recognises`.
    if _is_graph(Message(view, Budget(), clipped=True)):
        model.walk.graph(message)
    else:
        model.meta_graph(message)
    return model.inspection("tensorflow_graph")


def _is_graph(message: Message) -> bool:
    for seen, field in enumerate(message.fields()):
        if seen == _LOOKED_AT:
            return True
        if GRAPH.get(field.number) != field.wire:
            return False
        if field.number == 1 and not is_node(message.inner(field)):
            return False
        if not seen and field.number != 1:
            return False
    return message.size > 0


FORMAT = ModelFormat(
    title="TensorFlow graph", recognises=recognises, inspect=inspect, rank=5, begins=_FIRST
)
