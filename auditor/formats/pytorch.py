"""Reads PyTorch's zip archives: checkpoints, TorchScript and exported programs."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, Part, View
from auditor.formats._gathered import Gathered
from auditor.formats._members import within
from auditor.formats._torch_parts import parts_of, told_otherwise
from auditor.formats._torch_zip import torch_root
from auditor.formats._zip import entry_names
from auditor.formats._zip_judge import inspect_zip, judge_zip, looks_like_zip, names_in

# An archive that lost its directory is known by its first member.
_FIRST = b"/data.pkl"
# Steps for an archive among those that lie end to end.
_PART = 20


def recognises(head: bytes, view: View) -> bool:
    """Return whether a member is named as torch's writer names pickles and programs."""
    names = names_in(head, view)
    if names:
        return torch_root(names) is not None
    return looks_like_zip(head) and _FIRST in head[:200]


def inspect(view: View, context: Context) -> Inspection:
    """Return pickles, storages and code of the archive, or of those that lie end to end.

    Raises `FormatError` where these are too many; see `inspect_zip` and `parts_of`.
    """
    parts = parts_of(view, context)
    if parts and all(torch_root(entry_names(part)) is not None for part in parts):
        return _inspect_parts(view, parts, context)
    return inspect_zip(view, context, "pytorch", "weights")


def _inspect_parts(view: View, parts: list[Part], context: Context) -> Inspection:
    """Return what the archives of a checkpoint hold, each judged as if it stood alone."""
    gathered = Gathered()
    try:
        for number, part in enumerate(parts):
            context.budget.step(_PART)
            judge_zip(part, within(context, f"part {number}"), gathered, "weights")
    except FormatError as error:
        gathered.tell_error(error, context, "torch")
    at = told_otherwise(view, parts[0])
    if at >= 0:
        detail = "who does not know where its parts begin finds another archive in the file"
        gathered.tell([context.reason("torch-parts", "malformed", detail, offset=at)])
    return gathered.inspection("pytorch", "weights")


FORMAT = ModelFormat(
    title="PyTorch",
    recognises=recognises,
    inspect=inspect,
    rank=1,
    holds_archives=True,
    begins=b"P",
)
