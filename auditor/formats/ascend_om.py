"""Recognises Huawei Ascend's offline models: compiled for an NPU, kernels of the user's too."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._engine import opaque
from auditor.formats._tally import shown

# ModelFileHeader of CANN (framework/common/types.h), as netron's reader (source/om.js) has it:
# "IMOD", sizes and version of 32 bits, 64 bytes of checksum, 4 bytes, flags, and at 84 a name of
# 32 bytes. "PICO" is the kind for cameras. Not tried on a file of the vendor's tool.
_MAGICS = (b"IMOD", b"PICO")
_SMALLEST = 256
_ENCRYPTED, _NAME = 80, 84


def recognises(head: bytes, view: View) -> bool:
    """Return whether the magic number and a whole header are there."""
    if view.size < _SMALLEST or head[:4] not in _MAGICS:
        return False
    # IMOD of electron tomography goes on with letters: "IMODV1.2".
    return head[:4] == _MAGICS[1] or int.from_bytes(head[4:8], "little") == _SMALLEST


def inspect(view: View, context: Context) -> Inspection:
    """Return that an engine cannot be read, with its name and the header's version."""
    head = view.at(0, _SMALLEST)
    if len(head) < _SMALLEST:
        raise FormatError("the file ends within its header")
    if head[:4] == _MAGICS[1]:
        return opaque(context, "ascend_om", "an Ascend offline model", "DaVinci SVP")
    name = head[_NAME : _NAME + 32].split(b"\0")[0].decode("utf-8", "backslashreplace")
    version = int.from_bytes(head[8:12], "little")
    producer = f"DaVinci OM {version:#x}" + (", encrypted" if head[_ENCRYPTED] else "")
    header = ModelHeader(name=shown(name), producer=producer)
    return opaque(context, "ascend_om", "an Ascend offline model", header=header)


FORMAT = ModelFormat(title="Ascend OM", recognises=recognises, inspect=inspect, begins=b"IP")
