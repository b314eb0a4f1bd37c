"""Recognises MindSpore Lite models: a flatbuffer, which may hold operators of a library."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._engine import opaque

# mindspore/lite/schema/model.fbs: file_identifier "MSL2" ("MSL0", "MSL1" before). As remembered,
# not tried on a file of the vendor's tool.
_IDENTIFIERS = (b"MSL0", b"MSL1", b"MSL2")


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the file identifier stands where a flatbuffer has it."""
    return head[2:4] == b"\0\0" and head[4:8] in _IDENTIFIERS


def inspect(view: View, context: Context) -> Inspection:
    """Return that the model was not read: which operators it asks for is not known."""
    version = view.at(4, 4).decode("ascii", "backslashreplace")
    return opaque(context, "mindspore_lite", "a MindSpore Lite model", version)


FORMAT = ModelFormat(title="MindSpore Lite", recognises=recognises, inspect=inspect)
