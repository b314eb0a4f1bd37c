"""Works out the strings that a Jinja template puts together from constants, without rendering."""

from __future__ import annotations

from collections import Counter

from jinja2 import nodes

_LONGEST = 4_000
_DEEPEST = 24
_ROUNDS = 8
_SURROGATES = 0xD800
# Operations that make a new string: whoever looks a name up with one hides the name.
_STRING_FILTERS = frozenset({
    "join", "replace", "format", "reverse", "lower", "upper", "title", "capitalize", "string",
    "urlencode", "truncate", "center", "first", "last", "batch", "slice", "escape", "striptags",
})  # fmt: skip
_STRING_METHODS = frozenset({
    "join", "replace", "format", "format_map", "lower", "upper", "swapcase", "title",
    "capitalize", "strip", "lstrip", "rstrip", "translate", "removeprefix", "removesuffix",
    "decode", "encode", "zfill", "center", "ljust", "rjust", "casefold", "pop",
})  # fmt: skip
_SAME = frozenset({"string", "safe", "escape", "e", "forceescape"})
_CASES = frozenset({"lower", "upper", "title", "capitalize", "swapcase", "strip", "trim"})

Value = str | int | list["Value"] | None


class Strings:
    """What is known of a template's strings: names that hold one, and names that hold built ones.

    A name with a single assignment of a constant is that constant; `built` are the names (and
    attributes of namespaces) that some assignment gives a string put together by operations.
    """

    def __init__(self, every: list[nodes.Node]) -> None:
        """Look through all the nodes of a template."""
        self._constants: dict[str, str] = {}
        self._built: set[str] = set()
        pairs = list(_assignments(every))
        times = Counter(name for name, _ in pairs)
        for name, value in pairs:
            folded = self.fold(value)
            if isinstance(folded, str) and times[name] == 1:
                self._constants[name] = folded
        for _ in range(_ROUNDS):
            found = {name for name, value in pairs if self._builds_within(value)}
            if found <= self._built:
                break
            self._built |= found

    def _builds_within(self, value: nodes.Node) -> bool:
        items = value.items if isinstance(value, nodes.List | nodes.Tuple) else [value]
        return any(self.builds(item) for item in items)

    def builds(self, node: nodes.Node | None) -> bool:  # noqa: PLR0911 - one case a kind of node
        """Return whether an expression makes a string out of others (`a ~ b`, `x|join`)."""
        match node:
            case nodes.Concat() | nodes.Mod() if self._is_text(getattr(node, "left", node)):
                return True
            case nodes.Add() | nodes.Mul():
                return self._is_text(node.left) or self._is_text(node.right)
            case nodes.Filter(name=name):
                return name in _STRING_FILTERS
            case nodes.Call(node=nodes.Getattr(attr=name)):
                return name in _STRING_METHODS
            case nodes.Getitem(arg=nodes.Slice()):
                return True
            case nodes.CondExpr():
                return self.builds(node.expr1) or self.builds(node.expr2)
            case nodes.Name(name=name) | nodes.Getattr(attr=name):
                return name in self._built
        return False

    def _is_text(self, node: nodes.Node) -> bool:
        if isinstance(node, nodes.Concat):
            return True
        known = self.fold(node)
        return isinstance(known, str) or (known is None and self.builds(node))

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


def _assignments(every: list[nodes.Node]) -> list[tuple[str, nodes.Node]]:
    """Return every name with what is put into it: by `set`, `for`, `namespace(…)` and calls."""
    macros = {node.name: node for node in every if isinstance(node, nodes.Macro)}
    found: list[tuple[str, nodes.Node]] = []
    for node in every:
        match node:
            case (
                nodes.Assign(target=nodes.Name(name=name)) | nodes.For(target=nodes.Name(name=name))
            ):
                found.append((name, node.node if isinstance(node, nodes.Assign) else node.iter))
            case nodes.Assign(target=nodes.NSRef(attr=name)):
                found.append((name, node.node))
            case nodes.Keyword(key=key):
                found.append((key, node.value))
            case nodes.Call(node=nodes.Name(name=name)) if name in macros:
                parameters = [parameter.name for parameter in macros[name].args]
                found.extend(zip(parameters, node.args, strict=False))
    return found


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
