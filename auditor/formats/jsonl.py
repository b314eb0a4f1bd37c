"""Recognises data sets in JSON lines by their first lines; what they hold is not kept."""

from __future__ import annotations

import msgspec

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

_LONGEST = 1 << 20
_CHECKED = 100
_FIRST_LINES = 2


def recognises(head: bytes, view: View) -> bool:
    """Return whether the first two lines are a JSON table each.

    A configuration is one table, over many lines or in one: it is never taken for a data set.
    """
    if not head.startswith(b"{") or view.size == 1:
        return False
    first = head.find(b"\n")
    if 0 <= first <= 2:  # noqa: PLR2004 - a table that goes on in the next line
        return False
    lines = _lines(view)
    return len(lines) >= _FIRST_LINES and all(map(_is_table, lines[:_FIRST_LINES]))


def _lines(view: View) -> list[bytes]:
    """Return the whole lines of the first MiB, at most a hundred; the last may lack its end."""
    data = view.at(0, _LONGEST)
    lines = data.split(b"\n", _CHECKED + 1)
    if len(data) < view.size or len(lines) > _CHECKED:
        lines.pop()
    return [line for line in lines[:_CHECKED] if line.strip()]


def _is_table(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return that it is a data set; raises `FormatError` where one of the first lines is none."""
    for number, line in enumerate(_lines(view), 1):
        context.budget.step(1 + len(line) // 64)
        if not _is_table(line):
            raise FormatError(f"line {number} is not a table", rule="jsonl-line")
    return Inspection(
        model_format="jsonl",
        role="dataset",
        header=ModelHeader(),
    )


FORMAT = ModelFormat(
    title="JSON lines", recognises=recognises, inspect=inspect, rank=9, begins=b"{"
)
