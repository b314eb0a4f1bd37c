"""Reads opcodes until a pickle ends: the commonest ones here, the others by their handlers."""

from __future__ import annotations

import struct

from auditor.formats._pickle_embedded import PREFIXES
from auditor.formats._pickle_machine import KEPT, UNSET, Machine
from auditor.formats._pickle_opcodes import OPCODES
from auditor.formats._pickle_values import NOT_KEPT, Dict, Holding, Unkept

_BATCH = 256
_TURNS = range(1, _BATCH + 1)
_UNSIGNED, _DOUBLE = struct.Struct("<I"), struct.Struct(">d")
_BINGET, _BINPUT, _LONG_BINPUT, _MEMOIZE, _TUPLE = 0x68, 0x71, 0x72, 0x94, 0x74
_SHORT_TEXT, _TEXT, _BYTE, _TWO_BYTES, _MARK, _NONE = 0x8C, 0x58, 0x4B, 0x4D, 0x28, 0x4E
_PUT, _GET, _INT, _EMPTY_DICT, _EMPTY_TUPLE = 0x70, 0x67, 0x49, 0x7D, 0x29
_TUPLE1, _TUPLE2, _TUPLE3, _LINE, _FLOAT = 0x85, 0x86, 0x87, 0x56, 0x47
_SET_ITEM, _TRUE, _FALSE, _LONG_BINGET = 0x73, 0x88, 0x89, 0x6A
# A number of protocol 0 that is looked at here has so many digits at the most.
_SHORT = 12
# A mark or an import may begin a pickle of protocol 0 in a literal.
_MAY_IMPORT = b"c("


def _are(codes: bytes) -> tuple[bool, ...]:
    """Return for every byte whether it is one of these: a tuple is asked faster than a set."""
    return tuple(code in codes for code in range(256))


_MAKING = _are(bytes((_TUPLE, _TUPLE1, _TUPLE2, _TUPLE3, _TEXT, _SHORT_TEXT, _LINE)))
_TRUTHS = (_TRUE, _FALSE)
_PUTTING = _are(bytes((_BINPUT, _LONG_BINPUT, _MEMOIZE, _PUT)))
_MAY_BEGIN = _are(bytes(prefix[0] for prefix in PREFIXES) + _MAY_IMPORT)
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
    remember it are two opcodes and one turn. A list of the bytes is asked faster than the bytes,
    and a piece of a text needs no decoding.
    """
    budget = machine.context.budget
    unsigned, double = _UNSIGNED.unpack_from, _DOUBLE.unpack_from
    table, making, putting, may_begin = OPCODES, _MAKING, _PUTTING, _MAY_BEGIN
    stack, memo, marks = machine.stack, machine.memo, machine.marks
    # What is local is loaded faster, two at a time.
    unset, unkept, holding, kept, before_tuples = UNSET, Unkept, Holding, KEPT, _TUPLE1 - 1
    binget, byte, unicode, marked, short = _BINGET, _BYTE, _TEXT, _TUPLE, _SHORT_TEXT
    line, lower, binput, long_binput, memoize = _LINE, _LOWER_CASE, _BINPUT, _LONG_BINPUT, _MEMOIZE
    put, get, set_item, empty_dict = _PUT, _GET, _SET_ITEM, _EMPTY_DICT
    long_binget, mark, two_bytes, decimal = _LONG_BINGET, _MARK, _TWO_BYTES, _INT
    none, empty_tuple, float8 = _NONE, _EMPTY_TUPLE, _FLOAT
    window, codes, letters = b"", list(b""), ""
    while True:
        budget.step(_BATCH)
        done = 0
        turns = iter(_TURNS)
        try:
            base, fence, holes = machine.base, machine.fence, machine.holes
            if window is not machine.window:
                window = machine.window
                codes, letters = list(window), window.decode("latin-1")
            end, at = machine.limit - base, machine.position - base
            last = end - 5
            for done in turns:
                if at <= last:
                    code = codes[at]
                    if code == binget:
                        try:
                            value = memo[codes[at + 1]]
                        except IndexError:
                            value = unset
                        if value is not unset:
                            stack.append(value)
                            at += 2
                            continue
                    elif code == byte:
                        stack.append(codes[at + 1])
                        at += 2
                        continue
                    elif making[code]:
                        # What is made here is mostly remembered by the opcode behind it.
                        begin = behind = place = at
                        start = -1
                        if code == unicode:
                            begin = at + 5
                            behind = begin + unsigned(window, at + 1)[0]
                        elif code == marked:
                            if marks:
                                start = marks.pop()
                                machine.fence = fence = marks[-1] if marks else 0
                        elif code == short:
                            begin = at + 2
                            behind = begin + codes[at + 1]
                        elif code == line:
                            begin = at + 1
                            behind = letters.find("\n", begin, end)
                        else:
                            start = len(stack) - code + before_tuples
                            if start < fence:
                                start = -1
                        if start >= 0:
                            values = stack[start:]
                            for value in values:
                                kind = type(value)
                                if kind is unkept or kind is holding:
                                    stack[start:] = (holding(values),)
                                    break
                            else:
                                stack[start:] = (tuple(values),)
                            at += 1
                        elif begin < behind <= end and behind - begin <= kept:
                            text = letters[begin:behind]
                            if text.isascii() and not (
                                may_begin[codes[begin]]
                                and (
                                    window[begin : begin + 2] in PREFIXES
                                    or window[begin : begin + 1] in _MAY_IMPORT
                                )
                            ):
                                if code != line:
                                    stack.append(text)
                                    at = behind
                                elif "\\" not in text:
                                    stack.append(text)
                                    at = behind + 1
                        if at == place:
                            pass  # out of order: the handler's
                        elif at <= last and putting[codes[at]] and (more := next(turns, 0)):
                            code = codes[at]
                            done = more  # noqa: PLW2901 - of the same turns
                        else:
                            continue
                    if code > lower:
                        if code == binput:
                            if codes[at + 1] == len(memo) and len(stack) > fence:
                                memo.append(stack[-1])
                                at += 2
                                continue
                        elif code == long_binput:
                            if unsigned(window, at + 1)[0] == len(memo) and len(stack) > fence:
                                memo.append(stack[-1])
                                at += 5
                                continue
                        elif code == memoize:
                            if not holes and len(stack) > fence:
                                memo.append(stack[-1])
                                at += 1
                                continue
                        elif code == put:
                            behind = letters.find("\n", at, end)
                            digits = letters[at + 1 : behind]
                            if (
                                0 <= behind < at + _SHORT and digits.isdecimal()
                                and int(digits) == len(memo) and len(stack) > fence
                            ):  # fmt: skip
                                memo.append(stack[-1])
                                at = behind + 1
                                continue
                        elif code == get:
                            behind = letters.find("\n", at, end)
                            digits = letters[at + 1 : behind]
                            if 0 <= behind < at + _SHORT and digits.isdecimal():
                                index = int(digits)
                                if index < len(memo):
                                    value = memo[index]
                                    if value is not unset:
                                        stack.append(value)
                                        at = behind + 1
                                        continue
                        elif code == set_item:
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
                        elif code == empty_dict:
                            budget.steps -= 1
                            stack.append(Dict())
                            at += 1
                            continue
                        elif code == long_binget:
                            index = unsigned(window, at + 1)[0]
                            if index < len(memo):
                                value = memo[index]
                                if value is not unset:
                                    stack.append(value)
                                    at += 5
                                    continue
                    elif code == mark:
                        machine.fence = fence = len(stack)
                        marks.append(fence)
                        at += 1
                        continue
                    elif code == two_bytes:
                        stack.append(codes[at + 1] | codes[at + 2] << 8)
                        at += 3
                        continue
                    elif code == decimal:
                        behind = letters.find("\n", at, end)
                        digits = letters[at + 1 : behind]
                        # A nought in front tells truth values and octal numbers apart.
                        if 0 <= behind < at + _SHORT and digits.isdecimal() and digits[0] != "0":
                            stack.append(int(digits))
                            at = behind + 1
                            continue
                    elif code == none:
                        stack.append(None)
                        at += 1
                        continue
                    elif code == empty_tuple:
                        stack.append(())
                        at += 1
                        continue
                    elif code == float8 and at + 9 <= end:
                        stack.append(double(window, at + 1)[0])
                        at += 9
                        continue
                machine.opcode_at = position = base + at
                if at < end:
                    machine.position = position + 1
                    table[codes[at]](machine)
                else:
                    machine.position = position
                    table[machine.take(1)[0]](machine)
                base, fence, holes = machine.base, machine.fence, machine.holes
                if window is not machine.window:
                    window = machine.window
                    codes, letters = list(window), window.decode("latin-1")
                end, at = machine.limit - base, machine.position - base
                last = end - 5
            machine.position = base + at
        finally:
            budget.steps += _BATCH - done
