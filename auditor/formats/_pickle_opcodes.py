"""What each opcode of protocols 0 to 5 does to the machine (CPython's `_pickle.c`)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from auditor.formats._pickle_calls import add_items, check_keys, refuse_kept
from auditor.formats._pickle_literals import (
    byte_array,
    float_line,
    int_line,
    long4,
    long_line,
    long_of,
    next_buffer,
    readonly_buffer,
    short_string,
    string,
    string_line,
    unicode_line,
    unsigned,
)
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_making import (
    build_state,
    global_line,
    instance,
    new_object,
    new_object_ex,
    object_of_class,
    reduce,
    stack_global,
)
from auditor.formats._pickle_reader import Broken
from auditor.formats._pickle_torch import persistent
from auditor.formats._pickle_values import (
    NOT_KEPT,
    Dict,
    Frozen,
    List,
    Set,
    tuple_of,
)

HIGHEST = 5
_INT = struct.Struct("<i")
_DOUBLE = struct.Struct(">d")


class Stopped(Exception):  # noqa: N818 - the stream's proper end
    """STOP was reached."""


def _protocol(machine: Machine) -> None:
    machine.protocol = machine.take(1)[0]
    if machine.protocol > HIGHEST:
        machine.note("pickle-protocol", "malformed", f"protocol {machine.protocol} is not known")


def _frame(machine: Machine) -> None:
    machine.enter_frame(unsigned(machine, 8))


def _stop(machine: Machine) -> None:
    value = machine.pop()
    if machine.stack or machine.marks:
        machine.note("pickle-stack", "malformed", "values are left when the stream ends")
    if type(value) in NOT_KEPT:
        refuse_kept(machine, (value,))
    machine.stack.append(value)
    machine.leave_frame("STOP")
    raise Stopped


# Containers


def _tuple(count: int) -> Callable[[Machine], None]:
    def handler(machine: Machine) -> None:
        stack = machine.stack
        if len(stack) - count < machine.fence:
            raise Broken("pickle-stack", "a tuple has fewer values than it says")
        values = tuple_of(stack[-count:])
        del stack[-count:]
        stack.append(values)

    return handler


def _append(machine: Machine) -> None:
    value = machine.pop()
    target = machine.top()
    if type(target) is List and type(value) not in NOT_KEPT:
        target.append(value)
    else:
        add_items(machine, target, [value], List)


def _appends(machine: Machine) -> None:
    values = machine.since_mark()
    add_items(machine, machine.top(), values, List)


def _add_items(machine: Machine) -> None:
    values = machine.since_mark()
    add_items(machine, machine.top(), values, Set)


def _set_item(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    target = machine.top()
    if type(target) is Dict and type(key) is str and type(value) not in NOT_KEPT:
        target += (key, value)
    else:
        add_items(machine, target, [key, value], Dict)


def _set_items(machine: Machine) -> None:
    values = machine.since_mark()
    _even(values)
    add_items(machine, machine.top(), values, Dict)


def _dict(machine: Machine) -> None:
    values = machine.since_mark()
    _even(values)
    made = Dict()
    add_items(machine, made, values, Dict)
    machine.stack.append(made)


def _even(values: list[object]) -> None:
    if len(values) % 2:
        raise Broken("pickle-stack", "a key has no value")


def _list(machine: Machine) -> None:
    made = List()
    add_items(machine, made, machine.since_mark(), List)
    machine.stack.append(made)


def _frozen_set(machine: Machine) -> None:
    values = machine.since_mark()
    check_keys(machine, values)
    if not NOT_KEPT.isdisjoint(map(type, values)):
        refuse_kept(machine, values)
    machine.stack.append(Frozen(values))


# Stack and memo


def _pop(machine: Machine) -> None:
    if machine.marks and machine.fence == len(machine.stack):
        machine.unmark()
    else:
        machine.pop()


def _get_line(machine: Machine) -> None:
    machine.get(_index(machine))


def _put_line(machine: Machine) -> None:
    machine.put(_index(machine))


def _index(machine: Machine) -> int:
    try:
        index = int(machine.line())
    except ValueError:
        index = -1
    if index < 0:
        raise Broken("pickle-memo", "a memo's number is none")
    return index


def _extension(width: int) -> Callable[[Machine], None]:
    def handler(machine: Machine) -> None:
        code = unsigned(machine, width)
        machine.names.imports += 1
        machine.note(
            "pickle-extension", "dangerous",
            f"extension code {code}: what is imported stands in the reader's own registry",
        )  # fmt: skip
        machine.opaque()

    return handler


def _persistent_line(machine: Machine) -> None:
    machine.line()
    machine.note("pickle-persistent-id", "not-inspectable", "a persistent id of protocol 0")
    machine.opaque()


def unknown(machine: Machine) -> None:
    """Refuse a byte that is no opcode."""
    code = machine.window[machine.opcode_at - machine.base]
    raise Broken("pickle-opcode", f"byte 0x{code:02x} is no opcode")


_HANDLERS: dict[str, Callable[[Machine], None]] = {
    "\x80": _protocol, "\x95": _frame, ".": _stop,
    "I": int_line, "L": long_line, "F": float_line,
    "J": lambda m: m.stack.append(_INT.unpack(m.take(4))[0]),
    "K": lambda m: m.stack.append(m.take(1)[0]),
    "M": lambda m: m.stack.append(unsigned(m, 2)),
    "G": lambda m: m.stack.append(_DOUBLE.unpack(m.take(8))[0]),
    "\x8a": lambda m: long_of(m, m.take(1)[0]), "\x8b": long4,
    "N": lambda m: m.stack.append(None),
    "\x88": lambda m: m.stack.append(True), "\x89": lambda m: m.stack.append(False),
    "S": string_line, "V": unicode_line, "U": short_string, "T": string,
    "\x8c": lambda m: m.text(m.take(1)[0]),
    "X": lambda m: m.text(unsigned(m, 4)), "\x8d": lambda m: m.text(unsigned(m, 8)),
    "C": lambda m: m.raw(m.take(1)[0]),
    "B": lambda m: m.raw(unsigned(m, 4)), "\x8e": lambda m: m.raw(unsigned(m, 8)),
    "\x96": byte_array, "\x97": next_buffer, "\x98": readonly_buffer,
    "]": lambda m: m.empty(List()), "}": lambda m: m.empty(Dict()),
    ")": lambda m: m.stack.append(()), "\x8f": lambda m: m.empty(Set()),
    "l": _list, "d": _dict, "t": lambda m: m.stack.append(tuple_of(m.since_mark())),
    "\x85": _tuple(1), "\x86": _tuple(2), "\x87": _tuple(3), "\x91": _frozen_set,
    "a": _append, "e": _appends, "s": _set_item, "u": _set_items, "\x90": _add_items,
    "(": Machine.mark, "0": _pop, "1": lambda m: m.stack.__delitem__(slice(m.unmark(), None)),
    "2": lambda m: m.stack.append(m.top()),
    "g": _get_line, "h": lambda m: m.get(m.take(1)[0]), "j": lambda m: m.get(unsigned(m, 4)),
    "p": _put_line, "q": lambda m: m.put(m.take(1)[0]), "r": lambda m: m.put(unsigned(m, 4)),
    "\x94": lambda m: m.put(m.memorized),
    "c": global_line, "\x93": stack_global, "i": instance, "o": object_of_class, "R": reduce,
    "\x81": new_object, "\x92": new_object_ex, "b": build_state,
    "\x82": _extension(1), "\x83": _extension(2), "\x84": _extension(4),
    "P": _persistent_line,
    "Q": lambda m: m.stack.append(persistent(m, m.pop())),
}  # fmt: skip
OPCODES: tuple[Callable[[Machine], None], ...] = tuple(
    _HANDLERS.get(chr(code), unknown) for code in range(256)
)
