"""Checks what Python's own types are called with when a pickle makes one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.formats._pickle_values import (
    OPAQUE,
    Dict,
    Encoded,
    Frozen,
    Global,
    List,
    Obj,
    Raw,
    Set,
    Text,
    is_plain,
)

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

Arguments = tuple[object, ...]
Check = Callable[["Machine", Global, Arguments], object]

MOST_BYTES = 1 << 20
_CODECS = ("latin1", "latin-1", "iso-8859-1", "utf-8", "utf8", "ascii")
_PAIR = 2
_PATTERN = 1 << 16
_MAX_RANK = 64
_RATIO = re.compile(r"[+-]?[0-9]{1,4300}(/[0-9]{1,4300})?")
_FACTORIES = (
    "builtins.list", "builtins.dict", "builtins.set", "builtins.int", "builtins.float",
    "builtins.str", "builtins.tuple", "builtins.bool", "builtins.bytes", "collections.Counter",
    "collections.OrderedDict", "collections.deque", "builtins.frozenset",
)  # fmt: skip


def odd(machine: Machine, callee: Global, detail: str = "") -> object:
    """Say that a call's arguments are not those that a pickler writes."""
    machine.note(
        "pickle-call-arguments", "malformed", detail or "called with what it is never given",
        global_name=callee.full,
    )  # fmt: skip
    return OPAQUE


def is_text(value: object) -> bool:
    """Return whether a value is a literal text."""
    return isinstance(value, (str, Text))


def is_bytes(value: object) -> bool:
    """Return whether a value is literal bytes, in any of the ways that protocols write them."""
    return isinstance(value, (Raw, Encoded)) and not isinstance(value, Text)


def is_container(value: object) -> bool:
    """Return whether a value is a tuple, list, dict or set that the stream wrote itself."""
    return isinstance(value, (tuple, List, Dict, Set))


def ints(value: object) -> tuple[int, ...] | None:
    """Return a tuple of natural numbers, `None` where the value is none (or a `torch.Size`)."""
    if isinstance(value, Obj) and isinstance(value.facts, tuple):
        value = value.facts
    if not isinstance(value, tuple) or len(value) > _MAX_RANK:
        return None
    if all(type(item) is int and item >= 0 for item in value):
        return value
    return None


def _encode(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (str() | Text() as text, str(codec)) if codec.lower() in _CODECS:
            return Encoded(text, codec)
    return odd(machine, callee, "a text is encoded by a codec that no pickler names")


def _bytes(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (int(size),) if size > MOST_BYTES:
            return odd(machine, callee, f"{size} bytes are asked for")
        case () | (int() | str(),):  # a text of Python 2 is bytes
            return Obj(callee)
        case (first,) if is_bytes(first) or isinstance(first, List):
            return Obj(callee, facts=first)
        case (str() | Text() as first, str(codec)) if codec.lower() in _CODECS:
            return Obj(callee, facts=first)
    return odd(machine, callee)


def _collection(kind: Callable[[], List | Dict | Set]) -> Check:
    def check(machine: Machine, callee: Global, arguments: Arguments) -> object:
        if len(arguments) > 1 or not all(is_container(value) for value in arguments):
            return odd(machine, callee)
        made = kind()
        for value in arguments:
            machine.charge(len(value))  # type: ignore[arg-type]
            made.extend(value)  # type: ignore[arg-type]
        return made

    return check


def _plain(machine: Machine, callee: Global, arguments: Arguments) -> object:
    if not all(is_plain(value) for value in arguments):
        return odd(machine, callee)
    return Obj(callee)


def _str(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case () | (None | int() | float() | str() | Text(),):
            return Obj(callee)
        case (Raw() | Encoded(), str(codec), *more) if (
            codec.lower() in _CODECS and len(more) < _PAIR
        ):
            return Obj(callee)
    return odd(machine, callee)


def _nothing(machine: Machine, callee: Global, arguments: Arguments) -> object:
    return odd(machine, callee) if arguments else Obj(callee)


def _type(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """`type(None)` is how the types of `None`, `...` and `NotImplemented` are written."""
    match arguments:
        case (None,):
            return Obj(callee)
        case (Global(module="builtins", name="Ellipsis" | "NotImplemented"),):
            return Obj(callee)
    machine.note(
        "pickle-call-arguments", "dangerous", "a class is made or asked for",
        global_name=callee.full,
    )  # fmt: skip
    return OPAQUE


def _reconstructor(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `copyreg._reconstructor(class, base, state)`: how protocols 0 and 1 make objects."""
    from auditor.formats._pickle_calls import call

    match arguments:
        case (Global() as made, Global(module="builtins", name="object"), None):
            return call(machine, made, (), new=True)
        case (Global() as made, Global(module="builtins") as base, state) if (
            base.entry is not None and (is_plain(state) or is_container(state))
        ):
            return call(machine, made, (state,), new=True)
        case (Global(entry=None), *_) | (_, Global(entry=None), *_):
            return OPAQUE
    return odd(machine, callee, "an object is made of a class or base that is none")


def _newobj(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `copyreg.__newobj__(class, *arguments)`, which is what NEWOBJ does."""
    from auditor.formats._pickle_calls import call

    if not arguments:
        return odd(machine, callee)
    return call(machine, arguments[0], arguments[1:], new=True)


def _ordered(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `OrderedDict([[key, value], …])`: pairs that were written literally."""
    match arguments:
        case ():
            return Obj(callee, facts=Dict())
        case (Dict() as items,):
            machine.charge(len(items))
            return Obj(callee, facts=Dict(items))
        case (List() | tuple() as pairs,):
            machine.charge(len(pairs))
            flat = Dict()
            for pair in pairs:
                if not isinstance(pair, (List, tuple)) or len(pair) != _PAIR:
                    return odd(machine, callee)
                flat.extend(pair)
            return Obj(callee, facts=flat)
    return odd(machine, callee)


def _counter(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case () | (Dict(),):
            return Obj(callee, facts=Dict())
    return odd(machine, callee)


def _defaultdict(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check `defaultdict(factory)`: the factory is called by whoever reads a missing key."""
    match arguments:
        case () | (None,):
            return Obj(callee, facts=Dict())
        case (Global() as factory,):
            if factory.entry is not None and factory.full not in _FACTORIES:
                machine.note(
                    "pickle-call-arguments", "dangerous",
                    "a missing key of a dict calls what was imported", global_name=factory.full,
                )  # fmt: skip
            return Obj(callee, facts=Dict())
    machine.note(
        "pickle-call-arguments", "dangerous", "a missing key of a dict calls something",
        global_name=callee.full,
    )  # fmt: skip
    return OPAQUE


def _deque(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case () | (tuple() | List(),) | (tuple() | List(), int() | None):
            return Obj(callee, facts=List())
    return odd(machine, callee)


def _array(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (Global(module="array", name="array"), str(), int(), raw) if is_bytes(raw):
            return Obj(callee)
        case (str(),):
            return Obj(callee)
        case (str(), List() | Raw() | Encoded() | str()):
            return Obj(callee)
    return odd(machine, callee)


def _pattern(machine: Machine, callee: Global, arguments: Arguments) -> object:
    match arguments:
        case (str(text), int()) if len(text) <= _PATTERN:
            return Obj(callee)
        case (Raw(length=length), int()) if length <= _PATTERN:
            return Obj(callee)
    return odd(machine, callee)


def _fraction(machine: Machine, callee: Global, arguments: Arguments) -> object:
    """Check a fraction: with an exponent (`1e999999999`) all its digits would be worked out."""
    match arguments:
        case (int(),) | (int(), int()):
            return Obj(callee)
        case (str(text),) if _RATIO.fullmatch(text):
            return Obj(callee)
    return odd(machine, callee)


def _dict_state(machine: Machine, target: Obj, state: object) -> None:
    """Take attributes by name, as `__dict__.update` does; slots are set by `setattr`."""
    match state:
        case None | Dict() | (None | Dict(), None | Dict()):
            return
    if not isinstance(state, Obj):
        odd(machine, target.made_by, "a state is no dict of attributes")


CALLS: dict[str, Check] = {
    "_codecs.encode": _encode,
    "array._array_reconstructor": _array,
    "array.array": _array,
    "builtins.bool": _plain,
    "builtins.bytearray": _bytes,
    "builtins.bytes": _bytes,
    "builtins.complex": _plain,
    "builtins.dict": _collection(Dict),
    "builtins.float": _plain,
    "builtins.frozenset": _collection(Frozen),
    "builtins.int": _plain,
    "builtins.list": _collection(List),
    "builtins.object": _nothing,
    "builtins.range": _plain,
    "builtins.set": _collection(Set),
    "builtins.str": _str,
    "builtins.tuple": _collection(List),
    "builtins.type": _type,
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "collections.defaultdict": _defaultdict,
    "collections.deque": _deque,
    "copyreg.__newobj__": _newobj,
    "copyreg._reconstructor": _reconstructor,
    "fractions.Fraction": _fraction,
    "re._compile": _pattern,
}
BUILDS: dict[str, Callable[[Machine, Obj, object], None]] = {
    "argparse.Namespace": _dict_state,
    "collections.OrderedDict": _dict_state,
    "types.SimpleNamespace": _dict_state,
    "uuid.UUID": _dict_state,
}
