"""Judges the graph of an exported PyTorch program: what it calls, what SymPy would evaluate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats._json import parse, table
from auditor.formats._names import shown

# What torch/_export/serde/serialize.py writes as an expression: sums and products of symbols,
# and functions of them. It is given to `sympify`, which is `eval` with a namespace.
_EXPRESSION = re.compile(r"[A-Za-z0-9_+\-*/%<>=&|~ (),]*(?:\d\.\d[A-Za-z0-9_+\-*/%<>=&|~ (),.]*)?")
_LONGEST = 10_000
_OPERATOR = re.compile(r"torch\.ops\.([A-Za-z_]\w{0,60})\.([A-Za-z_][\w.]{0,120})")
_FUNCTION = re.compile(
    r"(?:_operator|math)\.[a-z_]{1,30}|torch\.sym_\w{1,30}|torch\._sym_\w{1,30}|"
    r"torch\._check(?:_is_size)?|torch\._higher_order_ops\.[\w.]{1,80}|"
    r"torch\.utils\._sympy\.functions\.\w{1,40}"
)
# aten::__and__ and its like: the only names with two underlines that are operators.
_OPERATORS_OF_PYTHON = re.compile(r"^__i?(?:and|or|xor|lshift|rshift)__")
_RUNS = frozenset({"attrgetter", "methodcaller", "call"})
_OWN = frozenset({
    "aten", "prim", "prims", "higher_order", "quantized", "quantized_decomposed",
    "_c10d_functional", "c10d_functional", "c10d", "torchao", "inductor", "profiler", "mkldnn",
    "onednn", "rngprims", "export", "_quantized", "fsdp", "symm_mem", "streams",
})  # fmt: skip


# torch/_export/serde/schema.py, ScalarType.
_TYPES = {
    1: "U8", 2: "I8", 3: "I16", 4: "I32", 5: "I64", 6: "F16", 7: "F32", 8: "F64", 9: "C32",
    10: "C64", 11: "C128", 12: "BOOL", 13: "BF16", 28: "U16", 29: "F8_E4M3", 30: "F8_E5M2",
}  # fmt: skip
_LARGEST = 1 << 62


def weights_in(raw: bytes) -> list[tuple[str, int]]:
    """Return number type and elements of each weight that a program's table of weights names."""
    found = []
    for weight in table(table(parse(raw, "the table of weights")).get("config")).values():
        meta = table(table(weight).get("tensor_meta"))
        sizes, dtype = meta.get("sizes"), meta.get("dtype")
        elements = 1
        for size in sizes if isinstance(sizes, list) else ():
            number = table(size).get("as_int")
            elements *= number if type(number) is int and 0 <= number < _LARGEST else 0
            if elements > _LARGEST:
                return []
        if isinstance(sizes, list) and isinstance(dtype, int) and dtype in _TYPES:
            found.append((_TYPES[dtype], elements))
    return found


def is_exported(name: str) -> bool:
    """Return whether a member of that name is a graph or a table of an exported program."""
    return name.endswith(".json")


def judge_program(raw: bytes, context: Context, operators: set[str]) -> Iterator[VerdictReason]:
    """Yield what is wrong in a JSON file of an exported program; raises `FormatError`.

    `operators` grows by those of other libraries.
    """
    waiting = [parse(raw, "the exported program")]
    while waiting:
        value = waiting.pop()
        context.budget.step()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        waiting.extend(value.values())
        expression, target = value.get("expr_str"), value.get("target")
        if isinstance(expression, str) and not _is_arithmetic(expression):
            detail = f"SymPy would evaluate {shown(expression)}"
            yield context.reason("export-expression", "dangerous", detail)
        if isinstance(target, str) and "inputs" in value:
            yield from _target(target, context, operators)


def _is_arithmetic(expression: str) -> bool:
    if len(expression) > _LONGEST or "__" in expression:
        return False
    return bool(_EXPRESSION.fullmatch(expression))


def _target(target: str, context: Context, operators: set[str]) -> Iterator[VerdictReason]:
    found = _OPERATOR.fullmatch(target)
    if found and "__" not in _OPERATORS_OF_PYTHON.sub("", found.group(2)):
        if found.group(1) not in _OWN:
            operators.add(f"{found.group(1)}::{found.group(2)}")
        return
    if _FUNCTION.fullmatch(target) and target.rpartition(".")[2] not in _RUNS:
        return
    detail = f"the program calls {shown(target)}, which is no operator"
    yield context.reason("export-target", "unlisted", detail, global_name=target)
