"""Makes pickle streams to compare readers with: changed ones, and programs that mostly load.

Everything follows from one number, so that what failed can be made again.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests.corpus import hostile_cases
from tests.corpus._ops import by_line, frame, proto

_LARGEST = 6000
_NAMES = (
    ("collections", "OrderedDict"), ("builtins", "set"), ("os", "system"), ("__builtin__", "eval"),
    ("torch._utils", "_rebuild_tensor_v2"), ("numpy", "ndarray"), ("datetime", "date"),
    ("decimal", "Decimal"), ("copyreg", "_reconstructor"), ("builtins", "object"), ("pathlib", "os.system"),
    ("_codecs", "encode"), ("builtins", "bytearray"), ("collections", "deque"), ("uuid", "UUID"),
)  # fmt: skip
_HARMLESS = (
    ("collections", "OrderedDict"), ("builtins", "set"), ("builtins", "frozenset"),
    ("__builtin__", "set"), ("builtins", "complex"), ("collections", "deque"),
)  # fmt: skip


def bare_pickles() -> list[bytes]:
    """Return the cases of the corpus that are pickles themselves, and small."""
    outer = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x89HDF", b"\x93NUM", b"7z", b"Rar", b"./")
    whole = (case.data for case in hostile_cases())
    return [data for data in whole if len(data) < _LARGEST and not data.startswith(outer)]


def changed(number: int, sources: list[bytes]) -> bytes:
    """Return one of the streams with a few changes: bytes, stretches, or another's stretch."""
    dice = random.Random(number)
    raw = bytearray(dice.choice(sources))
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        _CHANGES[dice.randrange(len(_CHANGES))](dice, raw, sources)
    return bytes(raw)


def _place(dice: random.Random, raw: bytearray) -> tuple[int, int]:
    begin = dice.randrange(len(raw) + 1)
    return begin, min(len(raw), begin + dice.choice((1, 1, 2, 3, 5, 9, 20)))


def _bit(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    if raw:
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def _byte(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    if raw:
        raw[dice.randrange(len(raw))] = (
            dice.choice(b"\0\1\x7f\x80\xff\n.") if dice.random() < 0.4 else dice.randrange(256)
        )


def _opcode(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    if raw:
        raw[dice.randrange(len(raw))] = dice.choice(_OPCODES)


def _inserted(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    begin = dice.randrange(len(raw) + 1)
    raw[begin:begin] = bytes(dice.choice(_OPCODES) for _ in range(dice.choice((1, 1, 1, 2, 3))))


def _removed(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    begin, end = _place(dice, raw)
    del raw[begin:end]


def _repeated(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    begin, end = _place(dice, raw)
    raw[begin:begin] = raw[begin:end] * dice.choice((1, 1, 2, 7))


def _spliced(dice: random.Random, raw: bytearray, sources: list[bytes]) -> None:
    other = dice.choice(sources)
    begin = dice.randrange(len(other) + 1)
    at = dice.randrange(len(raw) + 1)
    raw[at:at] = other[begin : begin + dice.randrange(60)]


def _cut(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    del raw[dice.randrange(len(raw) + 1) :]


def _framed(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    """Lay a frame over a stretch, whether it fits to the opcodes or not."""
    begin = min(len(raw), dice.choice((0, 2, dice.randrange(len(raw) + 1))))
    length = dice.choice((dice.randrange(len(raw) - begin + 1), len(raw) - begin, 0, len(raw)))
    raw[begin:begin] = frame(b"", length)


def _number(dice: random.Random, raw: bytearray, _: list[bytes]) -> None:
    if len(raw) > 4:
        begin = dice.randrange(len(raw) - 4)
        raw[begin : begin + 4] = struct.pack(
            "<i", dice.choice((0, 1, 4, 255, 2**31 - 1, -1, -(2**31)))
        )


_OPCODES = b"()]}.012NRabcdegjhpqrstuloiKMJIFGLSTUVXBCPQ\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98"
_CHANGES: tuple[Callable[[random.Random, bytearray, list[bytes]], None], ...] = (
    _bit, _byte, _byte, _opcode, _opcode, _inserted, _inserted, _removed, _repeated, _spliced, _cut,
    _framed, _number,
)  # fmt: skip


class _Program:
    """Writes opcodes while it keeps in mind what the stack holds, so that most of them work."""

    def __init__(self, number: int, *, harmless: bool) -> None:
        self.dice = random.Random(number)
        self.names = _HARMLESS if harmless else _NAMES
        self.wild = 0.0 if harmless else 0.04
        self.parts: list[bytes] = []
        self.stack: list[str] = []
        self.memo: dict[int, str] = {}

    def write(self, steps: int) -> bytes:
        for _ in range(steps):
            moves = [move for move in self.moves() if move]
            self.dice.choice(moves)()
        while "mark" in self.stack:
            self.close(b"t", "tuple")
        if len(self.stack) != 1 and self.dice.random() > self.wild:
            while len(self.stack) > 1:
                self.op(b"0", 1)
            if not self.stack:
                self.op(b"N", 0, "none")
        self.parts.append(b".")
        return self.framed()

    def moves(self) -> list:
        top = self.stack[-1] if self.stack else ""
        below = self.stack[-2] if len(self.stack) > 1 else ""
        marked = "mark" in self.stack
        real = top and top != "mark"
        pair = real and below and below != "mark"
        wild = self.dice.random() < self.wild
        return [
            self.constant, self.constant, self.name, lambda: self.op(b"(", 0, "mark"),
            real and self.keep, bool(self.memo) and self.fetch,
            real and (lambda: self.op(b"2", 0, top)),
            (real or wild) and (lambda: self.op(b"0", 1)),
            marked and (lambda: self.close(b"t", "tuple")), marked and (lambda: self.close(b"l", "list")),
            marked and self.close_around, real and (lambda: self.op(b"\x85", 1, "tuple")),
            pair and (lambda: self.op(b"\x86", 2, "tuple")),
            ((pair and top == "text" and below == "text") or wild) and (lambda: self.op(b"\x93", 2, "class")),
            ((pair and top == "tuple" and below in ("class", "object")) or wild) and (lambda: self.op(b"R", 2, "object")),
            ((pair and top == "tuple" and below == "class") or wild) and (lambda: self.op(b"\x81", 2, "object")),
            ((pair and below == "object") or wild) and (lambda: self.op(b"b", 2, below or "none")),
            ((pair and below in ("list", "object")) or wild) and (lambda: self.op(b"a", 2, below or "none")),
            wild and (lambda: self.parts.append(bytes([self.dice.choice(_OPCODES)]))),
        ]  # fmt: skip

    def op(self, code: bytes, takes: int, gives: str = "") -> None:
        self.parts.append(code)
        del self.stack[max(0, len(self.stack) - takes) :]
        if gives:
            self.stack.append(gives)

    def close(self, code: bytes, gives: str) -> None:
        at = len(self.stack) - 1 - self.stack[::-1].index("mark")
        self.op(code, len(self.stack) - at, gives)

    def close_around(self) -> None:
        """Close the last mark by what the collection beneath it can take."""
        at = len(self.stack) - 1 - self.stack[::-1].index("mark")
        inside, beneath = len(self.stack) - at - 1, self.stack[at - 1] if at else ""
        if beneath == "list":
            self.op(b"e", inside + 1)
        elif beneath == "set":
            self.op(b"\x90", inside + 1)
        elif inside and self.stack[at + 1] == "class":
            self.op(b"o", inside + 1, "object")
        elif inside % 2 == 0 and beneath == "dict":
            self.op(b"u", inside + 1)
        else:
            self.op(self.dice.choice((b"1", b"\x91", b"d")), inside + 1)
            if self.parts[-1] != b"1":
                self.stack.append("object")

    def constant(self) -> None:
        text = self.dice.choice(self.dice.choice(self.names))
        raw = text.encode()
        code, kind = self.dice.choice((
            (b"N", "none"), (b"\x88", "none"), (b"K\7", "none"), (b"I5\n", "none"), (b"L77L\n", "none"),
            (b"F1.5\n", "none"), (b"G?\xf0\0\0\0\0\0\0", "none"), (b"M\1\2", "none"), (b"\x8a\2\1\2", "none"),
            (b"V" + raw + b"\n", "text"), (b"S'" + raw + b"'\n", "text"), (b"\x8c" + bytes([len(raw)]) + raw, "text"),
            (b"X" + struct.pack("<I", len(raw)) + raw, "text"), (b"U" + bytes([len(raw)]) + raw, "text"),
            (b"\x8d" + struct.pack("<Q", len(raw)) + raw, "text"), (b"C\3abc", "bytes"), (b"]", "list"), (b"}", "dict"),
            (b"\x8f", "set"), (b")", "tuple"), (b"B\2\0\0\0ab", "bytes"), (b"\x96\1\0\0\0\0\0\0\0a", "bytes"),
        ))  # fmt: skip
        self.op(code, 0, kind)

    def name(self) -> None:
        module, name = self.dice.choice(self.names)
        self.op(by_line(module, name), 0, "class")

    def keep(self) -> None:
        slot = self.dice.choice((0, 1, 2, 3, 4, 200, len(self.memo)))
        ways = {
            "memoize": (b"\x94", len(self.memo)), "binput": (b"q%c" % slot, slot),
            "put": (b"p%d\n" % slot, slot), "long": (b"r" + struct.pack("<I", slot), slot),
        }  # fmt: skip
        code, used = self.dice.choice(list(ways.values()))
        self.op(code, 0)
        self.memo[used] = self.stack[-1]

    def fetch(self) -> None:
        slot = self.dice.choice(list(self.memo))
        code = self.dice.choice(
            (b"h%c" % (slot % 256), b"g%d\n" % slot, b"j" + struct.pack("<I", slot))
        )
        self.op(code, 0, self.memo[slot])

    def framed(self) -> bytes:
        """Return the stream, its opcodes in frames that sometimes do not fit."""
        version = self.dice.choice((0, 2, 3, 4, 4, 4, 5))
        head = proto(version) if version else b""
        if version < 4 and self.dice.random() > self.wild:
            return head + b"".join(self.parts)
        out, at = head, 0
        while at < len(self.parts):
            size = self.dice.randrange(1, 12)
            body = b"".join(self.parts[at : at + size])
            shift = self.dice.choice((-1, 1, 3, 40)) if self.dice.random() < self.wild else 0
            wanted = self.dice.random() < 0.7
            out += frame(body, max(0, len(body) + shift)) if wanted else body
            at += size
        return out


def program(number: int, *, harmless: bool) -> bytes:
    """Return a stream of up to sixty opcodes; a harmless one names only classes of plain data."""
    writer = _Program(number, harmless=harmless)
    return writer.write(writer.dice.randrange(2, 60))
