"""Says of a file that is read as no archive that a reader of archives would find one in it."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, View
from auditor.formats._polyglot import zip_at_the_end


def zip_reasons(view: View, context: Context) -> tuple[VerdictReason, ...]:
    """Return the reason why a file that is a zip archive as well is malformed, or none."""
    at = zip_at_the_end(view)
    if at < 0:
        return ()
    detail = "the file is a zip archive as well: what it holds depends on who reads it"
    return (context.reason("polyglot-zip", "malformed", detail, offset=at),)
