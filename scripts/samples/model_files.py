"""Writes tiny but valid model files: headers as real ones have them, almost no weights."""

from __future__ import annotations

import json
import struct

_ALIGNMENT = 32  # of GGUF's tensor data, where the file does not say otherwise
_TEXT, _UINT32 = 8, 4  # GGUF value types
_F32 = 0  # ggml type


def safetensors(tensors: dict[str, tuple[int, ...]], dtype: str = "BF16") -> bytes:
    """Return a safetensors file whose tensors have the shapes given, all zeros."""
    width = {"BF16": 2, "F16": 2, "F32": 4, "I8": 1}[dtype]
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in tensors.items():
        begin = end
        elements = 1
        for side in shape:
            elements *= side
        end = begin + elements * width
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + bytes(end)


def gguf(architecture: str, name: str, context: int, licence: str) -> bytes:
    """Return a GGUF file (version 3) with one tensor of 32 zeros."""
    pairs = [
        _pair("general.architecture", architecture),
        _pair("general.name", name),
        _pair("general.license", licence),
        _pair("general.file_type", 0),
        _pair(f"{architecture}.context_length", context),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs)
    head += _text("token_embd.weight") + struct.pack("<IQIQ", 1, 32, _F32, 0)
    return head + bytes(-len(head) % _ALIGNMENT) + bytes(32 * 4)


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _pair(key: str, value: str | int) -> bytes:
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", _TEXT) + _text(value)
    return _text(key) + struct.pack("<II", _UINT32, value)
