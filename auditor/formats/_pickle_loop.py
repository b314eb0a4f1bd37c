"""Reads opcodes until a pickle ends: the commonest ones here, the others by their handlers."""

from __future__ import annotations

import struct

from auditor.formats._pickle_embedded import PREFIXES
from auditor.formats._pickle_machine import KEPT, UNSET, Machine
from auditor.formats._pickle_opcodes import OPCODES
from auditor.formats._pickle_values import NOT_KEPT, Dict, Holding

_BATCH = 256
_UNSIGNED, _DOUBLE = struct.Struct("<I"), struct.Struct(">d")
_BINGET, _BINPUT, _LONG_BINPUT, _MEMOIZE, _TUPLE = 0x68, 0x71, 0x72, 0x94, 0x74
_SHORT_TEXT, _TEXT, _BYTE, _TWO_BYTES, _MARK, _NONE = 0x8C, 0x58, 0x4B, 0x4D, 0x28, 0x4E
_PUT, _GET, _INT, _NOUGHT, _EMPTY_DICT, _EMPTY_TUPLE = 0x70, 0x67, 0x49, 0x30, 0x7D, 0x29
_TUPLE1, _TUPLE2, _TUPLE3, _LINE, _FLOAT = 0x85, 0x86, 0x87, 0x56, 0x47
_SET_ITEM, _TRUE, _FALSE, _LONG_BINGET = 0x73, 0x88, 0x89, 0x6A
_MAKING = frozenset((_TUPLE, _TUPLE1, _TUPLE2, _TUPLE3, _TEXT, _SHORT_TEXT, _LINE))
_LINES, _TRUTHS = frozenset((_PUT, _GET)), frozenset((_TRUE, _FALSE))
_PUTTING = frozenset((_BINPUT, _LONG_BINPUT, _MEMOIZE, _PUT))
# A number of protocol 0 that is looked at here has so many digits at the most.
_SHORT = 12
# A mark or an import may begin a pickle of protocol 0 in a literal.
_MAY_IMPORT = b"c("
_MAY_BEGIN = frozenset((*(prefix[0] for prefix in PREFIXES), *_MAY_IMPORT))
# The opcodes from here on are looked for first.
_LOWER_CASE = 0x61


def run(machine: Machine) -> None:
    """Read opcodes until STOP; raises `Stopped`, `Broken`, or `FormatError` (limit)."""
    if machine.plain:
        _by_handlers(machine)
    _quickly(machine)


def _by_handlers(machine: Machine) -> None:
    """Read every opcode by its handler, as a reading has to that does more than a machine."""
    budget = machine.context.budget
    while True:
        budget.step(_BATCH)
        done = 0
        try:
            for done in range(1, _BATCH + 1):  # noqa: B007 - how far it came
                machine.opcode_at = machine.position
                OPCODES[machine.take(1)[0]](machine)
        finally:
            budget.steps += _BATCH - done


def _quickly(machine: Machine) -> None:  # noqa: C901, PLR0912, PLR0915 - a call costs more
    """Read opcodes, those that make up nine tenths of any pickle without a call.

    Each does what its handler does where nothing is out of order; everything else, and an opcode
    that does not lie whole in what is read of its frame, is the handler's. To make a value and to
    remember it are two opcodes and one turn.
    """
    budget = machine.context.budget
    unsigned, double = _UNSIGNED.unpack_from, _DOUBLE.unpack_from
    table, stack, memo, marks = OPCODES, machine.stack, machine.memo, machine.marks
    while True:
        budget.step(_BATCH)
        done = 0
        try:
            window, base, fence = machine.window, machine.base, machine.fence
            end, at = machine.limit - base, machine.position - base
            while done < _BATCH:
                done += 1
                if at + 5 <= end:
                    code = window[at]
                    if code == _BINGET:
                        index = window[at + 1]
                        if index < len(memo):
                            value = memo[index]
                            if value is not UNSET:
                                stack.append(value)
                                at += 2
                                continue
                    elif code == _BYTE:
                        stack.append(window[at + 1])
                        at += 2
                        continue
                    elif code in _MAKING:
                        # What is made here is mostly remembered by the opcode behind it.
                        begin = behind = place = at
                        if code == _TUPLE:
                            if marks:
                                start = marks.pop()
                                machine.fence = fence = marks[-1] if marks else 0
                                values = stack[start:]
                                kept = NOT_KEPT.isdisjoint(map(type, values))
                                stack[start:] = (tuple(values) if kept else Holding(values),)
                                at += 1
                        elif code == _SHORT_TEXT:
                            begin = at + 2
                            behind = begin + window[at + 1]
                        elif code == _TEXT:
                            begin = at + 5
                            behind = begin + unsigned(window, at + 1)[0]
                        elif code == _LINE:
                            begin = at + 1
                            behind = window.find(b"\n", begin, end)
                        elif code == _TUPLE1:
                            if len(stack) > fence:
                                value = stack[-1]
                                kept = type(value) not in NOT_KEPT
                                stack[-1] = (value,) if kept else Holding((value,))
                                at += 1
                        else:
                            start = len(stack) - code + _TUPLE1 - 1
                            if start >= fence:
                                values = stack[start:]
                                kept = NOT_KEPT.isdisjoint(map(type, values))
                                stack[start:] = (tuple(values) if kept else Holding(values),)
                                at += 1
                        if begin < behind <= end and behind - begin <= KEPT:
                            raw = window[begin:behind]
                            if raw.isascii() and not (
                                raw[0] in _MAY_BEGIN
                                and (raw[:2] in PREFIXES or raw[:1] in _MAY_IMPORT)
                            ):
                                if code != _LINE:
                                    stack.append(raw.decode())
                                    at = behind
                                elif b"\\" not in raw:
                                    stack.append(raw.decode())
                                    at = behind + 1
                        if at == place:
                            pass  # out of order: the handler's
                        elif at + 5 <= end and window[at] in _PUTTING and done < _BATCH:
                            code = window[at]
                            done += 1
                        else:
                            continue
                    if code > _LOWER_CASE:
                        if code == _LONG_BINPUT:
                            index = unsigned(window, at + 1)[0]
                            if index == len(memo) and len(stack) > fence:
                                memo.append(stack[-1])
                                machine.memorized += 1
                                at += 5
                                continue
                        elif code == _BINPUT:
                            if window[at + 1] == len(memo) and len(stack) > fence:
                                memo.append(stack[-1])
                                machine.memorized += 1
                                at += 2
                                continue
                        elif code == _MEMOIZE:
                            if machine.memorized == len(memo) and len(stack) > fence:
                                memo.append(stack[-1])
                                machine.memorized += 1
                                at += 1
                                continue
                        elif code in _LINES:
                            behind = window.find(b"\n", at, end)
                            raw = window[at + 1 : behind]
                            if 0 <= behind < at + _SHORT and raw.isdigit():
                                index = int(raw)
                                if code == _PUT:
                                    if index == len(memo) and len(stack) > fence:
                                        memo.append(stack[-1])
                                        machine.memorized += 1
                                        at = behind + 1
                                        continue
                                elif index < len(memo):
                                    value = memo[index]
                                    if value is not UNSET:
                                        stack.append(value)
                                        at = behind + 1
                                        continue
                        elif code == _SET_ITEM:
                            if len(stack) > fence + 2:
                                target, key, value = stack[-3:]
                                if (
                                    type(target) is Dict and type(key) is str
                                    and type(value) not in NOT_KEPT
                                ):  # fmt: skip
                                    target += (key, value)
                                    del stack[-2:]
                                    at += 1
                                    continue
                        elif code in _TRUTHS:
                            stack.append(code == _TRUE)
                            at += 1
                            continue
                        elif code == _EMPTY_DICT:
                            budget.steps -= 1
                            stack.append(Dict())
                            at += 1
                            continue
                        elif code == _LONG_BINGET:
                            index = unsigned(window, at + 1)[0]
                            if index < len(memo):
                                value = memo[index]
                                if value is not UNSET:
                                    stack.append(value)
                                    at += 5
                                    continue
                    elif code == _MARK:
                        machine.fence = fence = len(stack)
                        marks.append(fence)
                        at += 1
                        continue
                    elif code == _TWO_BYTES:
                        stack.append(window[at + 1] | window[at + 2] << 8)
                        at += 3
                        continue
                    elif code == _INT:
                        behind = window.find(b"\n", at, end)
                        raw = window[at + 1 : behind]
                        # A nought in front tells truth values and octal numbers apart.
                        if 0 <= behind < at + _SHORT and raw.isdigit() and raw[0] != _NOUGHT:
                            stack.append(int(raw))
                            at = behind + 1
                            continue
                    elif code == _NONE:
                        stack.append(None)
                        at += 1
                        continue
                    elif code == _FLOAT:
                        if at + 9 <= end:
                            stack.append(double(window, at + 1)[0])
                            at += 9
                            continue
                    elif code == _EMPTY_TUPLE:
                        stack.append(())
                        at += 1
                        continue
                machine.opcode_at = position = base + at
                if at < end:
                    machine.position = position + 1
                    table[window[at]](machine)
                else:
                    machine.position = position
                    table[machine.take(1)[0]](machine)
                window, base, fence = machine.window, machine.base, machine.fence
                end, at = machine.limit - base, machine.position - base
            machine.position = base + at
        finally:
            budget.steps += _BATCH - done
