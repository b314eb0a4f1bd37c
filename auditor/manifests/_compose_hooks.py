"""Reads the further commands of a Compose service: its health check and lifecycle hooks."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.manifests import _compose_syntax as syntax
from auditor.manifests._reading import Cursor, Texts


def is_hook(cursor: Cursor) -> bool:
    """Return whether a place holds such commands, which are read here."""
    return cursor.path.endswith(("healthcheck.test", ".post_start", ".pre_stop"))


def hooks(service: Cursor) -> Iterator[Texts]:
    """Yield the commands of a service's health check and lifecycle hooks."""
    test = service.down("healthcheck", "test")
    if test is not None:
        words = _words(test)
        kind = words[0][1] if words and test.is_list else "CMD-SHELL"
        inner = words[1:] if test.is_list else words
        yield tuple((place, word) for place, word in (*_shell(test, kind), *inner))
    for key in ("post_start", "pre_stop"):
        for hook in service.mappings(key, "remote_reference"):
            command = hook.get("command")
            if command is not None:
                yield (
                    *_shell(command, "CMD" if command.is_list else "CMD-SHELL"),
                    *_words(command),
                )


def _shell(place: Cursor, kind: str) -> Texts:
    """Return the shell that the engine puts before a command that is one text."""
    return ((place, "sh"), (place, "-c")) if kind == "CMD-SHELL" else ()


def _words(cursor: Cursor) -> Texts:
    """Return the words of a list, or one text as it is, with variables' defaults."""
    items = (cursor,) if cursor.text() is not None else tuple(cursor.items())
    return tuple(
        (item, syntax.interpolate(item.text() or "") or item.text() or "") for item in items
    )
