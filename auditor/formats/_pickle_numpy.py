"""Checks the arrays, scalars and random generators of NumPy in a pickle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats import _pickle_dtypes
from auditor.formats._pickle_dtypes import dangerous, dtype_of
from auditor.formats._pickle_python import Arguments, Check, ints, is_bytes, odd
from auditor.formats._pickle_values import OPAQUE, Dict, Global, List, Obj

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

# Arrays and their subclasses; NumPy before 1.16 named `matrix` by its own module.
ARRAYS = (
    "numpy.ndarray", "numpy.matrix", "numpy.matrixlib.defmatrix.matrix", "numpy.recarray",
    "numpy.rec.recarray", "numpy.core.records.recarray", "numpy._core.records.recarray",
)  # fmt: skip
_MASKED = ("numpy.ma.core.MaskedArray", "numpy.ma.MaskedArray")
_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
_WORDS = 624
_MOST_PARTS = 100


def _reconstruct(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `_reconstruct(ndarray, (0,), b'b')`; the rest is the state's."""
    match arguments:
        case (Global() as made, (0,), letter) if machine.short_bytes(letter, 1) == b"b":
            if made.entry is None:
                return OPAQUE
            if made.full in ARRAYS:
                return Obj(callee)
    return odd(machine, callee, "an array is made in a way that NumPy does not write")


def _masked(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (Global() as made, Global() as base, (0,), letter) if (
            machine.short_bytes(letter, 1) == b"b"
            and made.full in _MASKED and base.full in ARRAYS
        ):  # fmt: skip
            return Obj(callee)
    return odd(machine, callee, "a masked array is made in a way that NumPy does not write")


def _array_state(machine: Machine, target: Obj, state: object) -> None:
    if isinstance(state, tuple) and (len(state) == 4 or (len(state) == 5 and state[0] in (0, 1))):  # noqa: PLR2004
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
        elif len(contents) != number:
            dangerous(machine, what, "an array has fewer objects than its shape says, or more")
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
    **_pickle_dtypes.CALLS,
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
    **_pickle_dtypes.BUILDS,
    "numpy.ma.core._mareconstruct": _masked_state,
    **{f"{place}.multiarray._reconstruct": _array_state for place in _PLACES},
}
