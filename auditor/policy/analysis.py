"""Checks an expression against the types it meets, and tells which fields it depends on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from auditor.policy.comparison import (
    Meaning,
    Path,
    closest,
    comparable,
    constant_pattern,
    constant_shape,
    item_of,
    refuse_stranger,
)
from auditor.policy.expression import (
    Binary,
    Call,
    ExpressionError,
    Field,
    Index,
    ListOf,
    Literal,
    Name,
    Node,
    Ternary,
    Unary,
    parse,
)
from auditor.policy.functions import MACROS, SIGNATURES, Signature
from auditor.policy.shapes import ANY, BOOL, STRING, Shape, kind_shape, site_shape

_NUMBERS = ("int", "double")
MAX_MACROS = 2  # in one condition


class Analysis(Struct, frozen=True, kw_only=True):
    """What an expression depends on.

    `reads` are the ways into the record that it takes; where a value on the way could not be
    read the verdict is `unknown`. `null_checked` are those that it compares with null itself;
    `parameters` the parameters it names, `patterns` its regular expressions. `optional` tells
    whether any of the ways can end at null.
    """

    reads: tuple[Path, ...]
    null_checked: tuple[Path, ...]
    parameters: tuple[str, ...]
    patterns: tuple[str, ...]
    optional: bool


def analyse(source: str, kind: str, parameters: Mapping[str, Shape]) -> Analysis:
    """Return what a condition over records of `kind` depends on; raises `ExpressionError`.

    Refused are unknown names, fields and functions, comparisons that can never hold (also with
    a text that the field's vocabulary does not know), records passed on whole (what is read of
    them could then not be told), and a condition that is not true or false.
    """
    checker = _Checker(kind, parameters)
    tree = parse(source)
    meaning = checker.meaning(tree, {})
    if meaning.shape.base not in ("bool", "any"):
        raise ExpressionError(f"a condition is true or false; this is a {meaning.shape}")
    return checker.analysis()


class _Checker:
    """Walks an expression's tree and keeps what it finds."""

    def __init__(self, kind: str, parameters: Mapping[str, Shape]) -> None:
        """Begin with what the expression may name."""
        fields = tuple(sorted(parameters.items()))
        self._kind = kind
        self._roots = {
            "object": Meaning(shape=kind_shape(kind), path=()),
            "params": Meaning(shape=Shape(base="struct", fields=fields)),
            "site": Meaning(shape=site_shape()),
        }
        self._reads: dict[Path, bool] = {}
        self._null_checked: set[Path] = set()
        self._parameters: set[str] = set()
        self._patterns: list[str] = []
        self._macros = 0

    def analysis(self) -> Analysis:
        """Return what was found."""
        return Analysis(
            reads=tuple(sorted(self._reads)),
            null_checked=tuple(sorted(self._null_checked)),
            parameters=tuple(sorted(self._parameters)),
            patterns=tuple(self._patterns),
            optional=any(self._reads.values()),
        )

    def meaning(self, node: Node, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of a part, and keep what it reads."""
        found = self._meaning(node, scope)
        if found.shape.base == "struct":
            raise ExpressionError("name a field of it: the whole is not a value", node.offset)
        if found.path is not None:
            self._reads[found.path] = self._reads.get(found.path, False) or found.shape.optional
        return found

    def _meaning(self, node: Node, scope: Mapping[str, Meaning]) -> Meaning:  # noqa: PLR0911 - a case a line
        """Return the meaning of a part; a way into the record may still go on."""
        match node:
            case Literal():
                return Meaning(shape=constant_shape(node.value))
            case Name():
                return self._name(node, scope)
            case Field():
                return self._field(node, node.target, node.name, scope)
            case Index():
                return self._index(node, scope)
            case Call():
                return self._call(node, scope)
            case ListOf():
                return self._list(node, scope)
            case Unary():
                return self._unary(node, scope)
            case Binary():
                return self._binary(node, scope)
            case Ternary():
                return self._ternary(node, scope)
        raise ExpressionError("this has no meaning here", node.offset)

    def _name(self, node: Name, scope: Mapping[str, Meaning]) -> Meaning:
        """Return what a variable stands for."""
        known = {**self._roots, **scope}
        if node.name not in known:
            raise ExpressionError(
                f"there is no variable '{node.name}'", node.offset, closest(node.name, (*known,))
            )
        return known[node.name]

    def _field(self, node: Node, target: Node, name: str, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `target.name`."""
        whole = self._meaning(target, scope)
        if whole.path:
            self._reads[whole.path] = self._reads.get(whole.path, False) or whole.shape.optional
        shape = whole.shape.field(name)
        if whole.shape.base != "struct" or shape is None:
            owner = f"a {self._kind}" if whole.path == () else f"a {whole.shape.base}"
            known = tuple(field for field, _ in whole.shape.fields)
            if isinstance(target, Name) and target.name in ("params", "site"):
                owner = f"'{target.name}'"
            raise ExpressionError(
                f"{owner} has no field '{name}'", node.offset, closest(name, known)
            )
        if isinstance(target, Name) and target.name == "params" and "params" not in scope:
            self._parameters.add(name)
        return Meaning(shape=shape, path=None if whole.path is None else (*whole.path, name))

    def _index(self, node: Index, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `target[key]`."""
        if isinstance(node.key, Literal) and isinstance(node.key.value, str):
            return self._field(node, node.target, node.key.value, scope)
        whole = self.meaning(node.target, scope)
        key = self.meaning(node.key, scope)
        if whole.shape.base != "list" or key.shape.base not in ("int", "any"):
            raise ExpressionError("only a list is indexed, by a whole number", node.offset)
        return item_of(whole)

    def _list(self, node: ListOf, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `[a, b]`: what is in it decides its element."""
        shapes = [self.meaning(item, scope).shape for item in node.items]
        element = shapes[0] if shapes and all(s.base == shapes[0].base for s in shapes) else ANY
        return Meaning(shape=Shape(base="list", element=element))

    def _unary(self, node: Unary, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `!a` or `-a`."""
        wanted = ("bool",) if node.operator == "!" else _NUMBERS
        operand = self._wanted(node.operand, wanted, scope)
        return Meaning(shape=BOOL if node.operator == "!" else operand.shape)

    def _ternary(self, node: Ternary, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `a ? b : c`."""
        self._wanted(node.condition, ("bool",), scope)
        yes, no = self.meaning(node.yes, scope), self.meaning(node.no, scope)
        return Meaning(shape=yes.shape if yes.shape.base == no.shape.base else ANY)

    def _binary(self, node: Binary, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `a operator b`."""
        if node.operator in ("&&", "||"):
            self._wanted(node.left, ("bool",), scope)
            self._wanted(node.right, ("bool",), scope)
            return Meaning(shape=BOOL)
        left, right = self.meaning(node.left, scope), self.meaning(node.right, scope)
        if any(
            side.shape.element and side.shape.element.base == "struct" for side in (left, right)
        ):
            raise ExpressionError("ask a list of parts by size(), all() or exists()", node.offset)
        if node.operator in ("==", "!="):
            self._compare(node, left, right)
            return Meaning(shape=BOOL)
        if node.operator == "in":
            self._contain(node, left, right)
            return Meaning(shape=BOOL)
        bases = {left.shape.base, right.shape.base}
        if len(bases - {"any"}) > 1 or bases & {"bool", "null", "struct"}:
            raise ExpressionError(
                f"'{node.operator}' does not join a {left.shape} and a {right.shape}", node.offset
            )
        return Meaning(shape=BOOL if node.operator in ("<", "<=", ">", ">=") else left.shape)

    def _compare(self, node: Binary, left: Meaning, right: Meaning) -> None:
        """Refuse a comparison that can never hold, and keep which fields are held against null."""
        for one, other in ((left, right), (right, left)):
            if other.shape.base == "null" and one.path:
                if not one.shape.optional:
                    raise ExpressionError(f"{'.'.join(one.path)} is never null", node.offset)
                self._null_checked.add(one.path)
        refuse_stranger(node, left.shape, right.shape, (node.left, node.right))
        refuse_stranger(node, right.shape, left.shape, (node.right, node.left))
        if not comparable(left.shape, right.shape):
            raise ExpressionError(f"a {left.shape} is never equal to a {right.shape}", node.offset)

    def _contain(self, node: Binary, left: Meaning, right: Meaning) -> None:
        """Refuse `a in b` where b is no list, or can never hold a."""
        if right.shape.base != "list":
            raise ExpressionError(f"'in' asks a list, not a {right.shape}", node.offset)
        element = right.shape.element or ANY
        if not comparable(left.shape, element):
            raise ExpressionError(f"a {right.shape} never holds a {left.shape}", node.offset)
        if isinstance(node.right, ListOf):
            for item in node.right.items:
                refuse_stranger(node, left.shape, STRING, (node.left, item))
        refuse_stranger(node, element, left.shape, (node.right, node.left))

    def _wanted(self, node: Node, bases: tuple[str, ...], scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of a part that must be of one of the types `bases`."""
        found = self.meaning(node, scope)
        if found.shape.base not in (*bases, "any"):
            raise ExpressionError(
                f"a {' or '.join(bases)} is due here, not a {found.shape}", node.offset
            )
        return found

    def _call(self, node: Call, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of a call."""
        if node.target is not None and node.function in MACROS:
            return self._macro(node, node.target, scope)
        signature = SIGNATURES.get(node.function)
        if signature is None:
            raise ExpressionError(
                f"there is no function '{node.function}'",
                node.offset,
                closest(node.function, (*SIGNATURES, *MACROS)),
            )
        self._check_arguments(node, signature, scope)
        if node.function == "matches":
            self._patterns.append(constant_pattern(node))
        return Meaning(shape=signature.result)

    def _check_arguments(
        self, node: Call, signature: Signature, scope: Mapping[str, Meaning]
    ) -> None:
        """Check how a function is called, and with what."""
        given = node.arguments
        wanted = signature.arguments
        if node.target is not None:
            if signature.call == "function":
                raise ExpressionError(
                    f"write {node.function}(…), not x.{node.function}(…)", node.offset
                )
            self._wanted(node.target, signature.target, scope)
            wanted = wanted if signature.call == "method" else wanted[1:]
        elif signature.call == "method":
            raise ExpressionError(f"write x.{node.function}(…)", node.offset)
        if len(given) != len(wanted):
            raise ExpressionError(
                f"{node.function} takes {len(wanted)} arguments, not {len(given)}", node.offset
            )
        for argument, bases in zip(given, wanted, strict=True):
            self._wanted(argument, bases, scope)

    def _macro(self, node: Call, target: Node, scope: Mapping[str, Meaning]) -> Meaning:
        """Return the meaning of `list.all(x, condition)` and its like."""
        whole = self._wanted(target, ("list",), scope)
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):  # noqa: PLR2004
            raise ExpressionError(f"write list.{node.function}(x, condition)", node.offset)
        variable, body = node.arguments[0].name, node.arguments[1]
        if variable in self._roots or variable in scope:
            raise ExpressionError(f"'{variable}' has a meaning already", node.offset)
        self._macros += 1
        if self._macros > MAX_MACROS:
            raise ExpressionError(f"more than {MAX_MACROS} macros in a condition", node.offset)
        inner = {**scope, variable: item_of(whole)}
        if node.function == "map":
            made = self.meaning(body, inner)
            return Meaning(shape=Shape(base="list", element=made.shape))
        self._wanted(body, ("bool",), inner)
        return whole if node.function == "filter" else Meaning(shape=BOOL)
