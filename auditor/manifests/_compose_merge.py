"""Resolves `extends` within a Compose file."""

from __future__ import annotations

from auditor.manifests._reading import Cursor
from auditor.yamldoc import Mapping, Node, Scalar, Sequence

_DEEPEST = 10
# Every service may extend the same large one: what all of them get together is bounded.
_MOST_ENTRIES = 30_000


class Merger:
    """Merges the services of one file, as long as they do not grow beyond all bounds."""

    def __init__(self, services: Cursor) -> None:
        """Keep the services by whose names others are extended."""
        self._services = services
        self._made = 0

    def merged(self, service: Cursor, depth: int = 0) -> Cursor:
        """Return a service with what it extends; a gap where that lies in another file.

        As Compose merges: mappings key by key, lists one after the other, the rest is replaced.
        """
        extends = service.get("extends")
        if extends is None:
            return service
        if extends.get("file") is not None:
            what = "a service of another file that is extended is not read"
            service.problems.add("workload", "unsupported", what, extends)
            return service
        name = extends.string("service", "workload") if extends.is_mapping else extends.text()
        base = self._services.get(name or "")
        if base is None or not base.is_mapping or depth >= _DEEPEST:
            extends.malformed("workload", "a service that can be extended is expected here")
            return service
        whole = self.merged(base, depth + 1)
        self._made += _size(whole.node)
        if self._made > _MOST_ENTRIES:
            what = "services extend one another beyond all bounds"
            service.problems.add("workload", "limit", what, extends)
            return service
        node = _over(whole.node, service.node)
        return Cursor(
            node=node, source=service.source, path=service.path, problems=service.problems
        )


def _size(node: Node) -> int:
    """Return how many entries two levels of a service hold."""
    values = [value for _, value in node.entries] if isinstance(node, Mapping) else []
    inner = [
        len(value.entries) if isinstance(value, Mapping) else len(value.items)
        for value in values
        if isinstance(value, (Mapping, Sequence))
    ]
    return len(values) + sum(inner)


def _over(base: Node, own: Node) -> Node:
    """Return `own` laid over `base`."""
    if isinstance(base, Sequence) and isinstance(own, Sequence):
        return Sequence(line=own.line, column=own.column, items=(*base.items, *own.items))
    if not isinstance(base, Mapping) or not isinstance(own, Mapping):
        return own
    entries: dict[str, tuple[Scalar, Node]] = {
        key.name: (key, value) for key, value in base.entries
    }
    for key, value in own.entries:
        before = entries.get(key.name)
        entries[key.name] = (key, value if before is None else _over(before[1], value))
    return Mapping(line=own.line, column=own.column, entries=tuple(entries.values()))
