"""What parts of an expression mean: their types, which can be equal, which word was meant."""

from __future__ import annotations

from msgspec import Struct

from auditor.policy.expression import Call, ExpressionError, Literal, Node
from auditor.policy.shapes import ANY, BOOL, DOUBLE, INT, NULL, STRING, Shape

# A way to a value in a record: field names, with `*` for every item of a list.
Path = tuple[str, ...]


class Meaning(Struct, frozen=True, kw_only=True):
    """The type of a part of an expression, and where in the record it comes from."""

    shape: Shape
    path: Path | None = None


def closest(word: str, known: tuple[str, ...]) -> str:
    """Return `Did you mean …?` for the known word nearest to `word`, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else ""


def constant_shape(value: str | float | bool | None) -> Shape:
    """Return the type of a constant."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    return DOUBLE if isinstance(value, float) else STRING


def comparable(left: Shape, right: Shape) -> bool:
    """Return whether values of the two types can be equal."""
    bases = {left.base, right.base}
    if "any" in bases or len(bases) == 1:
        return True
    if "null" in bases:
        return left.optional or right.optional
    return bases <= {"int", "double"} or bases in ({"ip", "string"}, {"cidr", "string"})


def refuse_stranger(node: Node, field: Shape, other: Shape, parts: tuple[Node, Node]) -> None:
    """Refuse a constant text that the closed vocabulary of a field does not know."""
    constant = parts[1]
    if not field.choices or other.base != "string" or not isinstance(constant, Literal):
        return
    if constant.value not in field.choices:
        raise ExpressionError(
            f"'{constant.value}' is no value of this field",
            node.offset,
            closest(str(constant.value), field.choices) or f"It has: {', '.join(field.choices)}",
        )


def item_of(whole: Meaning) -> Meaning:
    """Return the meaning of an item of a list."""
    path = None if whole.path is None else (*whole.path, "*")
    return Meaning(shape=whole.shape.element or ANY, path=path)


def constant_pattern(node: Call) -> str:
    """Return the regular expression of a `matches`; it must be a constant."""
    argument = node.arguments[0]
    if isinstance(argument, Literal) and isinstance(argument.value, str):
        return argument.value
    raise ExpressionError("the regular expression must be a constant", node.offset)
