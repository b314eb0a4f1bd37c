"""Reads PaddlePaddle's parameters, and its programs that are written as JSON."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelHeader, View, by_share
from auditor.formats._json import table, text, whole
from auditor.formats._paddle_program import BYTES_OF, TYPES, Operators, tensor_desc
from auditor.formats._protobuf import Message
from auditor.formats._tally import Places, Tally, elements, shown

# paddle/phi/core/framework/dense_tensor_serialize.cc: version 0 of 32 bits, levels of 64 bits,
# version 0 of 32 bits, the length of a TensorDesc of 32 bits, the TensorDesc, the numbers.
_PREFIX = 16
_MOST_DESC = 1 << 12
_MAX_LEVELS = 16
# paddle/fluid/pir/serialize_deserialize: dialects by number; `p` is a parameter.
_CUSTOM_DIALECT = "3"
_DIALECTS = frozenset({"0", "1", "2", "4", "5"})
_PARAMETER = "p"
_PIR_TYPES = {
    "0.t_f32": "F32", "0.t_f16": "F16", "0.t_bf16": "BF16", "0.t_f64": "F64", "0.t_i8": "I8",
    "0.t_ui8": "U8", "0.t_i16": "I16", "0.t_i32": "I32", "0.t_i64": "I64", "0.t_bool": "BOOL",
}  # fmt: skip


def is_parameters(head: bytes) -> bool:
    """Return whether a tensor begins as Paddle writes it: two versions 0, no levels."""
    size = int.from_bytes(head[_PREFIX : _PREFIX + 4], "little")
    return (
        head[:_PREFIX] == b"\0" * _PREFIX
        and 2 <= size <= _MOST_DESC  # noqa: PLR2004 - a number type
        and head[_PREFIX + 4 : _PREFIX + 5] == b"\x08"
        and (size == 2 or head[_PREFIX + 6 : _PREFIX + 7] in (b"\x10", b"\x12"))  # noqa: PLR2004
    )


def parameters(view: View, context: Context) -> Inspection:
    """Return what the tensors are that follow each other to the file's end."""
    tally = Tally()
    at = 0
    while at < view.size:
        context.budget.step(4)
        at = _tensor(view, context, at, tally)
    return Inspection(
        model_format="paddle",
        header=ModelHeader(
            parameters=tally.parameters, precision=by_share(tally.elements),
            tensors=tally.tensors, producer="PaddlePaddle",
        ),
    )  # fmt: skip


def _tensor(view: View, context: Context, at: int, tally: Tally) -> int:
    """Count the tensor at an offset and return where it ends."""
    version, levels = _number(view, at, 4), _number(view, at + 4, 8)
    if version or levels > _MAX_LEVELS:
        raise FormatError("a tensor begins with another version", offset=at)
    at += 12
    for _ in range(levels):
        at += 8 + _number(view, at, 8)
    size = _number(view, at + 4, 4)
    if _number(view, at, 4) or size > _MOST_DESC:
        raise FormatError("a tensor's description has another version", offset=at)
    at += 8
    kind, shape = tensor_desc(Message(view, context.budget, (at, min(at + size, view.size))))
    if kind not in TYPES:
        raise FormatError(f"the number type {kind} is not known", "unsupported", offset=at)
    count = elements(shape)
    end = at + size + count * BYTES_OF[kind]
    if end > view.size:
        raise FormatError("a tensor ends beyond the file", offset=at)
    tally.tensor(TYPES[kind], count)
    return end


def _number(view: View, at: int, width: int) -> int:
    data = view.at(at, width)
    if len(data) < width:
        raise FormatError("the file ends within a tensor", offset=at)
    return int.from_bytes(data, "little")


def is_json_program(head: bytes) -> bool:
    """Return whether JSON begins with the mark of Paddle's intermediate representation."""
    begin = head.lstrip()
    return begin.startswith(b"{") and b'"base_code"' in begin[:64] and b'"pir"' in begin[:128]


def json_program(view: View, context: Context) -> Inspection:
    """Return which operators a program in JSON asks for; those of Paddle's dialects are known."""
    document = table(whole(view, "the program"))
    operators, tally = Operators(context), Tally()
    custom: Places[str] = Places()
    pending: list[object] = [document.get("program")]
    while pending:
        context.budget.step()
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
            for operation in _operations(value.get("ops")):
                _operation(operation, operators, tally, custom)
    reasons = operators.judged(table=False)
    for name in sorted(custom):
        operators.tally.operator(name)
        detail = f"the operator {shown(name)} is in a library outside of PaddlePaddle"
        reasons.append(context.reason("paddle-custom-operator", "unlisted", detail))
    version = shown(str(table(document.get("base_code")).get("version")), 20)
    return Inspection(
        model_format="paddle",
        role="graph",
        header=ModelHeader(
            parameters=tally.parameters, precision=by_share(tally.elements),
            tensors=tally.tensors, producer=f"PaddlePaddle PIR {version}",
            custom_operators=operators.tally.operators,
        ),
        reasons=tuple(reasons),
    )  # fmt: skip


def _operations(value: object) -> list[dict[str, object]]:
    """Return the operations of a block; one that is no table is malformed."""
    operations = value if isinstance(value, list) else []
    if not all(isinstance(operation, dict) for operation in operations):
        raise FormatError("an operation is no table")
    return operations


def _operation(
    value: dict[str, object], operators: Operators, tally: Tally, custom: Places[str]
) -> None:
    named = text(value.get("#"))
    if named == _PARAMETER:
        _parameter(value, tally)
        return
    dialect, _, name = named.partition(".")
    if dialect not in _DIALECTS or not name:
        custom.add(named, -1)
    operators.add(name.rstrip("_"), -1)


def _parameter(value: dict[str, object], tally: Tally) -> None:
    """Count a parameter: its result's type holds the number type and the shape."""
    described = table(table(value.get("O")).get("TT")).get("D")
    if not isinstance(described, list) or len(described) < 2:  # noqa: PLR2004 - type and shape
        return
    shape = described[1]
    if isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape):
        kind = text(table(described[0]).get("#"))
        tally.tensor(_PIR_TYPES.get(kind, shown(kind, 20)), elements(shape))
