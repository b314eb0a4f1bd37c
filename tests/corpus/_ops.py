"""Writes pickle streams opcode by opcode, so that what no pickler would write can be written."""

from __future__ import annotations

import struct

STOP = b"."
MARK = b"("
EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT, EMPTY_SET = b")", b"]", b"}", b"\x8f"
REDUCE, BUILD, OBJ, NEWOBJ, NEWOBJ_EX = b"R", b"b", b"o", b"\x81", b"\x92"
STACK_GLOBAL, MEMOIZE, POP, POP_MARK, DUP = b"\x93", b"\x94", b"0", b"1", b"2"
APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS = b"a", b"e", b"s", b"u", b"\x90"
BINPERSID, NEXT_BUFFER, READONLY_BUFFER = b"Q", b"\x97", b"\x98"
TUPLE, TUPLE1, TUPLE2, TUPLE3 = b"t", b"\x85", b"\x86", b"\x87"
ECHO = "echo inert"


class Raw(bytes):
    """Opcodes that stand where a value is wanted."""

    __slots__ = ()


def proto(number: int) -> bytes:
    return b"\x80" + bytes([number])


def frame(body: bytes, length: int | None = None) -> bytes:
    return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body


def put(index: int) -> bytes:
    return b"q" + bytes([index])


def get(index: int) -> bytes:
    return b"h" + bytes([index])


def text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(raw)]) + raw


def long_text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def blob(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def by_line(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def by_stack(module: str, name: str) -> bytes:
    return text(module) + text(name) + STACK_GLOBAL


def named(module: str, name: str, protocol: int = 2) -> bytes:
    """Return the opcodes that ask for a global, as the protocol's own pickler writes them."""
    return by_stack(module, name) if protocol >= 4 else by_line(module, name)


def value(item, protocol: int = 2) -> bytes:
    """Return the opcodes of plain data."""
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, int | float | None):
        return _number(item, protocol)
    if isinstance(item, str):
        if protocol == 0:
            return b"V" + item.encode("raw_unicode_escape") + b"\n"
        return long_text(item)
    if isinstance(item, bytes):
        return blob(item) if protocol >= 3 else b"S" + repr(item)[1:].encode() + b"\n"
    return _collection(item, protocol)


def _number(item: float | None, protocol: int) -> bytes:
    if item is None:
        return b"N"
    if isinstance(item, bool):
        return (b"\x88" if item else b"\x89") if protocol >= 2 else b"I0%d\n" % item
    if isinstance(item, float):
        return b"G" + struct.pack(">d", item) if protocol else b"F%r\n" % item
    return _integer(item, protocol)


def _integer(item: int, protocol: int) -> bytes:
    if protocol == 0:
        return b"I%d\n" % item
    if 0 <= item < 256:
        return b"K" + bytes([item])
    if -(2**31) <= item < 2**31:
        return b"J" + struct.pack("<i", item)
    if protocol < 2:
        return b"L%dL\n" % item
    raw = item.to_bytes(item.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def _collection(item, protocol: int) -> bytes:
    if isinstance(item, dict):
        pairs = (value(k, protocol) + value(v, protocol) for k, v in item.items())
        return MARK + b"".join(pairs) + b"d"
    inner = b"".join(value(one, protocol) for one in item)
    if isinstance(item, list):
        return MARK + inner + b"l"
    if protocol >= 2 and 1 <= len(item) <= 3:
        return inner + (TUPLE1, TUPLE2, TUPLE3)[len(item) - 1]
    return MARK + inner + TUPLE


def call(module: str, name: str, args: tuple = (), protocol: int = 2) -> Raw:
    """Return a call by REDUCE."""
    return Raw(named(module, name, protocol) + value(tuple(args), protocol) + REDUCE)


def again(callee: bytes, args: tuple, protocol: int = 2) -> Raw:
    """Return a call of what opcodes have left on the stack."""
    return Raw(callee + value(tuple(args), protocol) + REDUCE)


def inst(module: str, name: str, args: tuple = (), protocol: int = 0) -> Raw:
    inner = b"".join(value(one, protocol) for one in args)
    return Raw(MARK + inner + b"i" + module.encode() + b"\n" + name.encode() + b"\n")


def obj(module: str, name: str, args: tuple = (), protocol: int = 2) -> Raw:
    inner = b"".join(value(one, protocol) for one in args)
    return Raw(MARK + named(module, name, protocol) + inner + OBJ)


def newobj(module: str, name: str, args: tuple = (), protocol: int = 2) -> Raw:
    return Raw(named(module, name, protocol) + value(tuple(args), protocol) + NEWOBJ)


def newobj_ex(module: str, name: str, args: tuple = (), protocol: int = 4) -> Raw:
    return Raw(named(module, name, protocol) + value(tuple(args), protocol) + b"}" + NEWOBJ_EX)


def built(thing: bytes, state, protocol: int = 2) -> Raw:
    return Raw(thing + value(state, protocol) + BUILD)


def stream(body: bytes, protocol: int = 2, *, framed: bool | None = None) -> bytes:
    """Return a whole pickle: header, frame where the protocol has them, STOP."""
    whole = bytes(body) + STOP
    if framed if framed is not None else protocol >= 4:
        whole = frame(whole)
    return proto(protocol) + whole if protocol >= 2 else whole


def system(protocol: int = 2, command: str = ECHO) -> Raw:
    """Return the inert call that stands for an attack: a shell that prints one word."""
    return call("os", "system", (command,), protocol)


def attack(protocol: int = 2) -> bytes:
    """Return a whole pickle that makes the inert call."""
    return stream(system(protocol), protocol)
