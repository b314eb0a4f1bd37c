"""Reads the tables of operators that a framework registers itself: others are in a library."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def known(framework: str) -> frozenset[str]:
    """Return the names of a framework's own operators, from the table beside this file.

    `onnx`: `get_all_schemas_with_history` of onnx 1.23, what was experimental before opset 10,
    and what onnxruntime puts there; `onnxruntime`: `domain:name` of its own domains, of 1.32 and
    of its training build; `openvino`: the operators of OpenVINO 2026.4's sets, 1 to 17;
    `tensorflow`: `TF_GetAllOpList` of TensorFlow 2.21; `paddle`: `get_all_op_names` of
    PaddlePaddle 3.3: the names that those builds answered, nothing else of them.
    """
    table = _FOLDER / f"_{framework}_operators.txt"
    return frozenset(table.read_text(encoding="ascii").split())
