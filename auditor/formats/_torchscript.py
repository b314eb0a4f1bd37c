"""Looks through TorchScript's source in a model: it runs when the model is loaded or called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, View

_MOST = 8 << 20
# Operators of TorchScript that write or read files (aten::save, aten::from_file).
_FILES = re.compile(rb"\b(?:torch\s*\.\s*(save|from_file|load)|aten\s*::\s*(save|from_file))\b")
_CUSTOM = re.compile(rb"\bops\s*\.\s*([A-Za-z_]\w{0,60})\s*\.\s*([A-Za-z_]\w{0,60})")
_OWN = frozenset({
    b"aten", b"prim", b"prims", b"quantized", b"quantized_decomposed", b"_quantized", b"sparse",
    b"mkldnn", b"mkldnn_prepacked", b"prepacked", b"xnnpack", b"static_runtime", b"_caffe2",
    b"profiler", b"onednn", b"metal", b"metal_prepack", b"vulkan", b"vulkan_prepack",
})  # fmt: skip


def judge_source(view: View, context: Context, operators: set[str]) -> Iterator[VerdictReason]:
    """Yield what a file of TorchScript does to files, and add to `operators` those of libraries.

    The language has no import, no `eval` and no system calls of its own: what is left are the
    operators that PyTorch or another library registered.
    """
    raw = view.at(0, _MOST)
    if view.size > _MOST:
        detail = f"its source is longer than {_MOST} bytes"
        yield context.reason("torchscript-limit", "not-inspectable", detail)
    found = _FILES.search(raw)
    if found:
        name = next(group for group in found.groups() if group).decode()
        detail = f"TorchScript calls aten::{name}, which reads or writes any file"
        yield context.reason("torchscript-file", "dangerous", detail, offset=found.start())
    for space, name in _CUSTOM.findall(raw):
        if space not in _OWN:
            operators.add(f"{space.decode()}::{name.decode()}")
