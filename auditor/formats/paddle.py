"""Reads PaddlePaddle's models: programs in both notations, and the parameters beside them."""

from __future__ import annotations

from auditor.formats import (
    BLANKS,
    Budget,
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._paddle_files import is_json_program, is_parameters, json_program, parameters
from auditor.formats._paddle_program import Program, is_program
from auditor.formats._protobuf import Message


def recognises(head: bytes, view: View) -> bool:
    """Return whether a program or a parameter begins there."""
    return is_parameters(head) or is_json_program(head) or _is_program(head, view)


def inspect(view: View, context: Context) -> Inspection:
    """Return what a program asks for, or what the parameters are; raises `FormatError`.

    Operators that run Python, read or write files by name or open connections are dangerous;
    those that PaddlePaddle does not register itself are unlisted.
    """
    head = view.at(0, 1024)
    if is_parameters(head):
        return parameters(view, context)
    if is_json_program(head):
        return json_program(view, context)
    program = Program(context)
    program.read(Message(view, context.budget))
    reasons = (*program.unknown, *program.operators.judged())
    tally = program.operators.tally
    return Inspection(
        model_format="paddle",
        role="graph",
        header=ModelHeader(
            parameters=tally.parameters,
            precision=by_share(tally.elements),
            tensors=tally.tensors,
            producer=f"PaddlePaddle {_version(program.version)}".strip(),
            custom_operators=tally.operators,
        ),
        reasons=tuple(reasons),
    )


def _is_program(head: bytes, view: View) -> bool:
    if head[:1] != b"\x0a":
        return False
    try:
        return is_program(Message(view, Budget(), clipped=True))
    except FormatError:
        return False


def _version(number: int) -> str:
    """Return a version as Paddle packs it: 3003001 is 3.3.1."""
    if not 0 < number < 1 << 31:
        return ""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


FORMAT = ModelFormat(
    title="PaddlePaddle", recognises=recognises, inspect=inspect, rank=5, begins=b"\0\x0a{" + BLANKS
)
