"""Class 9: frames, which the C loader, the Python loader and `pickletools` take differently."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._case import Case
from tests.corpus._ops import ECHO, STOP, frame, proto

CALL = bytes(op.system(4))
HEAD = proto(4)


def _straddling() -> Iterator[tuple[str, bytes, int]]:
    """An opcode of each kind, and how many of its bytes lie inside the frame."""
    filler = b"i" * 40
    yield "binbytes", b"B" + struct.pack("<I", 40) + filler, 20
    yield "short_binbytes", b"C\x28" + filler, 20
    yield "binbytes8", b"\x8e" + struct.pack("<Q", 40) + filler, 30
    yield "bytearray8", b"\x96" + struct.pack("<Q", 40) + filler, 30
    yield "binint", b"J\1\2\3\4", 3
    yield "binint1", b"K\1", 1
    yield "binint2", b"M\1\2", 2
    yield "long1", b"\x8a\x04\1\2\3\4", 4
    yield "binfloat", b"G" + b"\0" * 8, 4
    yield "short_binunicode", b"\x8c\x28" + filler, 20
    yield "binunicode", b"X" + struct.pack("<I", 40) + filler, 20
    yield "binunicode8", b"\x8d" + struct.pack("<Q", 40) + filler, 20
    yield "unicode_line", b"V" + filler + b"\n", 20
    yield "int_line", b"I12345678\n", 4
    yield "string_line", b"S'" + filler + b"'\n", 20
    yield "global_line", op.by_line("collections", "OrderedDict"), 8
    yield "global_second_line", op.by_line("collections", "OrderedDict"), 16
    yield "inst_line", b"(icollections\nOrderedDict\n", 8
    yield "put_line", b"Np100\n", 4
    yield "long_binput", b"Nr\1\0\0\0", 4
    yield "length_of_binbytes", b"B" + struct.pack("<I", 4) + b"iiii", 3
    yield "frame_opcode", frame(b"N0"), 5


def divergences() -> Iterator[tuple[str, bytes]]:
    """Streams that are data to who reads on, and a call to who fills a new buffer.

    The frame ends inside an opcode. `loads` and `pickletools` take its rest from behind the frame;
    the C loader, reading a file, drops what is left of the frame and takes the whole of it again.
    """
    for label, head in (("short_binunicode", b"\x8c\x3c"), ("binunicode", b"X\x3c\0\0\0")):
        rest = b"i" * 4
        behind = b"i" * 56 + b"0N.."
        yield label, HEAD + frame(head + rest) + behind + b"0" + CALL + STOP
    yield "binint", HEAD + frame(b"J\1\2") + b"\3\4" + b"N." + b"0" + CALL + STOP
    yield "binfloat", HEAD + frame(b"G\0\0") + b"\0" * 6 + b"N." + b"0" + CALL + STOP
    name = frame(b"ctorch.n") + b"os\nsystem\n" + op.value((ECHO,)) + op.REDUCE + STOP
    yield "global_line", HEAD + name


def _lengths() -> Iterator[tuple[str, bytes]]:
    body = CALL + STOP
    yield "zero_length", HEAD + frame(b"") + body
    yield "hundred_zero_lengths", HEAD + frame(b"") * 100 + body
    yield "longer_than_the_file", HEAD + frame(body, len(body) + 100)
    yield "shorter_than_the_pickle", HEAD + frame(body, len(body) - 3)
    yield "one_byte_short", HEAD + frame(body, len(body) - 1)
    yield "one_byte", HEAD + frame(body, 1)
    yield "two_to_the_63", HEAD + frame(body, 2**63)
    yield "two_to_the_64_less_one", HEAD + frame(body, 2**64 - 1)
    yield "length_cut_off", HEAD + CALL + b"\x95\x10\0"
    yield "no_frame_in_protocol_4", HEAD + body
    yield "frame_in_protocol_0", frame(body)
    yield "frame_in_protocol_2", proto(2) + frame(body)
    yield "frame_in_protocol_3", proto(3) + frame(body)
    yield "nested", HEAD + frame(b"N0" + frame(body))
    yield "nested_longer_than_its_own", HEAD + frame(b"N0" + frame(body), 14)
    yield "overlapping", HEAD + frame(b"N0" + frame(body, len(body)), len(body) + 4)
    yield "call_behind_the_frame", HEAD + frame(b"N0") + body
    yield "call_between_frames", HEAD + frame(b"N0") + CALL + frame(b"0N.")
    yield "frame_before_the_header", frame(HEAD + body)
    yield "frame_holds_a_header", HEAD + frame(HEAD + body)
    yield "stop_inside_a_call_behind", HEAD + frame(b"N.") + body
    yield "stop_before_the_frame_ends", HEAD + frame(b"N." + body)
    yield "frame_after_the_call", HEAD + CALL + frame(STOP)
    yield "padding_behind_stop_in_frame", HEAD + frame(body + b"\0" * 50)


def cases() -> Iterator[Case]:
    for label, opcode, cut in _straddling():
        inside, behind = opcode[:cut], opcode[cut:]
        data = HEAD + frame(b"N0" + inside) + behind + b"0" + CALL + STOP
        why = "an opcode lies half in a frame and half behind it"
        yield Case(f"frame_straddled_by_{label}", data, "9", "cpython issue 154848", why)
    for label, data in divergences():
        why = "the frame's end divides two readings: one is data, the other a call"
        yield Case(f"frame_divergence_of_{label}", data, "9", "cpython issue 154848", why)
    for label, data in _lengths():
        why = "a frame whose length or place is not what a pickler writes"
        yield Case(f"frame_{label}", data, "9", "fickling test_frame_boundary", why)
