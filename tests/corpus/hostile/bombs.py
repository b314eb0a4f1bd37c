"""Class 12: small files that ask for endless time or memory; each also makes the call, or cannot end."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import Member, archive, plain_zip
from tests.corpus._case import Case
from tests.corpus._ops import attack, call, stream

CALL = bytes(op.system())


def _doubling(times: int, opcode: bytes) -> bytes:
    """Return a structure whose text would have 2**times parts."""
    body = b")q\0"
    for slot in range(times):
        body += opcode.replace(b"?", bytes([slot])) + b"q" + bytes([slot + 1])
    return body


def _length(opcode: bytes, length: bytes) -> bytes:
    return opcode + length + b"abc"


def _bombs() -> Iterator[tuple[str, bytes, str]]:
    tuples = _doubling(100, b"h?\x86")
    yield "tuples_of_tuples", tuples + b"0" + CALL, "2**100 items if it is ever written out"
    lists = _doubling(100, b"](h?h?e")
    yield "lists_of_lists", lists + b"0" + CALL, "2**100 items if it is ever written out"
    sets = b"()q\0" + b"".join(
        b"h%c\x85q%c(h%ch%c\x91q%c" % (n, 100, n, 100, n + 1) for n in range(60)
    )
    yield "frozensets_of_frozensets", sets + b"t0" + CALL, "2**60 steps to hash it"
    keyed = _doubling(100, b"h?\x86") + b"0}h\x64Ns0"
    yield "doubled_tuple_as_a_key", keyed + CALL, "2**100 steps to hash it"
    yield "marks", b"(" * 100_000 + CALL, "100,000 marks on the stack"
    yield "marks_closed", b"(" * 100_000 + b"t" * 100_000 + b"0" + CALL, "tuples 100,000 deep"
    yield "one_tuples", b")" + b"\x85" * 100_000 + b"0" + CALL, "tuples 100,000 deep"
    yield "lists", b"]" * 50_000 + b"a" * 49_999 + b"0" + CALL, "lists 50,000 deep"
    yield (
        "dictionaries",
        b"}N" * 20_000 + b"}" + b"s" * 20_000 + b"0" + CALL,
        "dictionaries 20,000 deep",
    )
    yield "none_on_the_stack", b"N" * 200_000 + CALL, "200,000 values are left"
    yield (
        "many_strings_of_one",
        b"X\1\0\0\0aq\0" + b"h\x000" * 50_000 + CALL,
        "endless looks into the memo",
    )
    yield "many_memos", b"N\x94" * 100_000 + CALL, "a memo of 100,000 slots"
    yield (
        "memo_of_two_to_the_31",
        b"Nr\xff\xff\xff\x7f" + CALL,
        "a memo as long as its highest number",
    )
    yield (
        "memo_of_two_to_the_62",
        b"Np4611686018427387904\n" + CALL,
        "a memo as long as its highest number",
    )
    yield "bytes_of_a_number", call("builtins", "bytes", (10**10,)), "10 GB of zeros"
    yield "bytearray_of_a_number", call("builtins", "bytearray", (10**10,)), "10 GB of zeros"
    yield (
        "list_of_a_range",
        call("builtins", "list", (call("builtins", "range", (10**10,)),)),
        "10**10 numbers",
    )
    yield (
        "set_of_a_range",
        call("builtins", "set", (call("builtins", "range", (10**10,)),)),
        "10**10 numbers",
    )
    yield (
        "deque_of_a_range",
        call("collections", "deque", (call("builtins", "range", (10**10,)),)),
        "10**10 numbers",
    )
    yield "power", call("operator", "pow", (10, 10**9)), "a number of 10**9 digits"
    yield "text_times_a_number", call("operator", "mul", ("a", 10**10)), "10 GB of text"
    yield "int_of_many_digits", b"I" + b"9" * 100_000 + b"\n0" + CALL, "a number of 100,000 digits"
    yield (
        "long_of_many_digits",
        b"L" + b"9" * 100_000 + b"L\n0" + CALL,
        "a number of 100,000 digits",
    )
    yield (
        "long4_of_many_bytes",
        b"\x8b" + struct.pack("<i", 200_000) + b"\xff" * 200_000 + b"0" + CALL,
        "a number of 480,000 digits",
    )
    yield "long4_negative", b"\x8b" + struct.pack("<i", -1) + CALL, "a length below zero"
    yield "regular_expression", call("re", "compile", ("(a+)+$",)), "a pattern without end"
    for label, opcode, length in (
        ("binunicode", b"X", b"\xff\xff\xff\x7f"), ("binunicode_4g", b"X", b"\xff\xff\xff\xff"),
        ("binbytes", b"B", b"\xff\xff\xff\xff"), ("binstring", b"T", b"\xff\xff\xff\x7f"),
        ("binunicode8", b"\x8d", b"\xff" * 7 + b"\x7f"), ("binbytes8", b"\x8e", b"\xff" * 8),
        ("bytearray8", b"\x96", b"\0\0\0\0\0\1\0\0"), ("long4", b"\x8b", b"\xff\xff\xff\x7f"),
    ):  # fmt: skip
        yield f"length_of_{label}", CALL + b"0" + _length(opcode, length), "a length past the file"
    yield "line_without_end", CALL + b"0V" + b"a" * 500_000, "a line that has no end"
    yield "module_without_end", CALL + b"0c" + b"a" * 500_000, "a name that has no end"
    deep = attack()
    for _ in range(12):
        deep = stream(call("torch.storage", "_load_from_bytes", (deep,), 3), 3)
    yield "load_from_bytes_in_itself", deep[2:-1], "thirteen pickles in each other"
    yield (
        "fourteen_thousand_calls",
        CALL + (b"ccollections\nOrderedDict\n)R0" * 14_000),
        "very many calls",
    )


def _archives() -> Iterator[tuple[str, bytes, str]]:
    inner = plain_zip({"data.pkl": attack()}, 8)
    for _ in range(8):
        inner = plain_zip({"inner.zip": inner})
    yield "nine_zips_deep", inner, "archives nested deeper than a reader goes"
    zeros = archive(
        Member(b"archive/data.pkl", b"\0" * 4_000_000, method=8),
        Member(b"archive/data.pkl", attack()), Member(b"archive/version", b"3\n"),
    )  # fmt: skip
    yield "zeros_deflated", zeros, "much out of little"
    one = Member(b"a/data.pkl", attack())
    lie = Member(b"a/data.pkl", attack(), size=2**32 - 2, packed=2**32 - 2)
    yield (
        "member_of_4g",
        archive(lie, Member(b"a/version", b"3\n")),
        "a member longer than the file",
    )
    shared = [
        one,
        *(Member(b"a/data/%d" % n, b"", offset=0, size=40, packed=40) for n in range(500)),
    ]
    yield "one_body_for_500_members", archive(*shared), "members lie over each other"
    yield (
        "many_empty_members",
        archive(*(Member(b"a/data/%d" % n, b"") for n in range(3000)), one),
        "very many members",
    )


def cases() -> Iterator[Case]:
    for label, body, why in _bombs():
        yield Case(f"bomb_{label}", stream(body), "12", "expansion", why)
    for label, data, why in _archives():
        yield Case(f"bomb_{label}", data, "12", "expansion", why)
