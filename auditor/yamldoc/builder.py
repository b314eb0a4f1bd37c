"""Builds nodes from events, without recursion and within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import DocumentError
from auditor.yamldoc.nodes import Mapping, Node, Scalar, Sequence, Value
from auditor.yamldoc.reader import Limits, events, read
from auditor.yamldoc.scalars import is_collection_tag, resolve, resolve_tagged

if TYPE_CHECKING:
    import yaml

_CORE_MERGE = "tag:yaml.org,2002:merge"


class _Built(Struct, frozen=True, gc=False):
    """A finished node with what it costs: how many nodes it holds, how deep it goes.

    `merge` marks the plain key `<<`.
    """

    node: Node
    size: int
    height: int
    merge: bool = False


class _Open(Struct):
    """A collection whose end has not come yet."""

    is_mapping: bool
    line: int
    column: int
    anchor: str | None
    children: list[_Built] = []
    size: int = 1
    height: int = 1


def build(data: bytes, *, where: str, limits: Limits) -> tuple[Node, ...]:
    """Return the documents of a stream; see `auditor.yamldoc.load_all`."""
    builder = _Builder(where, limits)
    for event in events(read(data, where=where, limits=limits), where=where):
        builder.take(event)
    return tuple(builder.documents)


class _Builder:
    """The state between two events: open collections, anchors, and how much was spent."""

    def __init__(self, where: str, limits: Limits) -> None:
        # Bound here, not at the top: PyYAML costs a start-up that reads no YAML 15 ms.
        from yaml import events as kinds

        self._kinds = kinds
        self.where = where
        self.limits = limits
        self.documents: list[Node] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Built | None] = {}
        self._nodes = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        kinds = self._kinds
        if isinstance(event, kinds.ScalarEvent):
            self._add(self._scalar(event), event.anchor)
        elif isinstance(event, kinds.CollectionEndEvent):
            collection = self._open.pop()
            self._add(self._finish(collection), collection.anchor)
        elif isinstance(event, kinds.CollectionStartEvent):
            self._start(event, is_mapping=isinstance(event, kinds.MappingStartEvent))
        elif isinstance(event, kinds.AliasEvent):
            self._add(self._alias(event), None)
        elif isinstance(event, kinds.DocumentStartEvent):
            self._anchors = {}

    def _start(self, event: yaml.CollectionStartEvent, *, is_mapping: bool) -> None:
        if len(self._open) >= self.limits.depth:
            raise self._too_deep(event)
        kind = "map" if is_mapping else "seq"
        if not is_collection_tag(event.tag, kind):
            raise self._unknown_tag(event)
        line, column = _position(event)
        if event.anchor is not None:
            # Taken but not finished: an alias to it from inside would be endless.
            self._anchors[event.anchor] = None
        self._open.append(_Open(is_mapping, line, column, event.anchor))

    def _add(self, built: _Built, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._open:
            self.documents.append(built.node)
            return
        parent = self._open[-1]
        if parent.is_mapping and len(parent.children) % 2 == 0:
            self._check_key(built.node)
        parent.children.append(built)
        parent.size += built.size
        parent.height = max(parent.height, built.height + 1)

    def _scalar(self, event: yaml.ScalarEvent) -> _Built:
        line, column = _position(event)
        self._spend(1, line, column)
        merge = event.tag == _CORE_MERGE or (event.implicit[0] and event.value == "<<")
        value = event.value if merge else self._value(event)
        node = Scalar(line=line, column=column, value=value, text=event.value)
        return _Built(node, 1, 1, merge)

    def _value(self, event: yaml.ScalarEvent) -> Value:
        """Resolve a scalar: plain ones by their look, quoted ones are strings, tags decide."""
        if event.tag is None:
            return resolve(event.value) if event.implicit[0] else str(event.value)
        try:
            return resolve_tagged(event.tag, event.value)
        except LookupError:
            raise self._unknown_tag(event) from None
        except ValueError as error:
            raise self._error(str(error), *_position(event)) from error

    def _alias(self, event: yaml.AliasEvent) -> _Built:
        line, column = _position(event)
        if event.anchor not in self._anchors:
            raise self._error(f"there is no anchor &{event.anchor:.60} before this", line, column)
        target = self._anchors[event.anchor]
        if target is None:
            raise self._error(f"the alias *{event.anchor:.60} contains itself", line, column)
        if len(self._open) + target.height > self.limits.depth + 1:
            raise self._too_deep(event)
        self._spend(target.size, line, column)
        return _Built(target.node, target.size, target.height)

    def _finish(self, collection: _Open) -> _Built:
        line, column = collection.line, collection.column
        self._spend(1, line, column)
        node: Node
        if collection.is_mapping:
            entries = self._entries(collection)
            node = Mapping(line=line, column=column, entries=entries)
        else:
            items = tuple(child.node for child in collection.children)
            node = Sequence(line=line, column=column, items=items)
        return _Built(node, collection.size, collection.height)

    def _entries(self, collection: _Open) -> tuple[tuple[Scalar, Node], ...]:
        """Pair keys and values; refuse a key given twice; let merged keys fill what is unset."""
        own: dict[str, tuple[Scalar, Node]] = {}
        merged: dict[str, tuple[Scalar, Node]] = {}
        merge_key: Scalar | None = None
        pairs = zip(collection.children[::2], collection.children[1::2], strict=True)
        for built_key, built_value in pairs:
            key, value = built_key.node, built_value.node
            if not isinstance(key, Scalar):
                raise TypeError("a key that is no scalar was let through")
            if built_key.merge:
                if merge_key is not None:
                    raise self._twice(key, merge_key)
                merge_key = key
                merged = self._merged(key, value)
                self._refuse_overridden(own, merged, key)
                continue
            if key.name in own:
                raise self._twice(key, own[key.name][0])
            own[key.name] = (key, value)
        return tuple({**merged, **own}.values()) if merged else tuple(own.values())

    def _merged(self, key: Scalar, value: Node) -> dict[str, tuple[Scalar, Node]]:
        """Return what `<<` brings in: of several mappings the earlier wins (YAML 1.1 merge)."""
        sources = value.items if isinstance(value, Sequence) else (value,)
        found: dict[str, tuple[Scalar, Node]] = {}
        for source in sources:
            if not isinstance(source, Mapping):
                raise self._error("<< takes a mapping or a list of mappings", key.line, key.column)
            for entry in source.entries:
                found.setdefault(entry[0].name, entry)
        return found

    def _refuse_overridden(
        self,
        own: dict[str, tuple[Scalar, Node]],
        merged: dict[str, tuple[Scalar, Node]],
        merge_key: Scalar,
    ) -> None:
        """Refuse `<<` after a key that it also holds: go-yaml takes the merged value, YAML not."""
        both = next((name for name in own if name in merged), None)
        if both is not None:
            raise self._error(
                f"<< stands after the key '{both:.60}' and holds it too: readers disagree",
                merge_key.line,
                merge_key.column,
                hint="Put << first",
            )

    def _check_key(self, node: Node) -> None:
        if not isinstance(node, Scalar):
            raise self._error("a key must be a single value", node.line, node.column)

    def _spend(self, nodes: int, line: int, column: int) -> None:
        self._nodes += nodes
        if self._nodes > self.limits.nodes:
            raise self._error(
                f"the document has more than {self.limits.nodes} nodes, aliases written out",
                line,
                column,
                hint="Is it an alias bomb?",
            )

    def _twice(self, key: Scalar, first: Scalar) -> DocumentError:
        return self._error(
            f"the key '{key.name:.60}' is given twice, first at {first.line}:{first.column}",
            key.line,
            key.column,
        )

    def _too_deep(self, event: yaml.Event) -> DocumentError:
        return self._error(
            f"the document is nested deeper than {self.limits.depth} levels", *_position(event)
        )

    def _unknown_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> DocumentError:
        return self._error(f"the tag {event.tag!r:.80} is not understood", *_position(event))

    def _error(self, what: str, line: int, column: int, *, hint: str = "") -> DocumentError:
        return DocumentError(what, where=f"{self.where}:{line}:{column}", hint=hint)


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
