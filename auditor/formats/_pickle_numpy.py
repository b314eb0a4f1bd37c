"""Checks the arrays, scalars, number types and random generators of NumPy in a pickle.

A number type's state carries flags, sizes and offsets that NumPy believes (numpy/_core/src/
multiarray/descriptor.c, `arraydescr_setstate`): flags that deny objects make pointers of an
array's bytes, so every state has to be one that NumPy itself writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats._npy_types import Dtype, simple
from auditor.formats._pickle_python import Arguments, Check, ints, is_bytes, odd
from auditor.formats._pickle_values import OPAQUE, Dict, Global, List, Obj, is_plain

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

_OBJECT_FLAGS = 0x1B  # needs init, list pickle, reference counts, needs the interpreter
_COUNTED = 0x03  # either of these makes NumPy take pointers
_STATES = (8, 9)
_VERSIONS = (3, 4)
_ARRAYS = ("numpy.ndarray", "numpy.matrix", "numpy.recarray", "numpy.rec.recarray")
_MASKED = ("numpy.ma.core.MaskedArray", "numpy.ma.MaskedArray")
_RECORDS = ("numpy.record", "numpy.rec.record", "numpy.void")
_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
_MAX_SIZE = 1 << 40
_WORDS = 624
_MOST_PARTS = 100


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
    if not isinstance(state, tuple) or len(state) not in _STATES or state[0] not in _VERSIONS:
        odd(machine, target.made_by, "a number type's state is of no known version")
        return
    _, _, subarray, names, fields, size, alignment, flags = state[:8]
    if not all(type(item) is int for item in (size, alignment, flags)):
        dangerous(machine, target.made_by, "sizes of a number type are no numbers")
        return
    found = _with_state(target, facts, (subarray, names, fields), int(size))
    if found is None:
        dangerous(machine, target.made_by, "fields of a number type lie outside it")
        return
    flags &= 0xFF
    if found.objects != (flags & _COUNTED == _COUNTED) or (
        flags & _OBJECT_FLAGS != _OBJECT_FLAGS if found.objects else flags & _COUNTED
    ):
        dangerous(machine, target.made_by, "a number type's flags hide or invent pointers")
    if len(state) > _STATES[0] and not _is_metadata(state[8]):
        odd(machine, target.made_by)
    target.facts = found


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
        objects = _fields(target, fields, size) if facts.kind == "V" else None
        objects = objects if isinstance(names, tuple) else None
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


def _fields(target: Obj, fields: object, size: int) -> bool | None:
    """Return whether any field holds objects, `None` where one lies outside the element."""
    objects = False
    for field in fields[1::2] if isinstance(fields, Dict) else (None,):
        match None if isinstance(field, List) else field:
            case (Obj() as inner, int(offset), *_) if inner is not target:
                base = dtype_of(inner)
                if base is None or not 0 <= offset <= size - base.size:
                    return None
                objects = objects or base.objects
            case _:
                return None
    return objects


def _is_metadata(value: object) -> bool:
    """Return whether it is what a date's type carries: `({}, (b'ns', 1, 1, 1))`, or a dict."""
    match value:
        case None | Dict() | (Dict() | None, None):
            return True
        case (Dict() | None, tuple() as unit):
            return all(is_plain(part) for part in unit)
    return False


def _reconstruct(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `_reconstruct(ndarray, (0,), b'b')`; the rest is the state's."""
    match arguments:
        case (Global() as made, (0,), letter) if machine.short_bytes(letter, 1) == b"b":
            if made.entry is None:
                return OPAQUE
            if made.full in _ARRAYS:
                return Obj(callee)
    return odd(machine, callee, "an array is made in a way that NumPy does not write")


def _masked(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (Global() as made, Global() as base, (0,), letter) if (
            machine.short_bytes(letter, 1) == b"b"
            and made.full in _MASKED and base.full in _ARRAYS
        ):  # fmt: skip
            return Obj(callee)
    return odd(machine, callee, "a masked array is made in a way that NumPy does not write")


def _array_state(machine: Machine, target: Obj, state: object) -> None:
    if isinstance(state, tuple) and len(state) in (4, 5):
        _contents(machine, target.made_by, state[-4:])
    else:
        odd(machine, target.made_by, "an array's state is of no known version")


def _masked_state(machine: Machine, target: Obj, state: object) -> None:
    if isinstance(state, tuple) and len(state) == 7 and is_bytes(state[5]):  # noqa: PLR2004
        _contents(machine, target.made_by, state[1:5])
    else:
        odd(machine, target.made_by, "a masked array's state is of no known version")


def _contents(machine: Machine, what: Global, state: tuple[object, ...]) -> None:
    """Check `(shape, dtype, fortran, contents)`: as many bytes as the shape says, or a list."""
    shape, dtype = ints(state[0]), dtype_of(state[1])
    if shape is None or dtype is None:
        odd(machine, what, "an array has no shape or number type")
        return
    number = math.prod(shape)
    contents = state[3]
    if dtype.objects:
        if not isinstance(contents, List):
            dangerous(machine, what, "an array of objects is filled with bytes")
        return
    held = machine.bytes_in(contents)
    if held is None or (held >= 0 and held != number * dtype.size):
        odd(machine, what, "an array's bytes do not fit its shape")
        return
    machine.arrays += 1
    machine.count(dtype.label, number)


def _scalar(machine: Machine, callee: Global, arguments: Arguments) -> object:
    if len(arguments) not in (1, 2):
        return odd(machine, callee)
    dtype = dtype_of(arguments[0])
    if dtype is None:
        return odd(machine, callee)
    if len(arguments) == 2:  # noqa: PLR2004
        held = machine.bytes_in(arguments[1])
        if dtype.objects and held is not None:
            return dangerous(machine, callee, "an object is made of bytes")
        if not dtype.objects and (held is None or 0 <= held < dtype.size):
            return odd(machine, callee, "a scalar has fewer bytes than its type")
    return Obj(callee)


def _frombuffer(machine: Machine, callee: Global, arguments: Arguments) -> object:
    if len(arguments) not in (4, 5):
        return odd(machine, callee)
    dtype, shape = dtype_of(arguments[1]), ints(arguments[2])
    held = machine.bytes_in(arguments[0])
    if dtype is None or shape is None or dtype.objects or held is None:
        return odd(machine, callee)
    number = math.prod(shape)
    if held >= 0 and held != number * dtype.size:
        return odd(machine, callee, "an array's bytes do not fit its shape")
    machine.arrays += 1
    machine.count(dtype.label, number)
    return Obj(callee)


def _random(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check constructors of random generators.

    They are given a known name, a class of NumPy's, or what another of them made.
    """
    for value in arguments:
        known = (
            (isinstance(value, str) and value in _GENERATORS)
            or (isinstance(value, Global) and value.entry is not None
                and value.module.startswith("numpy.random."))
            or (isinstance(value, Obj) and value.made_by.module.startswith("numpy.random."))
        )  # fmt: skip
        if not known:
            return odd(machine, callee, "a random generator is made of something else")
    return Obj(callee)


def _random_state(machine: Machine, target: Obj, state: object) -> None:
    """Check the place in the generator's words, which NumPy believes (_mt19937.pyx)."""
    waiting, steps = [state], 0
    while waiting and steps < _MOST_PARTS:
        steps += 1
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part[:_MOST_PARTS])
        elif isinstance(part, Dict):
            for name, value in zip(part[::2], part[1::2], strict=False):
                if name in ("pos", "buffer_pos") and value not in range(_WORDS + 1):
                    dangerous(machine, target.made_by, "a random generator stands beyond its words")
                waiting.append(value)


_PLACES = ("numpy.core", "numpy._core")
CALLS: dict[str, Check] = {
    "numpy.dtype": _dtype,
    "numpy.ma.core._mareconstruct": _masked,
    "numpy.random._pickle.__bit_generator_ctor": _random,
    "numpy.random._pickle.__generator_ctor": _random,
    "numpy.random._pickle.__randomstate_ctor": _random,
    **{f"{place}.multiarray._reconstruct": _reconstruct for place in _PLACES},
    **{f"{place}.multiarray.scalar": _scalar for place in _PLACES},
    **{f"{place}.numeric._frombuffer": _frombuffer for place in _PLACES},
}
BUILDS: dict[str, Callable[[Machine, Obj, object], None]] = {
    "numpy.random._pickle.__bit_generator_ctor": _random_state,
    "numpy.random._pickle.__generator_ctor": _random_state,
    "numpy.random._pickle.__randomstate_ctor": _random_state,
    "numpy.dtype": _dtype_state,
    "numpy.ma.core._mareconstruct": _masked_state,
    **{f"{place}.multiarray._reconstruct": _array_state for place in _PLACES},
}
