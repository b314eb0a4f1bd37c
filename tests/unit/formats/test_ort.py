"""onnxruntime's own notation: operators, subgraphs, broken flatbuffers."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, ort
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import Flat

SAMPLE = model_samples.sample("ort")


def node(op, domain=None, attributes=()):
    return ["n", None, domain, ("i", 1), None, op, *[None] * 4, ("tables", list(attributes))]


def session(*nodes):
    graph = [None, None, ("tables", list(nodes))]
    return Flat(b"ORTM").build(["6", [("q", 8), *[None] * 6, graph]])


def test_what_a_model_says():
    found = inspect(ort, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.license) == (6, "F32", "MIT")
    assert header.producer == "own 1.0 onnxruntime format 6"


BODY = ["body", *[None] * 6, [None, None, ("tables", [node("PyOp")])]]
BODIES = ["b", *[None] * 11, ("tables", [[None, None, ("tables", [node("PyOp")])]])]
OPERATORS = {
    "python": (node("PyOp", "com.microsoft"), "onnx-python-operator", "dangerous"),
    "in-a-subgraph": (node("If", None, [BODY]), "onnx-python-operator", "dangerous"),
    "in-one-of-subgraphs": (node("If", None, [BODIES]), "onnx-python-operator", "dangerous"),
    "library": (node("Fast", "com.example"), "onnx-custom-operator", "unlisted"),
    "compiled": (
        node("EPContext", "com.microsoft"), "onnx-compiled-operator", "not-inspectable",
    ),
}  # fmt: skip


@pytest.mark.parametrize("op, rule, verdict", OPERATORS.values(), ids=OPERATORS)
def test_operators_outside_of_the_model(op, rule, verdict):
    assert told(session(node("Add"), op)) == {(rule, verdict)}


def test_without_a_graph_nothing_is_known():
    assert told(Flat(b"ORTM").build(["6"])) == {("ort-without-graph", "not-inspectable")}


MALFORMED = {
    "header-alone": b"\x14\0\0\0ORTM",
    "cut-off": SAMPLE[: len(SAMPLE) // 2],
    "pickle-as-the-header": b"\x80\x02U\x04ORTM" + SAMPLE[8:],
    "name-not-utf8": session(node(b"\xff\xfe")),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError):
        inspect(ort, data)
    assert formats.inspect(Memory(data)).verdict == "malformed"
