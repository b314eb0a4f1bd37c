"""Reads PyTorch's oldest files: tar archives of `pickle`, `storages` and `tensors`."""

from __future__ import annotations

import struct

from auditor.formats import Context, FormatError, Inspection, ModelFormat, Part, View
from auditor.formats._gathered import Gathered
from auditor.formats._members import judge_member, within
from auditor.formats._pickle import Pickled, examine
from auditor.formats._pickle_torch import STORAGES
from auditor.formats._tar import BLOCK, TarArchive, is_header, number, short_name

_MEMBERS = ("sys_info", "pickle", "storages", "tensors")
_MOST_DIMENSIONS = 64


def recognises(head: bytes, view: View) -> bool:
    """Return whether the archive begins with a member of such a file and has its pickle."""
    if not is_header(head[:BLOCK]) or short_name(head).removeprefix("./") not in _MEMBERS:
        return False
    found = set()
    at = 0
    for _ in _MEMBERS:
        header = view.at(at, BLOCK)
        if not is_header(header):
            break
        found.add(short_name(header).removeprefix("./"))
        size = max(0, number(header[124:136]) or 0)
        at += BLOCK + size + (-size % BLOCK)
    return {"pickle", "storages"} <= found


def inspect(view: View, context: Context) -> Inspection:
    """Return what the pickles would do, and whether storages and tensors fill their members.

    The layout is `legacy_load` of torch/serialization.py.
    """
    gathered = Gathered()
    gathered.producer = "PyTorch"
    archive = TarArchive(view, context)
    try:
        for member in archive.members():
            content = Part(view, member.begin, member.size)
            name = member.name.removeprefix("./")
            inside = within(context, name)
            if name == "pickle":
                _pickle(content, inside, gathered)
            elif name == "storages":
                _storages(content, inside, gathered)
            elif name == "tensors":
                _tensors(content, inside, gathered)
            else:
                judge_member(member.name, content, context, gathered)
    except FormatError as error:
        gathered.tell_error(error, context, "torch-tar")
    gathered.tell(archive.reasons)
    return gathered.inspection("pytorch_tar", "weights")


def _examined(view: View, at: int, context: Context, gathered: Gathered) -> Pickled:
    found = examine(view, context, start=at, torch=True, joblib=False)
    gathered.tell(found.reasons)
    gathered.name(found.unlisted)
    gathered.weigh(found.verdict)
    if found.end < 0:
        raise FormatError("a pickle does not end", rule="torch-tar-pickle", offset=at)
    return found


def _pickle(view: View, context: Context, gathered: Gathered) -> None:
    _check_end(_examined(view, 0, context, gathered).end, view)


def _storages(view: View, context: Context, gathered: Gathered) -> None:
    """Walk the storages: a pickle of key, place and class before each, then count and numbers."""
    number = _examined(view, 0, context, gathered)
    at = number.end
    for _ in range(_natural(number)):
        found = _examined(view, at, context, gathered)
        widths = {STORAGES[name][1] for name in _classes(found) if name in STORAGES}
        count = int.from_bytes(view.at(found.end, 8), "little", signed=True)
        if len(widths) != 1 or count < 0:
            raise FormatError("a storage has no class or no count", rule="torch-storage-size")
        dtype = next(STORAGES[name][0] for name in _classes(found) if name in STORAGES)
        gathered.count([(dtype, count)], 0)
        at = found.end + 8 + count * widths.pop()
        if at > view.size:
            raise FormatError("the storages are longer than they", rule="torch-storage-missing")
    _check_end(_examined(view, at, context, gathered).end, view)


def _tensors(view: View, context: Context, gathered: Gathered) -> None:
    """Walk the tensors: a pickle before each, then dimensions, sizes, strides and the offset."""
    number = _examined(view, 0, context, gathered)
    at = number.end
    for _ in range(_natural(number)):
        found = _examined(view, at, context, gathered)
        head = view.at(found.end, 8)
        dimensions = struct.unpack("<i4x", head)[0] if len(head) == 8 else -1  # noqa: PLR2004
        if not 0 <= dimensions <= _MOST_DIMENSIONS:
            raise FormatError("a tensor has no count of dimensions", rule="torch-tar-tensor")
        at = found.end + 8 + 16 * dimensions + 8
        gathered.count([], 1)
    _check_end(at, view)


def _natural(found: Pickled) -> int:
    if type(found.value) is not int or found.value < 0:
        raise FormatError("a count is no number", rule="torch-tar-count")
    return found.value


def _classes(found: Pickled) -> set[str]:
    return {name.rpartition(".")[2] for name in found.globals}


def _check_end(at: int, view: View) -> None:
    if at != view.size:
        raise FormatError(
            f"it ends at byte {at}, its member at byte {view.size}", rule="torch-tar-end"
        )


FORMAT = ModelFormat(
    title="PyTorch before 0.1.10",
    recognises=recognises,
    inspect=inspect,
    rank=2,
    holds_archives=True,
)
