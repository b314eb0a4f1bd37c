"""Judges the operators of ONNX and onnxruntime by their domain and name."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats._operators import known
from auditor.formats._tally import Tally, shown

# The specification's domains (onnx/defs); "" is ai.onnx. What it does not define there is a
# plug-in (TensorRT looks for one). Of onnxruntime's own domains each is in its table.
SPECIFIED = frozenset({
    "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training",
})  # fmt: skip
# Operators that call Python by a name which the graph gives (onnxruntime's language_interop_ops
# and training operators, onnxruntime-extensions): in no domain are they anything else.
PYTHON = frozenset({
    "PyOp", "PyCustomOp", "PyCustomOpDef", "PythonOp", "PythonOpGrad", "PyFunc", "TritonOp",
    "PythonFunction", "PyTorchOp",
})  # fmt: skip
# com.microsoft operators that are no operator of their own: compiled code, or a call of ATen.
COMPILED = frozenset({"EPContext", "Snpe", "SNPE", "OpenVINO", "TRTEngineOp", "QNN"})
FOREIGN = frozenset({"ATen"})


def judge_operator(
    context: Context, tally: Tally, operator: tuple[str, str], offset: int, *, own: bool = False
) -> Iterator[VerdictReason]:
    """Yield why an operator (domain, name) is no data, and keep its name in the tally.

    `own` is one that the model defines by a function, whose nodes are judged themselves.
    """
    domain, name = operator
    called = shown(f"{domain}::{name}" if domain else name)
    if name in PYTHON or (domain.startswith("ai.onnx.contrib") and name.startswith("Py")):
        tally.operator(called)
        detail = f"the operator {called} calls Python code that the graph names"
        yield context.reason("onnx-python-operator", "dangerous", detail, offset=offset)
    elif name in COMPILED:
        tally.operator(called)
        detail = f"the operator {called} holds, or points to, compiled code"
        yield context.reason("onnx-compiled-operator", "not-inspectable", detail, offset=offset)
    elif own and name not in FOREIGN:
        return
    elif name in FOREIGN or not _is_own(domain, name):
        tally.operator(called)
        detail = f"the operator {called} is in a library outside the model"
        yield context.reason("onnx-custom-operator", "unlisted", detail, offset=offset)


def _is_own(domain: str, name: str) -> bool:
    """Return whether the specification or onnxruntime itself has the operator."""
    if domain in SPECIFIED:
        return name in known("onnx")
    return f"{domain}:{name}" in known("onnxruntime")
