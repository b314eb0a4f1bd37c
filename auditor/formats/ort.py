"""Reads onnxruntime's own notation of ONNX models: a flatbuffer."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, Inspection, ModelFormat, ModelHeader, View, by_share
from auditor.formats._flatbuffer import Table, root
from auditor.formats._tally import Places, Tally, elements, shown

# onnxruntime/core/flatbuffers/schema/ort.fbs: slots in the order of the fields.
_IDENTIFIER = b"ORTM"
_SESSION_MODEL = 1
_PRODUCER, _GRAPH, _METADATA = (2, 3), 7, 9
_INITIALIZERS, _NODES, _SPARSE = 0, 2, 7
_DOMAIN, _OP_TYPE, _PROVIDER, _ATTRIBUTES = 2, 5, 7, 10
_SUBGRAPH, _SUBGRAPHS = 7, 12


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the file identifier stands where a flatbuffer has it."""
    return head[4:8] == _IDENTIFIER


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says; operators are judged as ONNX's are. Raises `FormatError`."""
    from auditor.formats._onnx_operators import judge_operator

    session = root(view, context.budget)
    model = session.table(_SESSION_MODEL)
    tally = Tally()
    operators: Places[tuple[str, str]] = Places()
    reasons: list[VerdictReason] = []
    pending = [graph] if model and (graph := model.table(_GRAPH)) else []
    if not pending:
        detail = "there is no graph in it: a checkpoint of a training, or something else"
        reasons.append(context.reason("ort-without-graph", "not-inspectable", detail))
    while pending:
        _graph(pending.pop(), tally, operators, pending)
    for operator, offset in operators.items():
        reasons.extend(judge_operator(context, tally, operator, offset))
    said = _said(model) if model else {}
    version = shown(session.text(0), 20)
    producer = " ".join(shown(model.text(slot), 100) for slot in _PRODUCER) if model else ""
    return Inspection(
        model_format="ort",
        role="graph",
        header=ModelHeader(
            architecture=said.get("model_type", ""),
            parameters=tally.parameters,
            precision=by_share(tally.elements),
            tensors=tally.tensors,
            license=said.get("license", ""),
            producer=f"{producer} onnxruntime format {version}".strip(),
            custom_operators=tally.operators,
        ),
        reasons=tuple(reasons),
    )


def _graph(
    graph: Table, tally: Tally, operators: Places[tuple[str, str]], pending: list[Table]
) -> None:
    for tensor in graph.tables(_INITIALIZERS):
        _tensor(tensor, tally)
    for sparse in graph.tables(_SPARSE):
        values = sparse.table(0)
        if values:
            _tensor(values, tally)
    for node in graph.tables(_NODES):
        operator = node.text(_DOMAIN), node.text(_OP_TYPE)
        operators.add(operator, node.offset)
        for attribute in node.tables(_ATTRIBUTES):
            inner = attribute.table(_SUBGRAPH)
            pending.extend([inner] if inner else [])
            pending.extend(attribute.tables(_SUBGRAPHS))


def _tensor(tensor: Table, tally: Tally) -> None:
    from auditor.formats._onnx_tensors import TYPES

    kind = tensor.number(3, "i")
    name, _ = TYPES.get(kind, (f"type {kind}", 0))
    tally.tensor(name, elements(tensor.numbers(2, "q")))


def _said(model: Table) -> dict[str, str]:
    """Return the metadata's first text of every key."""
    found: dict[str, str] = {}
    for entry in model.tables(_METADATA):
        found.setdefault(entry.text(0), shown(entry.text(1)))
    return found


FORMAT = ModelFormat(title="onnxruntime", recognises=recognises, inspect=inspect)
