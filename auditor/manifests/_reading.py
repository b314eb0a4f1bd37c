"""Walks a document with its place at hand: what has the wrong shape becomes a gap, not an error."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from auditor.evidence import Gap, GapReason, Origin
from auditor.yamldoc import Mapping, Node, Scalar, Sequence, Value

_INDEX = re.compile(r"\[\d+\]")
# Keys can be as long as a file: what a reader is shown of a path is not.
_LONGEST_PATH = 300


class Problems:
    """Collects gaps: like ones of a file become one with a count, at the place of the first."""

    def __init__(self, reader: str) -> None:
        """Keep the reader's name for the origins."""
        self.reader = reader
        self._gaps: dict[tuple[str, GapReason, str, str], Gap] = {}
        self._places: set[tuple[str, GapReason, str, Origin]] = set()

    def add(self, kind: str, reason: GapReason, detail: str, cursor: Cursor) -> None:
        """Note that records of `kind` suffer from something at the cursor; twice counts once."""
        place = (kind, reason, detail, cursor.origin)
        if place in self._places:
            return
        self._places.add(place)
        key = (kind, reason, detail, cursor.source)
        before = self._gaps.get(key)
        if before is None:
            self._gaps[key] = Gap(
                kind=kind, reason=reason, detail=detail[:300], origin=cursor.origin
            )
        else:
            self._gaps[key] = msgspec.structs.replace(before, count=before.count + 1)

    def gaps(self) -> tuple[Gap, ...]:
        """Return the gaps in the order in which they were first met."""
        return tuple(self._gaps.values())


class Cursor(Struct, frozen=True, kw_only=True):
    """A node, where it stands and how it was reached: `path` is `spec.containers[0]`."""

    node: Node
    source: str
    path: str
    problems: Problems

    @property
    def origin(self) -> Origin:
        """Return the place of the node."""
        return Origin(self.problems.reader, self.source, self.node.line, self.node.column)

    @property
    def value(self) -> Value:
        """Return a scalar's value; `None` for a mapping or list."""
        return self.node.value if isinstance(self.node, Scalar) else None

    @property
    def is_null(self) -> bool:
        """Return whether nothing stands here (`key:` with no value)."""
        return isinstance(self.node, Scalar) and self.node.value is None

    @property
    def is_mapping(self) -> bool:
        """Return whether this is a mapping."""
        return isinstance(self.node, Mapping)

    @property
    def is_list(self) -> bool:
        """Return whether this is a list."""
        return isinstance(self.node, Sequence)

    def text(self) -> str | None:
        """Return a scalar as it is written, `` for null; `None` for a mapping or list."""
        if not isinstance(self.node, Scalar):
            return None
        return "" if self.node.value is None else self.node.text

    def malformed(self, kind: str, what: str) -> None:
        """Note that what stands here is not what is due."""
        path = _INDEX.sub("[]", self.path) or "document"
        self.problems.add(kind, "malformed", f"{path}: {what}", self)

    def child(self, node: Node, step: str) -> Cursor:
        """Return a cursor to a node below this one."""
        joined = self.path + step if step[0] == "[" or not self.path else f"{self.path}.{step}"
        return Cursor(
            node=node, source=self.source, path=joined[:_LONGEST_PATH], problems=self.problems
        )

    def get(self, key: str) -> Cursor | None:
        """Return what stands under `key`; `None` where nothing does, or null."""
        if not isinstance(self.node, Mapping):
            return None
        node = self.node.get(key)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return None
        return self.child(node, key)

    def down(self, *keys: str) -> Cursor | None:
        """Return what stands under a path of keys."""
        here: Cursor | None = self
        for key in keys:
            here = here.get(key) if here else None
        return here

    def entries(self) -> Iterator[tuple[str, Cursor]]:
        """Yield the keys and values of a mapping; nothing for anything else."""
        if isinstance(self.node, Mapping):
            for key, node in self.node.entries:
                yield key.name, self.child(node, key.name or "''")

    def items(self) -> Iterator[Cursor]:
        """Yield the items of a list; nothing for anything else."""
        if isinstance(self.node, Sequence):
            for number, node in enumerate(self.node.items):
                yield self.child(node, f"[{number}]")

    def mapping(self, key: str, kind: str) -> Cursor | None:
        """Return the mapping under `key`; a gap in `kind` where something else stands there."""
        found = self.get(key)
        if found is None or found.is_mapping:
            return found
        found.malformed(kind, "a mapping is expected here")
        return None

    def mappings(self, key: str, kind: str) -> Iterator[Cursor]:
        """Yield the mappings of the list under `key`; a gap in `kind` for whatever is none."""
        found = self.get(key)
        if found is None:
            return
        if not found.is_list:
            found.malformed(kind, "a list is expected here")
        for item in found.items():
            if item.is_mapping:
                yield item
            else:
                item.malformed(kind, "a mapping is expected here")

    def texts(self, key: str, kind: str) -> tuple[str, ...]:
        """Return the list of scalars under `key`; a gap in `kind` for whatever is none."""
        return tuple(text for _, text in self.texts_with_place(key, kind))

    def texts_with_place(self, key: str, kind: str) -> tuple[tuple[Cursor, str], ...]:
        """Return the list of scalars under `key`, each with its place."""
        found = self.get(key)
        if found is None:
            return ()
        if not found.is_list:
            found.malformed(kind, "a list is expected here")
        texts = []
        for item in found.items():
            text = item.text()
            if text is None:
                item.malformed(kind, "text is expected here")
            else:
                texts.append((item, text))
        return tuple(texts)

    def string(self, key: str, kind: str, default: str = "") -> str:
        """Return the scalar under `key` as written; a gap in `kind` for a mapping or list."""
        found = self.get(key)
        if found is None:
            return default
        text = found.text()
        if text is None:
            found.malformed(kind, "text is expected here")
            return default
        return text

    def flag(self, key: str, kind: str) -> bool | None:
        """Return the boolean under `key`, `None` where nothing stands; a gap for anything else."""
        found = self.get(key)
        if found is None:
            return None
        if isinstance(found.value, bool):
            return found.value
        found.malformed(kind, "true or false is expected here")
        return None

    def number(self, key: str, kind: str) -> int | None:
        """Return the whole number under `key`, `None` where nothing stands; else a gap."""
        found = self.get(key)
        if found is None:
            return None
        if isinstance(found.value, int) and not isinstance(found.value, bool):
            return found.value
        found.malformed(kind, "a whole number is expected here")
        return None


# A command, each word with its place.
Texts = tuple[tuple[Cursor, str], ...]
