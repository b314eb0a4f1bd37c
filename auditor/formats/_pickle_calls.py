"""Decides what a stream may do with what it imported: call it, build it, put elements into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.formats import _pickle_joblib, _pickle_numpy, _pickle_python, _pickle_torch
from auditor.formats._pickle_values import (
    NOT_KEPT,
    OPAQUE,
    Changeable,
    Dict,
    Global,
    Holding,
    List,
    Obj,
    Opaque,
    Set,
    Unkept,
)

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

_CHECKED = {
    **_pickle_python.CALLS, **_pickle_numpy.CALLS, **_pickle_torch.CALLS, **_pickle_joblib.CALLS,
}  # fmt: skip
_BUILT = {
    **_pickle_python.BUILDS, **_pickle_numpy.BUILDS, **_pickle_torch.BUILDS,
    **_pickle_joblib.BUILDS,
}  # fmt: skip
Kind = type[List] | type[Dict] | type[Set]
# What is given a function that it knows: each checks that it is one of its own library's.
_TAKES_FUNCTIONS = frozenset((
    "torch._tensor._rebuild_from_type_v2", "torch.tensor._rebuild_from_type_v2",
    "numpy.random._pickle.__bit_generator_ctor", "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__randomstate_ctor",
))  # fmt: skip
# Makes an object of its first argument, and checks that this is a class that may be made.
_MAKES = frozenset(("copyreg._reconstructor", "copyreg.__newobj__"))
# The attribute of joblib's wrapper that names an array's class.
_SUBCLASS = "subclass"
_CYTHON = "__pyx_unpickle_"
# A Bunch of scikit-learn's finds its attributes among its items.
_BUNCH = "Bunch"
# numpy.org/doc/stable/reference/arrays.interface.html, and the same of PyTorch and of DLPack.
_ADDRESSES = ("__array", "__cuda_array", "__dlpack")
_SLOTTED = 2
_FILLED = (List, Dict, Set)
_UNHASHABLE = frozenset((List, Dict, Set, Changeable))
_QUESTIONABLE = _UNHASHABLE | {tuple, Holding}


def call(machine: Machine, callee: object, arguments: object, *, new: bool = False) -> object:
    """Return what a call gives; `new` makes an object without its `__init__` (NEWOBJ).

    Only a global may be called, and only one whose entry says so; never the result of a call.
    """
    machine.calls += 1
    if isinstance(callee, Global) and callee.entry is not None and isinstance(arguments, tuple):
        if callee.entry.new if new else callee.entry.call:
            return _called(machine, callee, arguments)
        return _refused(machine, callee, new=new)
    if not isinstance(callee, Global):
        what = "the result of a call" if isinstance(callee, (Obj, Opaque)) else "no global"
        machine.note("pickle-call-target", "dangerous", f"{what} is called")
        return OPAQUE
    if callee.entry is None:
        return OPAQUE
    machine.note(
        "pickle-call-arguments", "dangerous", "a call's arguments are no literal tuple",
        global_name=callee.full,
    )  # fmt: skip
    return OPAQUE


def _called(machine: Machine, callee: Global, arguments: tuple[object, ...]) -> object:
    """Return what a call of something that may be called gives, its arguments checked."""
    machine.charge(2 + (len(arguments) >> 3))
    if type(arguments) is Holding and callee.full not in _TAKES_FUNCTIONS:
        makes = callee.full in _MAKES or callee.name.startswith(_CYTHON)
        refuse_kept(machine, arguments[1:] if makes else arguments)
    check = _CHECKED.get(callee.full)
    if check is not None:
        return check(machine, callee, arguments)
    if callee.name.startswith(_CYTHON):
        return _from_cython(machine, callee, arguments)
    if _hold_a_global(machine, arguments):
        machine.note(
            "pickle-call-arguments", "dangerous", "a call is given something to call",
            global_name=callee.full,
        )  # fmt: skip
    return Obj(callee)


def build(machine: Machine, target: object, state: object) -> None:
    """Give a state to an object: only to one whose entry says so, never to a global."""
    machine.calls += 1
    if type(state) in NOT_KEPT:
        refuse_kept(machine, (state,))
    if isinstance(target, Opaque):
        return
    if not isinstance(target, Obj):
        machine.note("pickle-build-target", "dangerous", "a state is given to no object")
        return
    maker = target.made_by
    if maker.entry is None or not maker.entry.build:
        machine.note(
            "pickle-build-target", "dangerous", "an object that takes no state is given one",
            global_name=maker.full,
        )  # fmt: skip
        return
    if _sets_special(machine, state):
        machine.note(
            "pickle-build-state", "dangerous", "a state sets special attributes",
            global_name=maker.full,
        )  # fmt: skip
    check = _BUILT.get(maker.full)
    if check is not None:
        check(machine, target, state)


def add_items(machine: Machine, target: object, values: list[object], kind: Kind) -> None:
    """Put elements into a list, dict or set, or into an object whose entry lets it take them."""
    if kind is not List:
        check_keys(machine, values[::2] if kind is Dict else values)
    if not NOT_KEPT.isdisjoint(map(type, values)):
        refuse_kept(machine, values, pairs=kind is Dict)
    if isinstance(target, _FILLED) and target.__class__ is kind:
        target.extend(values)
        return
    if isinstance(target, Opaque):
        return
    if isinstance(target, Obj):
        entry = target.made_by.entry
        if entry is not None and entry.items:
            _put(machine, target, values, kind)
            return
        name = target.made_by.full
    else:
        name = target.full if isinstance(target, Global) else ""
    machine.note(
        "pickle-item-target", "dangerous", "elements are put into something that takes none",
        global_name=name,
    )  # fmt: skip


def _put(machine: Machine, target: Obj, values: list[object], kind: Kind) -> None:
    """Put elements into an object whose entry lets it take them."""
    if target.built:
        machine.note("pickle-item-target", "dangerous", "an object changes after its use")
    elif isinstance(target.facts, kind):
        target.facts.extend(values)
    elif isinstance(target.facts, (Dict, List, Set)):
        machine.note("pickle-item-target", "malformed", "elements of another kind are put")
    elif kind is Dict and _names_memory(machine, Dict(values), made=target.made_by.name == _BUNCH):
        machine.note(
            "pickle-build-state", "dangerous", "an object says where an array lies",
            global_name=target.made_by.full,
        )  # fmt: skip


def check_keys(machine: Machine, keys: list[object]) -> None:
    """Check that what is looked up by its hash has one: a list, dict or set has none."""
    if _QUESTIONABLE.isdisjoint(map(type, keys)):
        return
    for key in keys:
        if type(key) in _UNHASHABLE or (isinstance(key, tuple) and _holds_unhashable(machine, key)):
            machine.note("pickle-key", "malformed", "a key is something that cannot be one")


def refuse_kept(machine: Machine, values: Iterable[object], *, pairs: bool = False) -> None:
    """Tell the functions and classes among the values, and in tuples of them, that are kept.

    Loading calls none of them: a method of what is loaded may, with what comes in or with other
    bytes of the file. `pairs`: keys and values by turns, where joblib names an array's class.
    """
    key: object = None
    waiting = []
    for value in values:
        if type(value) in NOT_KEPT and not (
            pairs and key == _SUBCLASS and isinstance(value, Unkept) and value.entry is not None
            and value.entry.argument
        ):  # fmt: skip
            waiting.append(value)
        key = value if isinstance(value, str) else None
    while waiting:
        value = waiting.pop()
        if isinstance(value, Unkept):
            machine.names.unlisted.add(value.full)
            machine.note(
                "pickle-callable-kept", "unlisted",
                "it is kept as a value: what is loaded may call it later",
                global_name=value.full,
            )  # fmt: skip
        elif isinstance(value, Holding) and not value.told:
            value.told = True
            machine.charge(len(value))
            waiting.extend(value)


def _holds_unhashable(machine: Machine, key: tuple[object, ...]) -> bool:
    waiting = list(key)
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if type(part) in _UNHASHABLE:
            return True
        if isinstance(part, tuple) and id(part) not in seen:
            seen.add(id(part))
            machine.charge(len(part) >> 3)
            waiting.extend(part)
    return False


def _refused(machine: Machine, callee: Global, *, new: bool) -> object:
    """Say that an entry does not give the power; a framework's class is called as if unlisted."""
    entry = callee.entry
    what = "is made without its arguments" if new else "is called"
    if entry is not None and entry.table.tier == "framework":
        machine.names.unlisted.add(callee.full)
        machine.note(
            "pickle-call-unlisted", "unlisted", f"what the tables do not let be so {what}",
            global_name=callee.full,
        )  # fmt: skip
    else:
        machine.note(
            "pickle-call-target", "dangerous", f"what may only be named {what}",
            global_name=callee.full,
        )  # fmt: skip
    return OPAQUE


def _from_cython(machine: Machine, callee: Global, arguments: tuple[object, ...]) -> object:
    """Check `__pyx_unpickle_X(class, checksum, state)`: a class of the same module, to be made."""
    made = arguments[0] if arguments else None
    if not (
        isinstance(made, Global) and made.entry is not None and made.entry.new
        and made.module == callee.module and not _hold_a_global(machine, arguments[1:])
    ):  # fmt: skip
        machine.note(
            "pickle-call-arguments", "dangerous", "an extension type's reader is given another",
            global_name=callee.full,
        )  # fmt: skip
    return Obj(callee)


def _hold_a_global(machine: Machine, values: Iterable[object]) -> bool:
    """Return whether a global stands among the values or in tuples and lists of them."""
    waiting = list(values)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Global):
            return True
        if isinstance(value, (tuple, List)) and id(value) not in seen:
            seen.add(id(value))
            machine.charge(len(value))
            waiting.extend(value)
    return False


def _sets_special(machine: Machine, state: object) -> bool:
    """Return whether a state sets what is looked up on an object.

    With slots it is set by `setattr`, such as `__class__`. In a dict of attributes NumPy and
    PyTorch find an array's address and shape, and believe them.
    """
    if not isinstance(state, tuple):
        return _names_memory(machine, state)
    if len(state) != _SLOTTED:
        return False
    attributes, slots = state
    if _names_memory(machine, attributes):
        return True
    if not isinstance(slots, Dict):
        return False
    machine.charge(len(slots))
    return any(not isinstance(name, str) or name.startswith("__") for name in slots[::2])


def _names_memory(machine: Machine, attributes: object, *, made: bool = True) -> bool:
    """Return whether attributes are such as NumPy asks any object for (arrays.interface).

    With `made` a name that something else makes is none that can be told from one of those:
    NumPy's texts are texts of Python's.
    """
    if isinstance(attributes, Obj):
        attributes = attributes.facts
    if not isinstance(attributes, Dict):
        return False
    machine.charge(len(attributes) >> 3)
    for name in attributes[::2]:
        if isinstance(name, str):
            if name[:2] == "__" and name.startswith(_ADDRESSES):
                return True
        elif made and type(name) is Obj:
            return True
    return False
