"""Reads zip archives of no kind that is known more closely: every member is judged."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._compound import is_document
from auditor.formats._polyglot import zip_at_the_end
from auditor.formats._zip_judge import inspect_zip, looks_like_zip


def recognises(head: bytes, view: View) -> bool:
    """Return whether a reader of zip archives would take the file for one.

    It begins as one does; or it is nothing else that is known and ends as one does, and is no
    document with a little XML in it.
    """
    if looks_like_zip(head):
        return True
    return zip_at_the_end(view) >= 0 and not is_document(head, view)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the archive holds; see `inspect_zip`."""
    return inspect_zip(view, context, "zip", "archive")


FORMAT = ModelFormat(
    title="zip archive", recognises=recognises, inspect=inspect, rank=7, holds_archives=True
)
