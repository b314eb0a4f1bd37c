"""Reads Equinox's files with hyperparameters: a line of JSON, then NumPy's arrays end to end.

Without that line such a file is a sequence of arrays like any other (`npy.py`).
"""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, Part, View
from auditor.formats._json import parse, table

_ARRAY = b"\n\x93NUMPY"
_LONGEST = 64 << 10
_LINE = "hyperparameters"


def recognises(head: bytes, view: View) -> bool:
    """Return whether an array follows a first line that a table of JSON may be.

    The documentation of Equinox writes its files so: `json.dumps`, a line's end,
    `tree_serialise_leaves`.
    """
    return head.startswith(b"{") and _end(head, view) > 0


def _end(head: bytes, view: View) -> int:
    """Return where the first line ends if an array follows it, -1 for none."""
    at = head.find(b"\n")
    if at < 0 and view.size > len(head):
        at = view.at(0, _LONGEST).find(b"\n")
    return at if at > 0 and view.at(at, len(_ARRAY)) == _ARRAY else -1


def inspect(view: View, context: Context) -> Inspection:
    """Return what the arrays hold, and what the line before them is; raises `FormatError`."""
    from auditor.formats._gathered import Gathered
    from auditor.formats._npy_arrays import inspect_arrays

    end = _end(view.at(0, _LONGEST), view)
    if end < 0:
        raise FormatError("no array follows the first line")
    line = Part(view, 0, end)
    gathered = Gathered()
    value = parse(line.at(0, end), "the first line")
    if value != table(value):
        raise FormatError("the first line is no table", rule="equinox-line", offset=0)
    gathered.add(context.nested(line, _LINE))
    return inspect_arrays(view, context, end + 1, gathered, "equinox")


FORMAT = ModelFormat(title="Equinox", recognises=recognises, inspect=inspect, rank=4, begins=b"{")
