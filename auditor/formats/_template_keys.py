"""Tells which names a Jinja template looks up as they are, and which it puts together first."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from auditor.formats._template_fold import assignments

_ROUNDS = 40
_DEEPEST = 24
_NUMBERS = frozenset({"length", "count", "int", "float", "round", "abs", "sum"})
# Filters and methods that give back what they are given, or something out of it.
_SAME = frozenset({
    "default", "d", "first", "last", "min", "max", "random", "list", "sort", "unique", "reverse",
    "items", "select", "reject", "selectattr", "rejectattr", "dictsort", "groupby",
})  # fmt: skip
_TAKING = frozenset({"get", "items", "keys", "values", "split", "rsplit", "partition"})
_TABLES = frozenset({"namespace", "dict", "range"})


class Keys:
    """Which names and attributes of a template hold texts that it made itself.

    A lookup is told to be safe by what is known of its key, not to be wrong by what is: a
    constant, a name, something out of the messages, and sums of numbers are; every operation
    that can make a text is not.
    """

    def __init__(self, every: list[nodes.Node]) -> None:
        """Look through all the nodes of a template."""
        pairs = assignments(every)
        self._numeric: set[str] = set()
        self._built: set[str] = {
            name
            for node in every
            if isinstance(node, nodes.AssignBlock)
            for name in _names(node.target)
        }
        for _ in range(_ROUNDS):
            before = len(self._numeric), len(self._built)
            self._numeric |= self._all_numeric(pairs)
            self._built |= {name for name, value in pairs if self.builds(value)}
            if before == (len(self._numeric), len(self._built)):
                return
        # What still changes is not known.
        self._built |= {name for name, _ in pairs}

    def _all_numeric(self, pairs: list[tuple[str, nodes.Node]]) -> set[str]:
        told = {name for name, _ in pairs}
        return told - {name for name, value in pairs if not self._is_number(value)}

    def builds(  # noqa: C901, PLR0911 - one case a kind of node
        self, node: nodes.Node | None, depth: int = 0
    ) -> bool:
        """Return whether an expression may be a text that the template itself made."""
        if node is None:
            return False
        if depth > _DEEPEST:
            return True
        deeper = depth + 1
        match node:
            case nodes.Name(name=name) | nodes.NSRef(attr=name):
                return name in self._built
            case nodes.Getattr(node=inner, attr=name):
                return name in self._built or self.builds(inner, deeper)
            case nodes.Getitem(arg=nodes.Slice()):
                return True
            case nodes.Add(left=left, right=right):
                # A text can be added neither to a list nor to a number.
                if isinstance(left, nodes.List) or isinstance(right, nodes.List):
                    return self.builds(left, deeper) or self.builds(right, deeper)
                return not (self._is_number(left, deeper) or self._is_number(right, deeper))
            case nodes.Mul(left=left, right=right):
                return not (self._is_number(left, deeper) and self._is_number(right, deeper))
            case nodes.Mod(left=left):
                return not self._is_number(left, deeper)
            case nodes.Concat() | nodes.TemplateData():
                return True
            case nodes.Filter(name=name):
                return name not in _NUMBERS and self._of_filter(node, name, deeper)
            case nodes.Call(node=target):
                return self._of_call(node, target, deeper)
        return any(self.builds(child, deeper) for child in node.iter_child_nodes())

    def _of_filter(self, node: nodes.Filter, name: str, depth: int) -> bool:
        if name == "map":
            by_attribute = any(keyword.key == "attribute" for keyword in node.kwargs)
            return not by_attribute or self.builds(node.node, depth)
        return name not in _SAME or any(self.builds(part, depth) for part in _parts(node))

    def _of_call(self, node: nodes.Call, target: nodes.Node, depth: int) -> bool:
        if isinstance(target, nodes.Getattr):
            takes = target.attr in _TAKING
        else:
            takes = isinstance(target, nodes.Name) and target.name in _TABLES
        return not takes or any(self.builds(part, depth) for part in _parts(node))

    def _is_number(  # noqa: C901, PLR0911 - one case a kind of node
        self, node: nodes.Node, depth: int = 0
    ) -> bool:
        if depth > _DEEPEST:
            return False
        deeper = depth + 1
        match node:
            case nodes.Const(value=value):
                return isinstance(value, int | float)
            case nodes.Name(name=name) | nodes.NSRef(attr=name):
                return name in self._numeric
            case nodes.Getattr(node=nodes.Name(name="loop"), attr=name):
                return name in ("index", "index0", "revindex", "revindex0", "length", "depth")
            case nodes.Getattr(attr=name):
                return name in self._numeric
            case nodes.Filter(name=name):
                return name in _NUMBERS - {"sum"}
            case nodes.Sub() | nodes.FloorDiv() | nodes.Div() | nodes.Neg() | nodes.Not():
                return True
            case nodes.Add() | nodes.Mul() | nodes.Mod():
                sides = (node.left, node.right)
                return all(self._is_number(side, deeper) for side in sides)
            case nodes.CondExpr(expr1=one, expr2=two) if two is not None:
                return self._is_number(one, deeper) and self._is_number(two, deeper)
            case nodes.Compare() | nodes.Test():
                return True
        return False


def _parts(node: nodes.Filter | nodes.Call) -> Iterator[nodes.Node]:
    if isinstance(node.node, nodes.Node):
        yield node.node.node if isinstance(node.node, nodes.Getattr) else node.node
    yield from node.args
    yield from (keyword.value for keyword in node.kwargs)


def _names(target: nodes.Node) -> Iterator[str]:
    if isinstance(target, nodes.Name):
        yield target.name
    elif isinstance(target, nodes.NSRef):
        yield target.attr
