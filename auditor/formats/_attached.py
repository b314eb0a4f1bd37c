"""Judges the zip archive of files that may follow a model as a part of its format."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError, View
from auditor.formats._gathered import Gathered
from auditor.formats._members import judge_member
from auditor.formats._polyglot import zip_at_the_end
from auditor.formats._zip import open_zip
from auditor.formats._zip_members import Shown


def attached(view: View, context: Context) -> tuple[VerdictReason, ...]:
    """Return what is wrong with the attached files: labels and vocabularies are expected.

    TFLite's metadata writer appends them to the model with `zipfile`, so that every reader of
    archives finds them. Raises `FormatError` only at the end of the budget.
    """
    if zip_at_the_end(view) < 0:
        return ()
    gathered = Gathered()
    shown = Shown(view, context)
    try:
        archive = open_zip(view, context)
        gathered.tell(archive.reasons)
        for member in archive.members:
            content = shown.of(member)
            if content is not None:
                judge_member(member.name, content, context, gathered)
    except FormatError as error:
        if error.rule == "limit-steps":
            raise
        gathered.tell_error(error, context, "zip")
    gathered.tell(shown.reasons)
    return tuple(gathered.reasons)
