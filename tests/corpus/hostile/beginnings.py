"""Class 3: pickles without a magic number, whose beginnings look like anything else."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._case import Case
from tests.corpus._ops import ECHO

CALL = b"cos\nsystem\n(V" + ECHO.encode() + b"\ntR."
WORDS = b"The quick brown fox jumps over the lazy dog; id,name,value; "


def _short() -> Iterator[tuple[str, bytes]]:
    yield "none", b"N0"
    yield "true", b"\x880"
    yield "empty_list", b"]0"
    yield "empty_dict", b"}0"
    yield "empty_tuple", b")0"
    yield "empty_set", b"\x8f0"
    yield "mark", b"(1"
    yield "integer_line", b"I1\n0"
    yield "boolean_line", b"I01\n0"
    yield "long_line", b"L1L\n0"
    yield "float_line", b"F1.5\n0"
    yield "string_line", b"S'a'\n0"
    yield "string_line_of_quotes", b'S"a"\n0'
    yield "unicode_line", b"Va\n0"
    yield "small_integer", b"K\10"
    yield "integer_of_two", b"M\1\x020"
    yield "integer_of_four", b"J\1\2\3\x040"
    yield "binary_float", b"G" + b"\0" * 8 + b"0"
    yield "long1", b"\x8a\1\x010"
    yield "long4", b"\x8b\1\0\0\0\x010"
    yield "short_string", b"U\1a0"
    yield "binary_string", b"T\1\0\0\0a0"
    yield "short_bytes", b"C\1a0"
    yield "binary_bytes", b"B\1\0\0\0a0"
    yield "binary_bytes8", b"\x8e\1\0\0\0\0\0\0\0a0"
    yield "bytearray8", b"\x96\1\0\0\0\0\0\0\0a0"
    yield "short_unicode", b"\x8c\1a0"
    yield "binary_unicode", b"X\1\0\0\0a0"
    yield "binary_unicode8", b"\x8d\1\0\0\0\0\0\0\0a0"
    yield "empty_frame", op.frame(b"")
    yield "harmless_name", b"ccollections\nOrderedDict\n0"


def _lenient() -> Iterator[tuple[str, bytes]]:
    """Lines that the C loader takes for numbers, as `strtol` and `strtod` do."""
    yield "integer_of_nul", b"I\0\n0"
    yield "integer_then_nul", b"I5\0echo inert\n0"
    yield "integer_in_hexadecimal", b"I0x1F\n0"
    yield "integer_in_octal", b"I017\n0"
    yield "integer_behind_spaces", b"I \t 7\n0"
    yield "integer_behind_a_plus", b"I+7\n0"
    yield "long_with_underscores", b"L1_000L\n0"
    yield "long_without_its_letter", b"L5\n0"
    yield "long_behind_spaces", b"L  5 L\n0"
    yield "long_in_hexadecimal", b"L0x1FL\n0"
    yield "float_then_nul", b"F1.5\0echo inert\n0"
    yield "float_of_infinity", b"Finfinity\n0"
    yield "string_of_octal_escapes", b"S'\\157\\163'\n0"
    yield "string_of_a_broken_escape", b"S'\\q'\n0"
    yield "unicode_of_surrogates", b"V\\ud800\n0"
    yield "unicode_of_latin1", b"V\xe9\xff\n0"
    yield "unicode_with_carriage_return", b"Va\r\n0"
    yield "persistent_line", b"Pa\n0"


def _long() -> Iterator[tuple[str, bytes]]:
    """Beginnings longer than what a format is recognised by."""
    text = WORDS * 100
    yield "words_as_a_line", b"V" + text + b"\n0"
    yield "words_as_an_old_string", b"S'" + text + b"'\n0"
    yield "words_by_length", b"X" + struct.pack("<I", len(text)) + text + b"0"
    yield "words_as_bytes", b"B" + struct.pack("<I", len(text)) + text + b"0"
    yield "lines_of_numbers", b"".join(b"I%d\n0" % number for number in range(900))
    yield "lines_of_fractions", b"".join(b"F%d.5\n0" % number for number in range(900))
    yield "lines_of_words", b"".join(b"V" + WORDS + b"\n0" for _ in range(60))
    yield "nothing_again_and_again", b"N0" * 3000
    yield "open_marks", b"(" * 3000 + b"1" * 3000
    yield "zero_bytes_in_bytes", b"B" + struct.pack("<I", 5000) + b"\0" * 5000 + b"0"
    yield "a_safetensors_head_in_bytes", b"C\x0a\2\0\0\0\0\0\0\0{}0"
    yield "a_list_of_a_thousand", b"(" + b"I1\n" * 1000 + b"l0"
    yield "json_as_a_line", b'V{"model": "gpt", "layers": [1, 2, 3]}\n0' * 40
    yield "script_as_a_line", b"V#!/usr/bin/env python3\n0" * 60
    yield "markup_as_a_line", b"V<?xml version='1.0'?><net name='m'/>\n0" * 40


def cases() -> Iterator[Case]:
    for label, head in (*_short(), *_lenient(), *_long()):
        why = "a pickle needs no magic number: any opcode may come first"
        yield Case(f"begins_with_{label}", head + CALL, "3", "recognition", why)
