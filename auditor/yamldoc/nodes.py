"""The nodes of a document: frozen, and each knows the line and column where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

Value = str | int | float | bool | None


class Node(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a document; `line` and `column` count from 1, columns in characters."""

    line: int
    column: int

    def place(self, where: str) -> str:
        """Return `file:line:column` for the file `where`."""
        return f"{where}:{self.line}:{self.column}"

    def plain(self) -> object:
        """Return dicts, lists and values; keys become strings as they do on the way to JSON.

        The size is bounded: the reader has counted every alias in full.
        """
        raise NotImplementedError


class Scalar(Node, frozen=True, kw_only=True, gc=False):
    """A single value: `text` as written (quotes and escapes undone), `value` as resolved."""

    value: Value
    text: str

    @property
    def name(self) -> str:
        """Return the value as a mapping key in JSON: `true` for `yes`, `8` for `010`."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if self.value is None:
            return "null"
        return str(self.value) if isinstance(self.value, int) else self.text

    def plain(self) -> Value:
        """Return the value."""
        return self.value


class Sequence(Node, frozen=True, kw_only=True, gc=False):
    """A list of nodes."""

    items: tuple[Node, ...]

    def plain(self) -> list[object]:
        """Return a list."""
        return [item.plain() for item in self.items]


class Mapping(Node, frozen=True, kw_only=True, gc=False):
    """Keys and values in the order of the file, merge keys already expanded, no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or `None` where there is no such key."""
        return next((value for name, value in self.entries if name.name == key), None)

    def names(self) -> Iterator[str]:
        """Yield the keys as strings."""
        return (key.name for key, _ in self.entries)

    def plain(self) -> dict[str, object]:
        """Return a dict."""
        return {key.name: value.plain() for key, value in self.entries}
