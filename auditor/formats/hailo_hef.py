"""Recognises Hailo's HEF files: compiled for an accelerator."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._engine import opaque

# hailort (hef_internal.hpp): 0x01484546 and a version, both big-endian. As remembered, not tried
# on a file of the vendor's tool.
_MAGIC = b"\x01HEF"
_NEWEST = 64


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number with a version is there."""
    return head[:4] == _MAGIC and int.from_bytes(head[4:8], "big") <= _NEWEST


def inspect(view: View, context: Context) -> Inspection:
    """Return that an engine cannot be read, with the version of its header."""
    version = int.from_bytes(view.at(4, 4), "big")
    return opaque(context, "hailo_hef", "a Hailo executable", f"HEF {version}")


FORMAT = ModelFormat(title="Hailo HEF", recognises=recognises, inspect=inspect, begins=_MAGIC[:1])
