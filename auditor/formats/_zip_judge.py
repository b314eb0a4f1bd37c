"""Judges a zip archive whole: what its records say, and every member that any reader finds."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from auditor.evidence.models import Role
from auditor.formats import Context, FormatError, Inspection, Memory, Part, View
from auditor.formats._gathered import Gathered
from auditor.formats._members import judge_member
from auditor.formats._native import native_code
from auditor.formats._torch_zip import judge_torch, torch_root
from auditor.formats._zip import Archive, entry_names, open_zip
from auditor.formats._zip_members import Shown
from auditor.formats._zip_records import END, LOCAL

# Each format of archives is asked in turn whether a file is its own.
_NAMES: WeakKeyDictionary[View, list[str]] = WeakKeyDictionary()


def looks_like_zip(head: bytes) -> bool:
    """Return whether a file begins as an archive that is read from its beginning does."""
    return head.startswith((LOCAL, END))


def names_in(head: bytes, view: View) -> list[str]:
    """Return the members' names of what begins as a zip archive, [] for everything else."""
    if not looks_like_zip(head):
        return []
    names = _NAMES.get(view)
    if names is None:
        names = _NAMES[view] = entry_names(view)
    return names


def inspect_zip(view: View, context: Context, model_format: str, role: Role) -> Inspection:
    """Return what an archive is and holds: the same checks whatever kind it was taken for.

    So no member decides, by being there, what the others are judged by.
    """
    gathered = Gathered()
    role = judge_zip(view, context, gathered, role)
    return gathered.inspection(model_format, role)


def judge_zip(view: View, context: Context, gathered: Gathered, role: Role) -> Role:
    """Judge an archive and all that it holds, and return what it is for; raises nothing."""
    shown = Shown(view, context)
    try:
        archive = open_zip(view, context)
        gathered.tell(archive.reasons)
        _tell_prefix(archive, view, context, gathered)
        gathered.add(
            context.nested(Memory(archive.comment), "comment") if archive.comment else None
        )
        role = _judge_members(archive, shown, context, gathered, role)
    except FormatError as error:
        gathered.tell_error(error, context, "zip")
    gathered.tell(shown.reasons)
    return role


def _judge_members(
    archive: Archive, shown: Shown, context: Context, gathered: Gathered, role: Role
) -> Role:
    root = torch_root(member.name for member in archive.members)
    if root is not None:
        return judge_torch(root, archive.members, shown, context, gathered)
    for member in archive.members:
        content = shown.of(member)
        if content is not None:
            judge_member(member.name, content, context, gathered)
    return role


def _tell_prefix(archive: Archive, view: View, context: Context, gathered: Gathered) -> None:
    """Tell what stands before the archive: a program is what a llamafile is."""
    if not archive.prefix:
        return
    gathered.add(context.nested(Part(view, 0, archive.prefix), "before the archive"))
    code = native_code(view) or ("a script" if view.at(0, 2) == b"#!" else "")
    if code:
        detail = f"it is a program with an archive in it: {code}"
        gathered.tell([context.reason("archive-program", "dangerous", detail)])
        return
    detail = f"{archive.prefix} bytes that are no part of it stand before the archive"
    gathered.tell([context.reason("zip-prefix", "malformed", detail, offset=0)])
