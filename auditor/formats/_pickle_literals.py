"""Reads the literals of a pickle: numbers, texts and bytes as each protocol writes them."""

from __future__ import annotations

import math
import re
import struct

from auditor.formats._pickle_machine import KEPT, VALIDATED, Machine
from auditor.formats._pickle_reader import Broken
from auditor.formats._pickle_values import OPAQUE, Changeable, Line, Quoted, Raw

_INT = struct.Struct("<i")
_LARGEST_LONG = 1 << 20
_OCTAL = re.compile(rb"\s*([+-]?0[0-7]{0,20})")
_FLOAT = re.compile(rb"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)", re.IGNORECASE)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.|\n)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f",
            b"v": b"\v", b"\\": b"\\", b"'": b"'", b'"': b'"', b"\n": b""}  # fmt: skip
_QUOTES = (b"'", b'"')
_FEW_DIGITS = 1000
_PER_STEP = 9  # undoing 512 bytes of escapes costs a step


def unsigned(machine: Machine, width: int) -> int:
    """Return the next unsigned number of `width` bytes."""
    return int.from_bytes(machine.take(width), "little")


def int_line(machine: Machine) -> None:
    """INT: a number, or a truth value, in words."""
    raw = _up_to_nul(machine)
    if raw in (b"00", b"01"):
        machine.stack.append(raw == b"01")
    else:
        machine.stack.append(_integer(machine, raw, octal=True))


def long_line(machine: Machine) -> None:
    """LONG: a number in words."""
    machine.stack.append(_integer(machine, _up_to_nul(machine).removesuffix(b"L")))


def _up_to_nul(machine: Machine) -> bytes:
    """Return a line's number: the reader in C ends it at a NUL, the one in Python refuses it."""
    raw, nul, _ = machine.line().partition(b"\0")
    if nul:
        machine.note("pickle-literal", "malformed", "a number goes on behind a NUL")
    return raw


def _integer(machine: Machine, raw: bytes, *, octal: bool = False) -> int:
    """Return a number; what is none is malformed, and zero so that what follows is seen."""
    try:
        return int(raw, 0)
    except ValueError:
        # strtol(3) takes 010 for eight.
        match = _OCTAL.fullmatch(raw) if octal else None
        if match:
            return int(match[1], 8)
    machine.note("pickle-literal", "malformed", "a number is none")
    # Python 2 takes 08 for eight.
    _tell_refused(machine, raw, int)
    return 0


def _tell_refused(machine: Machine, raw: bytes, read: type[int | float]) -> None:
    """Keep whether no reader at all goes on behind a number, whichever Python it is of.

    How many digits a number may have is another matter.
    """
    if len(raw) > _FEW_DIGITS:
        return
    try:
        read(raw)
    except ValueError:
        machine.refused = machine.refused or not machine.names.imports


def long_of(machine: Machine, length: int) -> None:
    """LONG1 and LONG4: a number of `length` bytes, little end first."""
    if length > _LARGEST_LONG:
        machine.note("pickle-literal", "not-inspectable", f"a number of {length} bytes")
        machine.skip(length)
        machine.opaque()
        return
    machine.stack.append(int.from_bytes(machine.take(length), "little", signed=True))


def long4(machine: Machine) -> None:
    """LONG4: a long number."""
    long_of(machine, _signed(machine, "a number"))


def _signed(machine: Machine, what: str) -> int:
    length: int = _INT.unpack(machine.take(4))[0]
    if length < 0:
        raise Broken("pickle-literal", f"{what} of a negative length")
    return length


def float_line(machine: Machine) -> None:
    """FLOAT: a number in words, which may not be too large for a double."""
    raw = _up_to_nul(machine)
    known = _FLOAT.fullmatch(raw) is not None
    value = float(raw) if known else 0.0
    if not known or (math.isinf(value) and b"i" not in raw.lower()):
        machine.note("pickle-literal", "malformed", "a number is none")
        _tell_refused(machine, raw, float)
        value = 0.0
    machine.stack.append(value)


def string_line(machine: Machine) -> None:
    """Put a text of Python 2 that stands in quotes (STRING); a long one by its place."""
    count = machine.line_length()
    raw = machine.take(count + 1)[:-1] if count <= KEPT else _ends(machine, count)
    if len(raw) < 2 or raw[:1] != raw[-1:] or raw[:1] not in _QUOTES:  # noqa: PLR2004 - quotes
        raise Broken("pickle-literal", "a text of protocol 0 is not quoted")
    if count > KEPT:
        start, raw = machine.position - count, _beginning(machine, count)
        whole = unescaped(raw[1:-1]) if count <= VALIDATED else b""
        machine.embedded_if_prefixed(whole or raw[1:])
        machine.stack.append(Quoted(start, count - 2, len(whole) if whole else -1))
        return
    raw = unescaped(raw[1:-1])
    machine.embedded_if_prefixed(raw)
    machine.stack.append(raw.decode("latin-1"))


def _ends(machine: Machine, count: int) -> bytes:
    """Go over a long line and return its first and last byte."""
    start = machine.skip(count + 1)
    return machine.view.at(start, 1) + machine.view.at(start + count - 1, 1)


def _beginning(machine: Machine, count: int) -> bytes:
    """Return what is looked at of a long line that was gone over: all of it, up to 1 MiB."""
    count, start = min(count, VALIDATED), machine.position - count - 1
    machine.charge(count >> _PER_STEP)
    return machine.view.at(start, count)


def unescaped(raw: bytes) -> bytes:
    """Return a text of Python 2 without its escapes; raises `Broken` for an escape that is none."""
    return _ESCAPE.sub(_unescaped, raw) if b"\\" in raw else raw


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code[:1] == b"x" and len(code) == 3:  # noqa: PLR2004 - \xhh
        return bytes((int(code[1:], 16),))
    if code[:1].isdigit() and code[:1] < b"8":
        return bytes((int(code, 8) & 0xFF,))
    if code == b"x":
        raise Broken("pickle-literal", "an escape in a text is none")
    return b"\\" + code


def unicode_line(machine: Machine) -> None:
    """UNICODE: a text with escapes up to the end of the line; a long one by its place."""
    count = machine.line_length()
    if count <= KEPT:
        raw = machine.take(count + 1)[:-1]
        text = with_escapes(raw)
        machine.embedded_if_prefixed(_written(text) if b"\\" in raw else raw)
        machine.stack.append(text)
        return
    start = machine.skip(count + 1)
    raw = _beginning(machine, count)
    text = with_escapes(raw) if count <= VALIDATED else ""
    machine.embedded_if_prefixed(_written(text) if text and b"\\" in raw else raw)
    machine.stack.append(Line(start, count, len(text) if count <= VALIDATED else -1))


def _written(text: str) -> bytes:
    """Return a text's bytes as who loads them would write them: a newline stood as an escape."""
    return text.encode("latin-1", "replace")


def with_escapes(raw: bytes) -> str:
    """Return a text of protocol 0; raises `Broken` for an escape that is none."""
    try:
        return raw.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        raise Broken("pickle-literal", "an escape in a text is none") from None


def short_string(machine: Machine) -> None:
    """SHORT_BINSTRING: a short text of Python 2."""
    raw = machine.take(machine.take(1)[0])
    machine.embedded_if_prefixed(raw)
    machine.stack.append(raw.decode("latin-1"))


def string(machine: Machine) -> None:
    """BINSTRING: a text of Python 2."""
    count = _signed(machine, "a text")
    if count > KEPT:
        machine.raw(count)
        return
    raw = machine.take(count)
    machine.embedded_if_prefixed(raw)
    machine.stack.append(raw.decode("latin-1"))


def byte_array(machine: Machine) -> None:
    """BYTEARRAY8: bytes that can be changed."""
    machine.raw(unsigned(machine, 8))
    literal = machine.stack[-1]
    if isinstance(literal, Raw):
        machine.stack[-1] = Changeable(literal.offset, literal.length)


def next_buffer(machine: Machine) -> None:
    """NEXT_BUFFER: bytes that are handed over beside the stream."""
    machine.note("pickle-buffer", "not-inspectable", "a buffer lies outside the stream")
    machine.opaque()


def readonly_buffer(machine: Machine) -> None:
    """READONLY_BUFFER: those bytes, unchangeable."""
    if machine.pop() is not OPAQUE:
        machine.note("pickle-buffer", "malformed", "something that is no buffer is made read-only")
    machine.opaque()
