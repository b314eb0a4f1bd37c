"""Checks NumPy's number types in a pickle.

Their state carries flags, sizes and offsets that NumPy believes (numpy/_core/src/multiarray/
descriptor.c, `arraydescr_setstate`): flags that deny objects make pointers of an array's bytes,
so every state has to be one that NumPy itself writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats._npy_types import Dtype, simple
from auditor.formats._pickle_python import Arguments, Check, ints, odd
from auditor.formats._pickle_values import OPAQUE, Dict, Global, List, Obj, is_plain

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

# Flags of numpy/_core/include/numpy/ndarraytypes.h: those of objects alone, those of a record
# that holds some, and those that a type without objects may have (to be cleared at first; a
# record's; a record laid out as C does).
_OBJECT = 0x3F
_HOLDS_OBJECTS = 0x1B
_HARMLESS = 0x08 | 0x10 | 0x80
_ALIGNED = 0x80
# A state's version and how many parts it has.
_STATES = (((3,), 8), ((4,), 9))
_ORDERS = ("<", ">", "|", "=")
# NumPy divides by it.
_ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64)
_RECORDS = (
    "numpy.record", "numpy.rec.record", "numpy.void", "numpy.core.records.record",
    "numpy._core.records.record",
)  # fmt: skip
_MAX_SIZE = 1 << 40


def dangerous(machine: Machine, what: Global, detail: str) -> object:
    """Say that NumPy would be made to believe something false of memory."""
    machine.note("numpy-dtype-state", "dangerous", detail, global_name=what.full)
    return OPAQUE


def dtype_of(value: object) -> Dtype | None:
    """Return the number type that a value is, which may not change from now on."""
    if isinstance(value, Obj) and isinstance(value.facts, Dtype):
        value.built = True
        return value.facts
    return None


def _dtype(machine: Machine, callee: Global, arguments: Arguments) -> object:
    if len(arguments) != 3 or not all(isinstance(item, int) for item in arguments[1:]):  # noqa: PLR2004
        return odd(machine, callee)
    what = arguments[0]
    if isinstance(what, Global) and what.full in _RECORDS:
        return Obj(callee, facts=Dtype("V", 0, objects=False, label="V"))
    raw = machine.short_bytes(what, 40)
    found = simple(raw.decode("latin-1")) if raw is not None else None
    if found is None:
        return odd(machine, callee, "a number type that NumPy does not write")
    return Obj(callee, facts=found)


def _dtype_state(machine: Machine, target: Obj, state: object) -> None:
    """Check `(version, order, subarray, names, fields, size, alignment, flags[, metadata])`."""
    facts = target.facts
    if not isinstance(facts, Dtype) or target.built:
        dangerous(machine, target.made_by, "a number type changes after it was used")
        return
    target.built = True
    if not isinstance(state, tuple) or (state[:1], len(state)) not in _STATES:
        odd(machine, target.made_by, "a number type's state is of no known version")
        return
    _, order, subarray, names, fields, size, alignment, flags = state[:8]
    numbers = all(type(item) is int for item in (size, alignment, flags))
    aligned = alignment in _ALIGNMENTS or (alignment == -1 and facts.kind not in "SUV")
    if not numbers or not aligned or order not in _ORDERS:
        dangerous(machine, target.made_by, "a number type's state is made of other parts")
        return
    found = _with_state(target, facts, (subarray, names, fields), int(size))
    if found is None:
        dangerous(machine, target.made_by, "fields of a number type lie outside it")
        return
    if not _are_true(flags & 0xFF, found, subarray):
        dangerous(machine, target.made_by, "a number type's flags hide or invent pointers")
    if not _is_metadata(facts.kind, state[8:]):
        dangerous(machine, target.made_by, "a date has no unit, or something else has one")
    target.facts = found


def _are_true(flags: int, found: Dtype, subarray: object) -> bool:
    """Return whether flags are those that NumPy gives such a number type."""
    if not found.objects:
        return flags & ~_HARMLESS == 0
    if found.kind == "O" or subarray is not None:
        return flags == _OBJECT
    return flags & ~_ALIGNED == _HOLDS_OBJECTS


def _with_state(
    target: Obj, facts: Dtype, parts: tuple[object, object, object], size: int
) -> Dtype | None:
    """Return a number type as its state makes it, `None` where the state cannot be true."""
    subarray, names, fields = parts
    if facts.kind not in "SUV":
        return facts if subarray is names is fields is None else None
    if not 0 <= size <= _MAX_SIZE or (subarray is not None and fields is not None):
        return None
    objects: bool | None = False
    if subarray is not None:
        objects = _subarray(target, subarray, size)
    elif fields is not None:
        objects = None
        if facts.kind == "V" and isinstance(fields, Dict) and _name_fields(names, fields):
            objects = _fields(target, fields, size)
    return None if objects is None else Dtype(facts.kind, size, objects, facts.label)


def _subarray(target: Obj, subarray: object, size: int) -> bool | None:
    """Return whether a subarray's elements are objects, `None` where its size is another."""
    match None if isinstance(subarray, List) else subarray:
        case (Obj() as inner, shape) if inner is not target:
            base = dtype_of(inner)
            sizes = (shape,) if isinstance(shape, int) else ints(shape)
            if base is not None and sizes is not None and math.prod(sizes) * base.size == size:
                return base.objects
    return None


def _name_fields(names: object, fields: Dict) -> bool:
    """Return whether the names are texts, and each the key of a field."""
    if not isinstance(names, tuple):
        return False
    known = {key for key in fields[::2] if isinstance(key, str)}
    return all(isinstance(name, str) and name in known for name in names)


def _fields(target: Obj, fields: Dict, size: int) -> bool | None:
    """Return whether any field holds objects, `None` where one lies outside the element.

    Fields may overlap, but not where there are objects: numbers would be taken for them.
    """
    places: set[tuple[int, int]] = set()
    objects = False
    for field in fields[1::2]:
        match None if isinstance(field, List) else field:
            case (Obj() as inner, int(offset), *_) if inner is not target:
                base = dtype_of(inner)
                if base is None or not 0 <= offset <= size - base.size:
                    return None
                places.add((offset, offset + base.size))
                objects = objects or base.objects
            case _:
                return None
    reached = 0
    for begin, end in sorted(places):
        if objects and begin < reached:
            return None
        reached = end
    return objects


def _is_metadata(kind: str, behind: tuple[object, ...]) -> bool:
    """Return whether a date's type has its unit behind the flags: `(None, (b'ns', 1, 1, 1))`.

    Another type has nothing there, or a dict of words.
    """
    match behind:
        case ((Dict() | None, (unit, int(), int(), int(), *rest)),):
            return kind in "mM" and is_plain(unit) and all(is_plain(part) for part in rest)
        case () | (None | Dict(),) | ((Dict() | None, None),):
            return kind not in "mM"
    return False


CALLS: dict[str, Check] = {"numpy.dtype": _dtype}
BUILDS: dict[str, Callable[[Machine, Obj, object], None]] = {"numpy.dtype": _dtype_state}
