"""Recognises TensorRT engines: compiled for one GPU, with plug-ins that the loader looks up."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._engine import opaque

# As netron's reader has them (source/tensorrt.js; its authors found them, NVIDIA documents
# none): "ftrt" or "ptrt", then a version of 32 bits. Not tried on a file of TensorRT's own.
_MAGICS = (b"ftrt", b"ptrt")
# Ultralytics writes JSON before the engine, with its length in 32 bits before that.
_MOST_JSON = 1 << 20


def recognises(head: bytes, view: View) -> bool:
    """Return whether an engine's magic number is there, at the beginning or after JSON."""
    return view.at(_start(head), 4) in _MAGICS


def inspect(view: View, context: Context) -> Inspection:
    """Return that an engine cannot be read, with the version of its serialisation."""
    start = _start(view.at(0, 16))
    version = int.from_bytes(view.at(start + 4, 4), "little")
    return opaque(context, "tensorrt", "a TensorRT engine", f"serialisation {version:#x}")


def _start(head: bytes) -> int:
    length = int.from_bytes(head[:4], "little")
    return 4 + length if head[4:5] == b"{" and length <= _MOST_JSON else 0


FORMAT = ModelFormat(title="TensorRT engine", recognises=recognises, inspect=inspect)
