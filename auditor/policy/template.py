"""Sentences with placeholders: `{field}` of the record, `{params.name}` of the pack."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from auditor.policy.comparison import closest
from auditor.policy.expression import ExpressionError
from auditor.policy.shapes import Shape, kind_shape

# A hostile or huge value must not fill a report.
MAX_VALUE = 200
MAX_ITEMS = 10
# A placeholder alone in brackets takes them with it: ` ({operator})` of nobody says nothing.
_PLACEHOLDER = re.compile(
    r"(?P<open> \(|\uff08)?\{(?P<name>[^{}]*)\}(?(open)(?P<close>[)\uff09])?)"
)


class Part(Struct, frozen=True, kw_only=True):
    """A stretch of a sentence: a text, or the way to a value (`params` first for a parameter).

    `brackets` stand around the value, and are left out with one that is empty.
    """

    text: str = ""
    path: tuple[str, ...] = ()
    brackets: tuple[str, str] | None = None

    def show(self, value: object) -> str:
        """Return the value as it stands in the sentence."""
        if self.brackets is None:
            return shown(value)
        return "" if value in ("", (), []) else shown(value).join(self.brackets)


class Template(Struct, frozen=True, kw_only=True):
    """A sentence, read once."""

    source: str
    parts: tuple[Part, ...]

    def render(self, record: Mapping[str, object], parameters: Mapping[str, object]) -> str:
        """Return the sentence with its values; `record` holds the fields and `label`."""
        return "".join(
            [
                part.text if not part.path else part.show(_value(part.path, record, parameters))
                for part in self.parts
            ]
        )

    def outline(self, parameters: Mapping[str, object]) -> str:
        """Return the sentence where there is no record: its fields stand by their names."""
        names = {part.path[0]: part.path[-1].replace("_", " ") for part in self.parts if part.path}
        return "".join(
            part.text
            if not part.path
            else part.show(_value(part.path, {}, parameters))
            if part.path[0] == "params"
            else part.show(names[part.path[0]])
            for part in self.parts
        )


def read_template(source: str, kind: str, parameters: Mapping[str, Shape]) -> Template:
    """Return the sentence; raises `ExpressionError` for a placeholder that names nothing."""
    parts: list[Part] = []
    end = 0
    for match in _PLACEHOLDER.finditer(source):
        path = _path(match, kind, parameters)
        if match["close"]:
            parts.append(Part(text=source[end : match.start()]))
            parts.append(Part(path=path, brackets=(match["open"], match["close"])))
        else:
            parts.append(Part(text=source[end : match.start("name") - 1]))
            parts.append(Part(path=path))
        end = match.end()
    parts.append(Part(text=source[end:]))
    if any("{" in part.text or "}" in part.text for part in parts):
        raise ExpressionError("a brace stands alone", max(source.find("{"), 0))
    return Template(source=source, parts=tuple(part for part in parts if part.text or part.path))


def _path(match: re.Match[str], kind: str, parameters: Mapping[str, Shape]) -> tuple[str, ...]:
    """Return the way that a placeholder names, checked step by step."""
    path = tuple(match["name"].split("."))
    if path == ("label",):
        return path
    if path[0] == "params":
        shape = Shape(base="struct", fields=tuple(parameters.items()))
        steps = path[1:]
    else:
        shape = kind_shape(kind)
        steps = path
    if not steps:
        raise ExpressionError("'{params}' names no parameter", match.start("name") - 1)
    for step in steps:
        found = shape.field(step)
        if found is None:
            known = (*(name for name, _ in shape.fields), "label")
            raise ExpressionError(
                f"the placeholder {{{match['name']}}} names nothing that a {kind} has",
                match.start("name") - 1,
                closest(step, known),
            )
        shape = found
    return path


def _value(
    path: tuple[str, ...], record: Mapping[str, object], parameters: Mapping[str, object]
) -> object:
    """Return the value at the end of a way."""
    if len(path) == 1:
        return record.get(path[0])
    of_parameters = path[0] == "params"
    value: object = parameters if of_parameters else record
    for step in path[1:] if of_parameters else path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def shown(value: object) -> str:
    """Return a value as a reader sees it, cut at `MAX_VALUE` characters."""
    if isinstance(value, str):
        return _cut(value) or "none"
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return _shown_list(value)
    if isinstance(value, dict):
        return _cut(", ".join(f"{name}={shown(item)}" for name, item in value.items()))
    return str(value)


def _shown_list(values: list[object] | tuple[object, ...]) -> str:
    """Return the first items of a list, and how many more there are."""
    if not values:
        return "none"
    text = ", ".join([shown(value) for value in values[:MAX_ITEMS]])
    more = len(values) - MAX_ITEMS
    return f"{_cut(text)} and {more} more" if more > 0 else _cut(text)


def _cut(text: str) -> str:
    """Return the text, cut where it is too long."""
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
