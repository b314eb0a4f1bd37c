"""Checks the tensors of PyTorch in a pickle: their storages, extents and rebuilding functions.

What each function does is read from torch/_utils.py, torch/_tensor.py and
torch/serialization.py of PyTorch 2.13; a tensor that reaches beyond its storage is
CVE-2026-24747's class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.formats import _pickle_checkpoint
from auditor.formats._pickle_python import Arguments, Check, ints, is_bytes, is_text, odd
from auditor.formats._pickle_values import NOT_KEPT, OPAQUE, Dict, Global, List, Obj, Raw, is_plain

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

# Element sizes in bytes and short names of the storage classes (torch/storage.py).
STORAGES = {
    "FloatStorage": ("F32", 4), "DoubleStorage": ("F64", 8), "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2), "LongStorage": ("I64", 8), "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1),
    "BoolStorage": ("BOOL", 1), "ComplexFloatStorage": ("C64", 8),
    "ComplexDoubleStorage": ("C128", 16), "QUInt8Storage": ("QU8", 1), "QInt8Storage": ("QI8", 1),
    "QInt32Storage": ("QI32", 4), "QUInt4x2Storage": ("QU4", 1), "QUInt2x4Storage": ("QU2", 1),
    "UntypedStorage": ("U8", 1),
}  # fmt: skip
# Names and sizes of number types, for tensors over storages that have none of their own.
DTYPES = {
    "float32": ("F32", 4), "float64": ("F64", 8), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint64": ("U64", 8), "uint32": ("U32", 4), "uint16": ("U16", 2), "uint8": ("U8", 1),
    "bool": ("BOOL", 1), "complex32": ("C32", 4), "complex64": ("C64", 8),
    "complex128": ("C128", 16), "float8_e4m3fn": ("F8_E4M3", 1), "float8_e5m2": ("F8_E5M2", 1),
    "float8_e4m3fnuz": ("F8_E4M3FNUZ", 1), "float8_e5m2fnuz": ("F8_E5M2FNUZ", 1),
    "float8_e8m0fnu": ("F8_E8M0", 1), "float4_e2m1fn_x2": ("F4", 1),
}  # fmt: skip
_CLASSES = ("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")
_TYPED = 2
# How many arguments each function takes: storage, offset, size and stride come first.
_ARITIES = {
    "_rebuild_tensor": (4,), "_rebuild_tensor_v2": (6, 7), "_rebuild_tensor_v3": (7, 8),
    "_rebuild_qtensor": (7,),
}  # fmt: skip
_LARGEST = 1 << 62


class Store(NamedTuple):
    """A storage: its key in the container, its number type, elements and bytes; -1 unknown."""

    key: str
    dtype: str
    elements: int
    size: int


def persistent(machine: Machine, identifier: object) -> object:
    """Return the storage that a persistent id names: `('storage', class, key, place, number)`.

    Legacy files add a view (`None`, or key, offset and number). Containers that name the source
    of a class (`('module', class, file, source)`) give the class. Anything else is refused.
    """
    match None if isinstance(identifier, List) else identifier:
        case int() if machine.torch:  # the tar layout counts its tensors and storages
            return Obj(_TENSOR)
        case ("module", Global() as named, str() | None, source) if machine.torch and (
            source is None or is_text(source)
        ):
            return named
        case ("storage", Global() as kind, str(key), place, int(elements), *view) if (
            machine.torch and len(view) < 2 and is_text(place) and 0 <= elements < _LARGEST  # noqa: PLR2004
        ):
            return _storage(machine, kind, key, elements, view[0] if view else None)
    if machine.torch:
        machine.note("pickle-persistent-id", "dangerous", "a persistent id is no storage")
    else:
        machine.note(
            "pickle-persistent-id", "not-inspectable",
            "a persistent id: what it stands for is outside the stream",
        )  # fmt: skip
    return OPAQUE


def _storage(machine: Machine, kind: Global, key: str, elements: int, view: object) -> object:
    if kind.entry is None:
        return OPAQUE
    known = STORAGES.get(kind.name)
    if known is None or not kind.module.startswith("torch"):
        machine.note("pickle-persistent-id", "dangerous", "a storage's class is none")
        return OPAQUE
    dtype, width = known
    named = (dtype, elements, elements * width, machine.opcode_at)
    before = machine.storages.setdefault(key, named)
    if before[:3] != named[:3]:
        machine.note(
            "pickle-storage-differs", "malformed", "a storage is named with two sizes or types"
        )
    match () if isinstance(view, List) else view:
        case None:
            return Obj(kind, facts=Store(key, dtype, elements, elements * width))
        case (str(), int(offset), int(number)) if offset >= 0 <= number <= elements - offset:
            return Obj(kind, facts=Store(key, dtype, number, number * width))
    machine.note("pickle-tensor-extent", "dangerous", "a view lies outside its storage")
    return OPAQUE


def _tensor(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `(storage, offset, size, stride, …)`: inside its storage, with nothing to call."""
    if len(arguments) not in _ARITIES[callee.name]:
        return odd(machine, callee)
    made = arguments[0]
    if not isinstance(made, Obj):
        return OPAQUE if made is OPAQUE else odd(machine, callee, "a tensor has no storage")
    store = made.facts
    if not isinstance(store, Store):
        return odd(machine, callee, "a tensor has no storage")
    rest = arguments[4:]
    width = store.size // store.elements if store.elements > 0 else 1
    if callee.name == "_rebuild_tensor_v3":
        dtype = rest[_TYPED]
        if not isinstance(dtype, Global) or dtype.name not in DTYPES:
            return odd(machine, callee, "a tensor's number type is not known")
        label, width = DTYPES[dtype.name]
        machine.untyped[store.key] = (label, max(0, store.size // width))
        rest = (*rest[:_TYPED], *rest[_TYPED + 1 :])
    _extent(machine, callee, arguments[1:4], store.size // width if store.size >= 0 else -1)
    if not _are_quiet(rest):
        machine.note(
            "pickle-call-arguments", "dangerous", "a tensor is given something to call",
            global_name=callee.full,
        )  # fmt: skip
    machine.tensors += 1
    return Obj(callee)


def _extent(machine: Machine, callee: Global, place: Arguments, elements: int) -> None:
    """Check that a tensor's offset, size and stride stay within its storage's elements."""
    offset, size, stride = place[0], ints(place[1]), ints(place[2])
    if type(offset) is not int or size is None or stride is None or len(size) != len(stride):
        odd(machine, callee, "a tensor's offset, size or stride is not literal")
        return
    number, last = 1, offset
    for dimension, step in zip(size, stride, strict=True):
        number *= dimension
        last += (dimension - 1) * step
        if number > _LARGEST:
            odd(machine, callee, "a tensor is larger than any file")
            return
    if offset < 0 or (elements >= 0 and number and last >= elements):
        machine.note(
            "pickle-tensor-extent", "dangerous", "a tensor reaches beyond its storage",
            global_name=callee.full,
        )  # fmt: skip


def _are_quiet(values: Arguments) -> bool:
    """Return whether what follows a tensor's place is plain: no hooks, nothing to call."""
    for value in values:
        if isinstance(value, Obj):
            if isinstance(value.facts, Dict) and value.facts:
                return False
            value.built = True
        elif isinstance(value, Global):
            return False
    return True


def _parameter(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `(tensor, requires_grad, hooks[, state])`."""
    if len(arguments) not in (3, 4) or not isinstance(arguments[1], bool | int):
        return odd(machine, callee)
    if not _are_quiet(arguments[2:3]):
        machine.note(
            "pickle-call-arguments", "dangerous", "a parameter has hooks that are called",
            global_name=callee.full,
        )  # fmt: skip
    if isinstance(arguments[0], Global):
        return odd(machine, callee)
    _attributes(machine, callee, arguments[3:])
    return Obj(callee)


def _attributes(machine: Machine, callee: Global, states: Arguments) -> None:
    """Check the attributes that `_set_obj_state` sets by `setattr`."""
    for state in states:
        machine.charge(len(state) if isinstance(state, (tuple, Dict)) else 0)
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            names = part[::2] if isinstance(part, Dict) else ()
            if (part is not None and not isinstance(part, Dict)) or any(
                not isinstance(name, str) or name.startswith("__") or name.endswith("_hooks")
                for name in names
            ):
                machine.note(
                    "pickle-call-arguments", "dangerous", "a tensor's attributes are set oddly",
                    global_name=callee.full,
                )  # fmt: skip


def _from_type(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `(function, class, arguments, state)`: the function is a rebuilding one of torch's."""
    from auditor.formats._pickle_calls import call, refuse_kept

    match arguments:
        case (Global() as function, Global() as made, tuple() as inner, state):
            if function.module != "torch._utils" or not function.name.startswith("_rebuild_"):
                machine.note(
                    "pickle-call-arguments", "dangerous", "a tensor is rebuilt by a function that"
                    " is none of PyTorch's", global_name=function.full,
                )  # fmt: skip
                return OPAQUE
            if made.entry is not None and made.full not in _CLASSES and not made.entry.new:
                return odd(machine, callee, "a tensor's class is none")
            call(machine, function, inner)
            if type(state) in NOT_KEPT:
                refuse_kept(machine, (state,))
            _attributes(machine, callee, (state,))
            return Obj(callee)
    return odd(machine, callee)


def _from_bytes(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `_load_from_bytes(bytes)`, which is `torch.load`: the bytes are a file of their own."""
    if len(arguments) != 1 or not (is_bytes(arguments[0]) or isinstance(arguments[0], str)):
        machine.note(
            "pickle-call-arguments", "dangerous", "a file that is no literal is loaded",
            global_name=callee.full,
        )  # fmt: skip
        return OPAQUE
    found = machine.nested(arguments[0], "storage")
    if found is None:
        return OPAQUE
    elements = -1 if found.header.parameters is None else found.header.parameters
    return Obj(callee, facts=Store("", found.header.precision, elements, elements))


def _size(machine: Machine, callee: Global, arguments: Arguments) -> object:
    sizes = ints(arguments[0]) if len(arguments) == 1 else None
    if sizes is None:
        return odd(machine, callee)
    return Obj(callee, facts=sizes)


def _literal(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check a call with numbers and texts only: a device, a layout."""
    if not all(is_plain(value) and not isinstance(value, Raw) for value in arguments):
        return odd(machine, callee)
    return Obj(callee)


def _device(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `(tensor or array, dtype, device, requires_grad)`."""
    match arguments:
        case (Obj(), Global(module="torch") as dtype, str(), bool()) if dtype.name in DTYPES:
            return Obj(callee)
    return odd(machine, callee)


def _meta(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `(dtype, size, stride, requires_grad)`: a tensor without contents."""
    match arguments:
        case (Global(module="torch"), size, stride, bool()) if (
            ints(size) is not None and ints(stride) is not None
        ):
            return Obj(callee)
    return odd(machine, callee)


_TENSOR = Global("torch", "Tensor", None)
_UTILS = "torch._utils"
CALLS: dict[str, Check] = {
    **_pickle_checkpoint.CALLS,
    "torch.Size": _size,
    "torch.device": _literal,
    "torch.serialization._get_layout": _literal,
    "torch.storage._load_from_bytes": _from_bytes,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.tensor._rebuild_from_type_v2": _from_type,
    f"{_UTILS}._rebuild_device_tensor_from_cpu_tensor": _device,
    f"{_UTILS}._rebuild_device_tensor_from_numpy": _device,
    f"{_UTILS}._rebuild_xla_tensor": _device,
    f"{_UTILS}._rebuild_meta_tensor_no_storage": _meta,
    f"{_UTILS}._rebuild_parameter": _parameter,
    f"{_UTILS}._rebuild_parameter_with_state": _parameter,
    f"{_UTILS}._rebuild_qtensor": _tensor,
    f"{_UTILS}._rebuild_tensor": _tensor,
    f"{_UTILS}._rebuild_tensor_v2": _tensor,
    f"{_UTILS}._rebuild_tensor_v3": _tensor,
}
BUILDS = _pickle_checkpoint.BUILDS
