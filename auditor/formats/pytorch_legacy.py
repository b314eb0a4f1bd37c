"""Reads PyTorch's files of before 1.6: five pickles one after the other, then raw storages."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.evidence.models import Verdict
from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._gathered import Gathered
from auditor.formats._names import shown
from auditor.formats._pickle import Pickled, Storage, examine
from auditor.formats._torch_role import role_of

# torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION of `_legacy_save`.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_WRITTEN = MAGIC.to_bytes(10, "little")
_PICKLES = ("magic number", "protocol", "system", "object", "storage keys")
_OBJECT = 3
_COUNT = 8


def recognises(head: bytes, _view: View) -> bool:
    """Return whether a pickle of the magic number begins the file, in any protocol of pickle."""
    return head[:1] == b"\x80" and _WRITTEN in head[:40]


def inspect(view: View, context: Context) -> Inspection:
    """Return what the five pickles would do, and whether the storages end where the file does."""
    gathered = Gathered()
    gathered.producer = "PyTorch"
    found = _pickles(view, context, gathered)
    if len(found) == len(_PICKLES):
        body = found[_OBJECT]
        gathered.count(body.elements, body.tensors)
        _check_header(found, context, gathered)
        _check_storages(view, found, context, gathered)
    return gathered.inspection("pytorch_legacy", role_of(view))


def _pickles(view: View, context: Context, gathered: Gathered) -> list[Pickled]:
    """Examine the pickles up to the first that does not end."""
    found: list[Pickled] = []
    at = 0
    for number, name in enumerate(_PICKLES):
        one = examine(view, context, start=at, torch=number == _OBJECT, joblib=False)
        gathered.tell(one.reasons)
        gathered.name(one.unlisted)
        gathered.weigh(one.verdict)
        if one.end < 0:
            _malformed("torch-legacy-pickle", f"the pickle of the {name} does not end", at, context,
                       gathered)  # fmt: skip
            return found
        found.append(one)
        at = one.end
    return found


def _check_header(found: Iterable[Pickled], context: Context, gathered: Gathered) -> None:
    """Check that the numbers are written as numbers: what a call gives may be any."""
    magic, protocol, system, *_ = found
    if magic.value != MAGIC or protocol.value != PROTOCOL:
        _malformed("torch-legacy-magic", "the magic number or the protocol is not torch's", 0,
                   context, gathered)  # fmt: skip
    pairs = system.value if isinstance(system.value, tuple) else ()
    little = [
        pair[1] for pair in pairs if isinstance(pair, tuple) and pair[:1] == ("little_endian",)
    ]
    if little != [True]:
        _tell("torch-byteorder", "not-inspectable", "the storages are not little endian",
              magic.end, context, gathered)  # fmt: skip


def _check_storages(view: View, found: list[Pickled], context: Context, gathered: Gathered) -> None:
    """Check every storage's count against what its tensors take, and the file's end."""
    storages = {storage.key: storage for storage in found[_OBJECT].storages}
    keys = found[-1].value
    at = found[-1].end
    if not isinstance(keys, tuple) or set(keys) != set(storages) or len(keys) != len(storages):
        _malformed("torch-storage-missing", "the storages are not those that the object names",
                   at, context, gathered)  # fmt: skip
        return
    for key in keys:
        at = _check_storage(view, at, storages[str(key)], context, gathered)
    if at > view.size:
        _malformed("torch-storage-missing", "the file ends within its storages", at, context,
                   gathered)  # fmt: skip
    elif at < view.size:
        _malformed("torch-legacy-tail", f"{view.size - at} bytes follow the storages", at, context,
                   gathered)  # fmt: skip


def _check_storage(
    view: View, at: int, storage: Storage, context: Context, gathered: Gathered
) -> int:
    """Return where the storage ends that begins with its count of elements."""
    context.budget.step()
    count = int.from_bytes(view.at(at, _COUNT), "little", signed=True)
    if count != storage.elements and at + _COUNT <= view.size:
        detail = f"the storage {shown(storage.key)} has {count} elements, {storage.elements} named"
        _malformed("torch-storage-size", detail, at, context, gathered)
    return at + _COUNT + storage.bytes


def _malformed(rule: str, detail: str, at: int, context: Context, gathered: Gathered) -> None:
    _tell(rule, "malformed", detail, at, context, gathered)


def _tell(  # noqa: PLR0913, PLR0917 - a reason's parts
    rule: str, verdict: Verdict, detail: str, at: int, context: Context, gathered: Gathered
) -> None:
    gathered.tell([context.reason(rule, verdict, detail, offset=at)])


FORMAT = ModelFormat(
    title="PyTorch before 1.6", recognises=recognises, inspect=inspect, rank=1, begins=b"\x80"
)
