"""Works out the strings that a Jinja template puts together from constants, without rendering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jinja2 import nodes

_LONGEST = 4_000
_DEEPEST = 24
_SURROGATES = 0xD800
_SAME = frozenset({"string", "safe", "escape", "e", "forceescape"})
_CASES = frozenset({"lower", "upper", "title", "capitalize", "swapcase", "strip", "trim"})

Value = str | int | list["Value"] | None


class Strings:
    """Which names of a template hold a constant: those that are assigned once."""

    def __init__(self, every: list[nodes.Node]) -> None:
        """Look through all the nodes of a template."""
        self._constants: dict[str, str] = {}
        pairs = assignments(every)
        times = Counter(name for name, _ in pairs)
        for name, value in pairs:
            folded = self.fold(value)
            if isinstance(folded, str) and times[name] == 1:
                self._constants[name] = folded

    def fold(  # noqa: C901, PLR0911 - one case a kind of node
        self, node: nodes.Node | None, depth: int = 0
    ) -> Value:
        """Return the constant string, number or list that an expression gives, else `None`."""
        if node is None or depth > _DEEPEST:
            return None
        deeper = depth + 1
        match node:
            case nodes.Const(value=str() | int() as value):
                return value
            case nodes.Name(name=name):
                return self._constants.get(name)
            case nodes.List() | nodes.Tuple():
                return [self.fold(item, deeper) for item in node.items]
            case nodes.Concat():
                return _joined([self.fold(part, deeper) for part in node.nodes], "")
            case nodes.Add():
                return _joined([self.fold(side, deeper) for side in (node.left, node.right)], "")
            case nodes.Mul():
                return _repeated(self.fold(node.left, deeper), self.fold(node.right, deeper))
            case nodes.Mod():
                return _formatted(self.fold(node.left, deeper), self.fold(node.right, deeper))
            case nodes.Getitem(arg=nodes.Slice() as cut):
                return self._sliced(self.fold(node.node, deeper), cut, deeper)
            case nodes.Filter(node=nodes.Expr() as source, name=name):
                arguments = [self.fold(argument, deeper) for argument in node.args]
                return _filtered(self.fold(source, deeper), name, arguments)
            case nodes.Call(node=nodes.Getattr(attr=name) as target):
                arguments = [self.fold(argument, deeper) for argument in node.args]
                return _called(self.fold(target.node, deeper), name, arguments)
        return None

    def _sliced(self, value: Value, cut: nodes.Slice, depth: int) -> Value:
        start, stop, step = (self._bound(part, depth) for part in (cut.start, cut.stop, cut.step))
        if isinstance(value, str | list) and step != 0:
            return value[start:stop:step]
        return None

    def _bound(self, node: nodes.Node | None, depth: int) -> int | None:
        if isinstance(node, nodes.Neg):
            inner = self._bound(node.node, depth)
            return None if inner is None else -inner
        value = self.fold(node, depth)
        return value if isinstance(value, int) else None


def assignments(every: list[nodes.Node]) -> list[tuple[str, nodes.Node]]:
    """Return every name with what is put into it: by `set`, `for`, `with`, tables and calls."""
    macros = {node.name: node for node in every if isinstance(node, nodes.Macro)}
    blocks = [node.args for node in every if isinstance(node, nodes.CallBlock)]
    found: list[tuple[str, nodes.Node]] = []
    for node in every:
        match node:
            case nodes.Assign(target=target, node=value) | nodes.For(target=target, iter=value):
                found.extend(_unpacked(target, value))
            case nodes.With(targets=targets, values=values):
                for target, value in zip(targets, values, strict=True):
                    found.extend(_unpacked(target, value))
            case nodes.Keyword(key=key):
                found.append((key, node.value))
            case nodes.Pair(key=nodes.Const(value=str() as key)):
                found.append((key, node.value))
            case nodes.Macro() | nodes.CallBlock():
                named = node.args[len(node.args) - len(node.defaults) :]
                found.extend((n.name, v) for n, v in zip(named, node.defaults, strict=True))
            case nodes.Call(node=nodes.Name(name=name)) if name in macros or name == "caller":
                for parameters in [macros[name].args] if name in macros else blocks:
                    names = [parameter.name for parameter in parameters]
                    found.extend(zip(names, node.args, strict=False))
    return found


def _unpacked(target: nodes.Node, value: nodes.Node) -> Iterator[tuple[str, nodes.Node]]:
    """Yield the names of a target; each of several may be any part of the value."""
    match target:
        case nodes.Name(name=name) | nodes.NSRef(attr=name):
            yield name, value
        case nodes.Tuple(items=items):
            for item in items:
                yield from _unpacked(item, value)


def _joined(parts: list[Value], between: str) -> Value:
    texts = [part for part in parts if isinstance(part, str)]
    return between.join(texts)[:_LONGEST] if len(texts) == len(parts) else None


def _repeated(left: Value, right: Value) -> Value:
    if isinstance(left, int):
        left, right = right, left
    if isinstance(left, str) and isinstance(right, int):
        return left * min(max(right, 0), _LONGEST // max(1, len(left)))
    return None


def _formatted(pattern: Value, values: Value) -> Value:
    """Return a pattern with constants in the place of its `%s`, `%c` and `%d`."""
    if not isinstance(pattern, str):
        return None
    shown = pattern[:_LONGEST]
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, str | int):
            return None
        places = [(shown.find(mark), mark) for mark in ("%s", "%c", "%d") if mark in shown]
        if places:
            place, mark = min(places)
            code = mark == "%c" and isinstance(value, int) and 0 < value < _SURROGATES
            text = chr(value) if code and isinstance(value, int) else str(value)[:_LONGEST]
            shown = shown[:place] + text + shown[place + len(mark) :]
    return shown[:_LONGEST]


def _filtered(  # noqa: PLR0911 - one case a filter
    source: Value, name: str, arguments: list[Value]
) -> Value:
    if name == "join":
        glue = arguments[0] if arguments else ""
        parts: Value = list(source) if isinstance(source, str) else source
        return _joined(parts, glue) if isinstance(parts, list) and isinstance(glue, str) else None
    if name in ("first", "last") and isinstance(source, str | list) and source:
        return source[0 if name == "first" else -1]
    if name == "list" and isinstance(source, str):
        return list(source)
    if name == "reverse" and isinstance(source, str | list):
        return source[::-1]
    if name == "format":
        return _formatted(source, arguments)
    if name in _SAME:
        return source if isinstance(source, str) else None
    return _called(source, name, arguments)


def _called(source: Value, name: str, arguments: list[Value]) -> Value:
    if not isinstance(source, str):
        return None
    texts = [argument for argument in arguments if isinstance(argument, str)]
    if name == "join":
        parts = arguments[0] if arguments else None
        parts = list(parts) if isinstance(parts, str) else parts
        return _joined(parts, source) if isinstance(parts, list) else None
    if name == "replace" and len(texts) >= 2:  # noqa: PLR2004 - what, with what
        return source.replace(texts[0], texts[1], _LONGEST)[:_LONGEST]
    if name == "format":
        return _formatted(source.replace("{}", "%s"), arguments)
    if name in _CASES:
        changed: str = getattr(source, "strip" if name == "trim" else name)()
        return changed
    return None
