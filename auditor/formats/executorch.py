"""Recognises ExecuTorch programs: instructions, with the compiled parts of delegates."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._engine import opaque

# pytorch/executorch, schema/program.fbs: file_identifier "ET12", where a flatbuffer has it.
# Not tried on a file of ExecuTorch's own.
_IDENTIFIER = b"ET"


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the file identifier stands where a flatbuffer has it."""
    return head[2:6] == b"\0\0" + _IDENTIFIER and head[6:8].isdigit()


def inspect(view: View, context: Context) -> Inspection:
    """Return that a program cannot be read: delegates hold code of other compilers."""
    version = view.at(4, 4).decode("ascii", "backslashreplace")
    return opaque(context, "executorch", "an ExecuTorch program", version)


FORMAT = ModelFormat(title="ExecuTorch", recognises=recognises, inspect=inspect, rank=2)
