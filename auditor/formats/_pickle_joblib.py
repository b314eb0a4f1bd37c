"""Follows the arrays that joblib writes between the opcodes of a pickle.

joblib puts a wrapper into the stream and the array's bytes behind its BUILD (joblib/
numpy_pickle.py, `NumpyArrayWrapper`); whoever reads the file with `pickle.load` takes these
bytes for opcodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats._npy_types import Dtype
from auditor.formats._pickle_dtypes import dtype_of
from auditor.formats._pickle_numpy import ARRAYS
from auditor.formats._pickle_python import Check, ints, odd
from auditor.formats._pickle_values import Dict, Global, Obj

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

_ALIGNMENT = 16
_PADDING = 0xFF
_MOST_ATTRIBUTES = 32
_NEEDED = {"subclass", "shape", "order", "dtype"}
_MAY_BE = {"allow_mmap", "numpy_array_alignment_bytes"}
_SUBCLASSES = (*ARRAYS, "numpy.memmap", "numpy.core.memmap.memmap", "numpy._core.memmap.memmap")


def _array(machine: Machine, target: Obj, state: object) -> None:
    """Go over the bytes of the array whose wrapper was just built."""
    if not machine.joblib:
        odd(machine, target.made_by, "an array of joblib lies where joblib does not read")
        return
    if target.built or not isinstance(state, Dict) or len(state) > _MOST_ATTRIBUTES:
        odd(machine, target.made_by, "an array's wrapper is built oddly")
        return
    target.built = True
    machine.wrapped += 1
    pairs = zip(state[::2], state[1::2], strict=False)
    said = {key: value for key, value in pairs if isinstance(key, str)}
    subclass = said.get("subclass")
    shape, dtype = ints(said.get("shape")), dtype_of(said.get("dtype"))
    known = len(said) * 2 == len(state) and _NEEDED <= set(said) <= _NEEDED | _MAY_BE
    if shape is None or dtype is None or not known:
        machine.broken("joblib-array", "an array's wrapper tells no shape or number type")
    unlisted = isinstance(subclass, Global) and subclass.entry is None
    if not unlisted and (not isinstance(subclass, Global) or subclass.full not in _SUBCLASSES):
        machine.note("joblib-array", "dangerous", "an array is made of a class that is none")
    machine.leave_frame("an array's wrapper")
    if dtype.objects:
        machine.read_differently(machine.position, numbers=False)
        machine.inner("the objects of an array")
    else:
        _skip(machine, said.get("numpy_array_alignment_bytes"), shape, dtype)
    machine.stack[-1] = Obj(Global("numpy", "ndarray", None))


def _skip(machine: Machine, alignment: object, shape: tuple[int, ...], dtype: Dtype) -> None:
    number = math.prod(shape)
    if alignment is not None:
        length = machine.take(1)[0]
        # With these lengths the byte is no opcode: whoever takes it for one stops here.
        if alignment != _ALIGNMENT or not 0 < length <= _ALIGNMENT:
            machine.broken("joblib-array", "an array is aligned as joblib does not")
        if machine.take(length).strip(bytes((_PADDING,))):
            machine.broken("joblib-array", "an array's padding holds something")
    begin = machine.skip(number * dtype.size)
    if alignment is None:
        machine.read_differently(begin, numbers=True)
    machine.arrays += 1
    machine.count(dtype.label, number)


def _side_file(machine: Machine, target: Obj, _state: object) -> None:
    machine.note(
        "joblib-side-file", "not-inspectable",
        "an array lies in a file beside this one, which may hold objects",
        global_name=target.made_by.full,
    )  # fmt: skip


_MODULES = ("joblib", "sklearn.externals.joblib")
_OLD = ("numpy_pickle.NDArrayWrapper", "numpy_pickle_compat.NDArrayWrapper",
        "numpy_pickle.ZNDArrayWrapper", "numpy_pickle_compat.ZNDArrayWrapper")  # fmt: skip
CALLS: dict[str, Check] = {}
BUILDS: dict[str, Callable[[Machine, Obj, object], None]] = {
    **{f"{module}.numpy_pickle.NumpyArrayWrapper": _array for module in _MODULES},
    **{f"{module}.{old}": _side_file for module in _MODULES for old in _OLD},
}
