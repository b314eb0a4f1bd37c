"""Reads PyTorch's zip archives: checkpoints, TorchScript and exported programs."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._torch_zip import torch_root
from auditor.formats._zip_judge import inspect_zip, looks_like_zip, names_in

# An archive that lost its directory is known by its first member.
_FIRST = b"/data.pkl"


def recognises(head: bytes, view: View) -> bool:
    """Return whether a member is named as torch's writer names pickles and programs."""
    names = names_in(head, view)
    if names:
        return torch_root(names) is not None
    return looks_like_zip(head) and _FIRST in head[:200]


def inspect(view: View, context: Context) -> Inspection:
    """Return pickles, storages and code of the archive; see `inspect_zip`."""
    return inspect_zip(view, context, "pytorch", "weights")


FORMAT = ModelFormat(
    title="PyTorch",
    recognises=recognises,
    inspect=inspect,
    rank=1,
    holds_archives=True,
    begins=b"P",
)
