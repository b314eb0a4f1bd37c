"""Recognises Rockchip's RKNN models: compiled for an NPU, possibly encrypted."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._engine import opaque
from auditor.formats._errors import FormatError
from auditor.formats._json import parse, table, text

# "RKNN" and four zeros, a version and the engine's length of 64 bits each; version 1 has 40 bytes
# more before the engine; then the length of a JSON text and the text. "CYPTRKNN" is encrypted.
# Read in public parsers of the format, not tried on a file of the vendor's tool.
_MAGICS = (b"RKNN\0\0\0\0", b"CYPTRKNN")
_HEADER, _OLD_HEADER = 24, 64
_MOST_JSON = 1 << 24


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there."""
    return head[:8] in _MAGICS


def inspect(view: View, context: Context) -> Inspection:
    """Return that an engine cannot be read, with what the JSON at its end says."""
    found = opaque(context, "rknn", "an RKNN model", header=_header(view))
    if view.at(0, 8) != _MAGICS[1]:
        return found
    reason = context.reason("rknn-encrypted", "not-inspectable", "it is encrypted", offset=0)
    return Inspection(
        model_format="rknn", role="engine", header=found.header, verdict=found.verdict,
        reasons=(*found.reasons, reason),
    )  # fmt: skip


def _header(view: View) -> ModelHeader:
    head = view.at(8, 16)
    version, length = int.from_bytes(head[:8], "little"), int.from_bytes(head[8:], "little")
    producer = f"RKNN {version}"
    at = (_OLD_HEADER if version <= 1 else _HEADER) + length
    size = int.from_bytes(view.at(at, 8), "little")
    if not 2 <= size <= min(_MOST_JSON, view.size):  # noqa: PLR2004 - `{}`
        return ModelHeader(producer=producer)
    try:
        said = table(parse(view.at(at + 8, size), "the engine's JSON"))
    except FormatError:
        return ModelHeader(producer=producer)
    tool = text(said.get("version"), 100) or text(said.get("ori_network_platform"), 100)
    return ModelHeader(
        name=text(said.get("name")), producer=f"{producer}, {tool}" if tool else producer
    )


FORMAT = ModelFormat(title="RKNN", recognises=recognises, inspect=inspect, begins=b"RC")
