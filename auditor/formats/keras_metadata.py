"""Reads `keras_metadata.pb`: the settings of Keras layers beside a SavedModel."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Budget, Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._keras import examine_config
from auditor.formats._protobuf import BYTES, VARINT, Message

# keras/protobuf/saved_metadata.proto, SavedObject
_OBJECT = {1: BYTES, 2: VARINT, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES}
_IDENTIFIER, _METADATA = 4, 5
_PREFIX = b"_tf_keras_"
_CONFIG = 16 << 20


def recognises(head: bytes, view: View) -> bool:
    """Return whether the first object is one of Keras."""
    if head[:1] != b"\x0a" or _PREFIX not in head:
        return False
    message = Message(view, Budget(), clipped=True)
    try:
        first = next(message.fields())
        inner = message.inner(first)
        return any(
            field.number == _IDENTIFIER and inner.raw(field).startswith(_PREFIX)
            for field in inner.fields()
            if _OBJECT.get(field.number) == field.wire
        )
    except (FormatError, StopIteration):
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what the layers' settings would do when Keras builds them; raises `FormatError`."""
    message = Message(view, context.budget)
    reasons: list[VerdictReason] = []
    for field in message.fields():
        if field.number != 1:
            raise FormatError(f"field {field.number} is not one of Keras", offset=field.start)
        inner = message.inner(field)
        for part in inner.fields():
            if part.number == _METADATA and part.size:
                reasons.extend(examine_config(inner.raw(part, _CONFIG), context).reasons)
    return Inspection(model_format="keras_metadata", role="configuration", reasons=tuple(reasons))


FORMAT = ModelFormat(
    title="Keras metadata", recognises=recognises, inspect=inspect, rank=5, begins=b"\x0a"
)
