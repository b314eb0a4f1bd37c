"""Recognises the files of llama.cpp and whisper.cpp from before GGUF."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

# ggml's examples and llama.cpp before August 2023: a number of 32 bits, written little-endian.
_MAGICS = {
    b"lmgg": "GGML", b"fmgg": "GGMF", b"tjgg": "GGJT", b"algg": "GGLA", b"nsgg": "GGSN",
}  # fmt: skip
_LORA = b"algg"


def recognises(head: bytes, _view: View) -> bool:
    """Return whether one of the magic numbers is there."""
    return head[:4] in _MAGICS


def inspect(view: View, context: Context) -> Inspection:
    """Return that the file cannot be read: the layout after the magic is each program's own."""
    magic = view.at(0, 4)
    if magic not in _MAGICS:
        raise FormatError("none of the numbers that such a file begins with")
    version = int.from_bytes(view.at(4, 4), "little") if magic != b"lmgg" else 0
    detail = "a file from before GGUF: what follows its first number is each program's own"
    reason = context.reason("ggml_legacy-opaque", "not-inspectable", detail, offset=0)
    return Inspection(
        model_format="ggml_legacy",
        role="adapter" if magic == _LORA else "weights",
        header=ModelHeader(producer=f"{_MAGICS[magic]} {version}" if version else _MAGICS[magic]),
        verdict=reason.verdict,
        reasons=(reason,),
    )


FORMAT = ModelFormat(
    title="GGML before GGUF", recognises=recognises, inspect=inspect, begins=b"lftan"
)
