"""Reads YAML safely: bounded, with positions, resolved as Kubernetes resolves it."""

from __future__ import annotations

from auditor.errors import DocumentError
from auditor.yamldoc.builder import build
from auditor.yamldoc.nodes import Mapping, Node, Scalar, Sequence, Value
from auditor.yamldoc.reader import DEFAULT, Limits

__all__ = [
    "DEFAULT",
    "Limits",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Value",
    "load",
    "load_all",
]


def load_all(data: bytes, *, where: str, limits: Limits = DEFAULT) -> tuple[Node, ...]:
    """Return every document of a YAML (or JSON) stream; an empty one is `Scalar(value=None)`.

    A stream of nothing but comments has no document. `where` names the file in errors. Raises
    `DocumentError` (`where` is `file:line:column`) for whatever is malformed, ambiguous or
    beyond `limits`; never `RecursionError`, never a crash of the interpreter.
    """
    return build(data, where=where, limits=limits)


def load(data: bytes, *, where: str, limits: Limits = DEFAULT) -> Node:
    """Return the one document of a stream; raises `DocumentError` for none or several."""
    documents = load_all(data, where=where, limits=limits)
    if not documents:
        raise DocumentError("there is no document in this file", where=f"{where}:1:1")
    if len(documents) > 1:
        raise DocumentError(
            f"one document is expected here, the file has {len(documents)}",
            where=documents[1].place(where),
        )
    return documents[0]
