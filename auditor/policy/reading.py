"""Reads the nodes of a pack, profile or waiver file into values, with exact complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from auditor.errors import PackError
from auditor.policy.comparison import closest
from auditor.policy.expression import ExpressionError
from auditor.policy.findings import SEVERITIES, Severity, Text
from auditor.policy.rules import ParameterValue
from auditor.yamldoc import Mapping, Node, Scalar, Sequence, load

_Made = TypeVar("_Made")


class Reader:
    """Reads one file; every complaint is a `PackError` that names `file:line:column`."""

    def __init__(self, data: bytes, where: str) -> None:
        """Read the YAML of the file named `where`."""
        self.where = where
        self.root = load(data, where=where)

    def wrong(self, node: Node, what: str, hint: str = "") -> PackError:
        """Return a complaint about a node."""
        return PackError(what, where=node.place(self.where), hint=hint)

    def mapping(
        self, node: Node, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """Return a mapping's values by key: all `required` ones, and no unknown one."""
        entries = self.entries(node)
        known = (*required, *optional)
        for key, _ in entries:
            if key.name not in known:
                raise self.wrong(
                    key, f"'{key.name}' is not known here",
                    closest(key.name, known) or f"Known: {', '.join(known)}",
                )  # fmt: skip
        found = {key.name: value for key, value in entries}
        for name in required:
            if name not in found:
                raise self.wrong(node, f"'{name}' is missing")
        return found

    def entries(self, node: Node) -> tuple[tuple[Scalar, Node], ...]:
        """Return the keys and values of a mapping."""
        if not isinstance(node, Mapping):
            raise self.wrong(node, "a mapping is due here")
        return node.entries

    def items(self, node: Node) -> tuple[Node, ...]:
        """Return the items of a list."""
        if not isinstance(node, Sequence):
            raise self.wrong(node, "a list is due here")
        return node.items

    def text(self, node: Node) -> str:
        """Return a text as written; an empty one is refused."""
        if not isinstance(node, Scalar) or not node.text.strip():
            raise self.wrong(node, "a text is due here")
        return node.text.strip()

    def texts(self, node: Node) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self.text(item) for item in self.items(node))

    def said(self, node: Node) -> Text:
        """Return a sentence: a text (English), or `{en: …, zh: …}`."""
        if isinstance(node, Scalar):
            return Text(en=self.text(node))
        found = self.mapping(node, ("en",), ("zh",))
        chinese = found.get("zh")
        return Text(en=self.text(found["en"]), zh=self.text(chinese) if chinese else "")

    def severity(self, node: Node) -> Severity:
        """Return a severity."""
        text = self.text(node)
        for severity in SEVERITIES:
            if severity == text:
                return severity
        raise self.wrong(
            node, f"'{text}' is no severity",
            closest(text, SEVERITIES) or f"Severities: {', '.join(SEVERITIES)}",
        )  # fmt: skip

    def parameter(self, node: Node, type_name: str) -> ParameterValue:
        """Return a parameter's value, of the declared type."""
        if type_name.startswith("list("):
            inner = type_name[5:-1]
            made = (self._single(item, inner) for item in self.items(node))
            return cast("tuple[str, ...]", tuple(made))  # one type: that of the declaration
        return self._single(node, type_name)

    def _single(self, node: Node, type_name: str) -> bool | int | str:
        """Return one value of type `bool`, `int` or `string`."""
        value = node.value if isinstance(node, Scalar) else None
        if type_name == "string" and isinstance(node, Scalar) and value is not None:
            return node.text
        if type_name == "bool" and isinstance(value, bool):
            return value
        if type_name == "int" and isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.wrong(node, f"a value of type {type_name} is due here")

    def checked(self, node: Node, make: Callable[[], _Made]) -> _Made:
        """Return what `make` makes; its `ExpressionError` becomes a complaint about `node`."""
        try:
            return make()
        except ExpressionError as error:
            text = node.text if isinstance(node, Scalar) else ""
            what = f"{error.what} (character {error.offset + 1} of: {text:.120})"
            raise self.wrong(node, what, error.hint) from error
