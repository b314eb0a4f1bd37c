"""Reads tar archives (NeMo's models too): every member is judged."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, Part, View
from auditor.formats._gathered import Gathered
from auditor.formats._members import judge_member
from auditor.formats._tar import BLOCK, TarArchive, is_header


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the file begins with a member's header."""
    return is_header(head[:BLOCK])


def inspect(view: View, context: Context) -> Inspection:
    """Return what the archive holds, with whatever two readers would see differently in it."""
    gathered = Gathered()
    archive = TarArchive(view, context)
    try:
        for member in archive.members():
            content = Part(view, member.begin, member.size)
            judge_member(member.name, content, context, gathered)
    except FormatError as error:
        gathered.tell_error(error, context, "tar")
    gathered.tell(archive.reasons)
    return gathered.inspection("tar", "archive")


FORMAT = ModelFormat(
    title="tar archive", recognises=recognises, inspect=inspect, rank=3, holds_archives=True
)
