"""Checks what `torch.distributed.checkpoint` writes of its tensors beside them: `.metadata`.

Read from torch/distributed/checkpoint/metadata.py and torch/distributed/_shard/sharded_tensor/
metadata.py of PyTorch 2.13: `TensorProperties` compares what its state has with the members of an
enumeration, and shows it where it is none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats._pickle_python import Arguments, Check, odd
from auditor.formats._pickle_values import Global, Obj

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

_NOW = "torch.distributed.checkpoint.metadata"
# Until PyTorch 2.3 the same class stood there.
_BEFORE = "torch.distributed._shard.sharded_tensor.metadata"
_ENCODINGS = (f"{_NOW}._MEM_FORMAT_ENCODING", f"{_BEFORE}.MEM_FORMAT_ENCODING")
_LAYOUT = "torch.serialization._get_layout"
_MEMBERS = range(3)


def _encoding(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (int(number),) if number in _MEMBERS:
            return Obj(callee)
    return odd(machine, callee, "a memory format is none")


def _properties(machine: Machine, target: Obj, state: object) -> None:
    """Check `(dtype, layout, requires_grad, memory format, pin_memory)`."""
    match state:
        case (
            Global(module="torch"), Obj() as layout, bool(), Obj() as encoding, bool(),
        ) if layout.made_by.full == _LAYOUT and encoding.made_by.full in _ENCODINGS:  # fmt: skip
            return
    machine.note(
        "pickle-build-state", "malformed", "a tensor's properties are not those that torch writes",
        global_name=target.made_by.full,
    )  # fmt: skip


CALLS: dict[str, Check] = dict.fromkeys(_ENCODINGS, _encoding)
BUILDS: dict[str, Callable[[Machine, Obj, object], None]] = {
    f"{_NOW}.TensorProperties": _properties,
    f"{_BEFORE}.TensorProperties": _properties,
}
