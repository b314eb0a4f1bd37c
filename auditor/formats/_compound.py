"""Tells documents of Office before 2007, in which a small zip archive of XML lies, from archives.

Excel keeps the colours of a workbook in its stream as such an archive ([MS-XLS] 2.4.326, Theme),
often within the last 64 KiB, where readers of zip archives look for an archive's end.
"""

from __future__ import annotations

from auditor.formats import Budget, Context, FormatError, View, recognise
from auditor.formats._budget import pay_later
from auditor.formats._polyglot import TAIL
from auditor.formats._zip import open_zip
from auditor.formats._zip_members import Shown
from auditor.formats._zip_records import END, read_end

# A compound file ([MS-CFB] 2.2).
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XML = (b"<?xml", b"\xef\xbb\xbf<?xml")
# What cannot but be said of an archive within another file.
_WITHIN = frozenset(("zip-offset", "zip-tail"))
# A theme has five members. Steps to look at them.
_MOST = 16
_STEPS = 100_000


def is_document(head: bytes, view: View) -> bool:
    """Return whether a file is a compound file and what a reader of zip finds in it XML alone.

    Of no model, and with nothing else wrong than that it lies there: whatever else is in it, such
    a file is an archive to those who look for one.
    """
    if not head.startswith(MAGIC):
        return False
    # Of several ends each reader takes another.
    end = read_end(view)
    tail = view.at(max(0, view.size - TAIL), TAIL)
    if end is None or end.at != end.record or tail.count(END) > 1:
        return False
    budget = Budget()
    budget.steps = _STEPS
    context = Context(budget=budget)
    try:
        archive = open_zip(view, context)
        shown = Shown(view, context)
        return (
            0 < len(archive.members) <= _MOST
            and not archive.comment
            and _WITHIN.issuperset(reason.rule for reason in archive.reasons)
            and all(_is_plain(shown.of(member)) for member in archive.members)
            and not shown.reasons
        )
    except FormatError:
        return False
    finally:
        pay_later(view, _STEPS - max(0, budget.steps))


def _is_plain(content: View | None) -> bool:
    """Return whether a member is XML and no model: it begins as no further document does."""
    return content is not None and content.at(0, 8).startswith(_XML) and not recognise(content)
