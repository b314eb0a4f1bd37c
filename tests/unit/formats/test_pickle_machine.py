"""The pickle machine: every opcode does what CPython does, every rule refuses what it has to."""

from __future__ import annotations

import _pickle
import collections
import io
import pickle
import struct

import pytest

from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle import examine
from auditor.formats._pickle_opcodes import OPCODES, unknown
from tests import pickle_ops as p
from tests.pickle_reading import CLEAN, examined, rules

ORDERED = p.named("collections", "OrderedDict")
SYSTEM = p.lines("os", "system")
RUN = p.call(SYSTEM, p.text("echo inert"))


def test_every_opcode_of_pickletools_is_known():
    import pickletools

    known = {code for code in range(256) if OPCODES[code] is not unknown}
    assert known == {ord(opcode.code) for opcode in pickletools.opcodes}


# Streams and the value they leave, as CPython's own reader gives it.
VALUES = {
    "integers": (
        b"(I5\nI-5\nI010\nI0x10\nL7L\nL-8\n"
        + p.number(300) + p.number(-1) + p.number(1 << 70) + b"M\x01\x02" + b"t."
    ),
    "booleans-of-protocol-0": b"(I00\nI01\nt.",
    "long4": b"\x80\x02\x8b\x03\x00\x00\x00\x01\x02\x03.",
    "floats": b"(F1.5\nG" + struct.pack(">d", 2.25) + b"t.",
    "texts-of-protocol-0": b"(S'a\\n\\x41\\101'\nS\"b\"\nV\\u0041b\nt.",
    "texts-of-python-2": b"(U\x02abT\x03\x00\x00\x00abct.",
    "texts": b"\x80\x04(" + p.text("ab") + p.longer(b"c") + b"\x8d" + struct.pack("<Q", 1) + b"dt.",
    "tuples": p.whole(p.number(1), p.TUPLE1, p.number(2), p.TUPLE2, p.number(3), b"N", p.TUPLE3),
    "lists": b"(lp0\nI1\nag0\n0(I2\nI3\ne.",
    "dicts": b"(dI1\nI2\ns(I3\nI4\nu.",
    "mark-taken-away": p.whole(p.MARK, p.NONE, b"1", p.number(7)),
    "pop-of-a-mark": p.whole(p.MARK, p.POP, p.number(7)),
    "twice-and-gone": p.whole(p.number(7), p.DUP, p.POP),
    "memoize-counts-what-is-set": p.whole(
        p.number(7), p.put(5), p.POP, p.number(8), p.MEMOIZE, p.POP, p.get(5), p.get(1), p.TUPLE2
    ),
    "memo-set-anew": p.whole(p.number(7), p.put(0), p.POP, p.number(8), p.put(0), p.POP, p.get(0)),
    "long-memo": p.whole(p.number(7), b"r\x00\x01\x00\x00", p.POP, b"j\x00\x01\x00\x00"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_the_value_is_what_cpython_reads(name):
    def plain(value):
        if isinstance(value, (list, tuple)):
            return tuple(plain(item) for item in value)
        return tuple(value.items()) if isinstance(value, dict) else value

    data = VALUES[name]
    found = examined(data, joblib=False)
    assert (found.verdict, found.reasons, found.end) == ("data", (), len(data))
    assert found.value == plain(_pickle.loads(data))


@pytest.mark.parametrize("protocol", range(6))
def test_plain_python_is_data(protocol):
    import argparse
    import array
    import datetime as dt
    import decimal
    import fractions
    import pathlib
    import re
    import types
    import uuid

    values = [
        None, True, 5, -(1 << 200), 1.5, 2j, "text", "ü" * 900, b"\0" * 3000, bytearray(b"x"), (),
        (1, (2,)), [1, [2]], {"a": {"b": 1}}, {1, 2}, frozenset({3}), range(3), slice(1, 2), ...,
        type(None), object(), dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.timedelta(1), dt.date(2026, 1, 1), dt.time(3),
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]),
        collections.Counter("aab"), collections.deque([1], 3), decimal.Decimal("1.5"),
        fractions.Fraction(1, 3), uuid.UUID(int=5), pathlib.PurePosixPath("/a"),
        array.array("i", [1, 2]), re.compile("a+"), types.SimpleNamespace(a=1),
        argparse.Namespace(lr=0.1),
    ]  # fmt: skip
    for value in [*values, values]:
        data = pickle.dumps(value, protocol=protocol)
        found = examined(data)
        assert (found.verdict, found.reasons, found.end) == ("data", (), len(data)), value


class _Asked(_pickle.Unpickler):
    """Loads with stand-ins for whatever is imported, and keeps the names."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.names = set()

    def find_class(self, module, name):
        self.names.add(f"{module}.{name}")
        return dict


NAMES = {
    "protocol-0": b"c__builtin__\nset\n.",
    "python-2-module": p.whole(p.lines("UserDict", "UserDict"), version=2),
    "python-2-name": p.whole(p.lines("itertools", "izip"), version=2),
    "not-renamed-from-3-on": p.whole(p.lines("__builtin__", "set"), version=3),
    "instance": b"(icollections\nOrderedDict\n.",
    "stack": p.whole(p.named("collections", "Counter")),
    "from-the-memo": p.whole(
        p.text("os"), p.MEMOIZE, p.POP, p.text("system"), p.MEMOIZE, p.POP, p.get(0), p.get(1),
        p.STACK_GLOBAL,
    ),
    "protocol-changes-within": b"\x80\x04\x80\x02c__builtin__\neval\n.",
    "popped": p.whole(SYSTEM, p.POP, p.NONE),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_cpython_would_import_is_told(name):
    asked = _Asked(NAMES[name])
    asked.load()
    found = examined(NAMES[name])
    assert asked.names
    assert asked.names <= set(found.globals)


BROKEN = {
    "empty": (b"", "pickle-truncated"),
    "no-stop": (b"\x80\x04N", "pickle-truncated"),
    "argument-cut": (b"\x80\x04J\1", "pickle-truncated"),
    "line-without-end": (b"Vabc", "pickle-truncated"),
    "length-beyond-file": (b"\x80\x04X\xff\xff\xff\x7fa.", "pickle-truncated"),
    "length-of-2-to-the-63": (b"\x80\x04\x8e" + b"\xff" * 8 + b"a.", "pickle-truncated"),
    "no-opcode": (b"\x80\x04\xffN.", "pickle-opcode"),
    "protocol-6": (b"\x80\x06N.", "pickle-protocol"),
    "stop-on-an-empty-stack": (b"\x80\x04.", "pickle-stack"),
    "stop-within-a-mark": (p.whole(p.NONE, p.MARK), "pickle-stack"),
    "two-values-left": (p.whole(p.NONE, p.NONE), "pickle-stack"),
    "pop-of-nothing": (p.whole(p.POP, p.NONE), "pickle-stack"),
    "no-mark": (p.whole(p.NONE, p.TUPLE), "pickle-stack"),
    "tuple-over-a-mark": (p.whole(p.NONE, p.MARK, p.TUPLE1), "pickle-stack"),
    "key-without-value": (p.whole(p.EMPTY_DICT, p.MARK, p.NONE, p.SETITEMS), "pickle-stack"),
    "object-without-class": (p.whole(p.MARK, p.OBJ), "pickle-stack"),
    "get-before-put": (p.whole(p.get(0)), "pickle-memo"),
    "get-in-a-hole": (p.whole(p.NONE, p.put(5), p.POP, p.get(3)), "pickle-memo"),
    "put-of-nothing": (p.whole(p.put(0), p.NONE), "pickle-stack"),
    "put-of-a-negative": (b"Np-1\n.", "pickle-memo"),
    "put-far-beyond": (p.whole(p.NONE, b"r\xff\xff\xff\xff"), "pickle-memo"),
    "number-is-none": (b"Iabc\n.", "pickle-literal"),
    "number-ends-at-nul": (b"I5\0abc\n.", "pickle-literal"),
    "float-is-none": (b"Fabc\n.", "pickle-literal"),
    "text-not-quoted": (b"Sabc\n.", "pickle-literal"),
    "text-quoted-differently": (b"S'abc\"\n.", "pickle-literal"),
    "text-not-utf8": (b"\x80\x04\x8c\x01\xff.", "pickle-literal"),
    "escape-cut": (b"V\\u00\n.", "pickle-literal"),
    "negative-length": (b"\x80\x04T\xff\xff\xff\xff.", "pickle-literal"),
    "list-as-a-key": (p.whole(p.EMPTY_DICT, p.EMPTY_LIST, p.NONE, p.SETITEM), "pickle-key"),
    "set-of-byte-arrays": (
        p.whole(p.EMPTY_SET, p.MARK, b"\x96", bytes(8), p.ADDITEMS, version=5), "pickle-key",
    ),
    "read-only-nothing": (p.whole(p.NONE, b"\x98", version=5), "pickle-buffer"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_breaks_is_malformed(name):
    data, rule = BROKEN[name]
    found = examined(data)
    assert found.verdict == "malformed"
    assert rule in rules(found)


FRAMES = {
    "straddled-by-a-text": p.proto(4) + b"\x95" + struct.pack("<Q", 5) + p.text("abcdef") + b".",
    "straddled-by-bytes": p.proto(4) + b"\x95" + struct.pack("<Q", 4) + p.raw(b"abcd") + b".",
    "straddled-by-a-number": p.proto(4) + b"\x95" + struct.pack("<Q", 3) + p.number(1 << 20) + b".",
    "straddled-by-a-line": p.proto(4) + b"\x95" + struct.pack("<Q", 2) + b"Vabc\n.",
    "frame-within-a-frame": p.proto(4) + p.frame(p.frame(b"N") + b"."),
    "frame-longer-than-the-file": p.proto(4) + b"\x95" + struct.pack("<Q", 99) + b"N.",
    "frame-goes-on-after-stop": p.proto(4) + p.frame(b"N.NN"),
    "frame-in-protocol-2": p.proto(2) + p.frame(b"N."),
    "frame-cut": p.proto(4) + b"\x95\1\0",
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_readers_take_differently_are_malformed(name):
    found = examined(FRAMES[name])
    assert found.verdict == "malformed"
    assert rules(found) & {"pickle-frame", "pickle-truncated"}


def test_frames_as_picklers_write_them():
    data = p.proto(4) + p.frame(b"(NN") + p.raw(b"x" * 2000) + p.frame(b"t.")
    assert examined(data).verdict == "data"
    assert examined(p.proto(4) + p.frame(b"") + p.frame(b"N.")).verdict == "data"
    assert examined(p.proto(4) + p.frame(b"N") + b".").verdict == "data"


def test_what_lies_over_a_frame_is_still_judged():
    data = p.proto(4) + b"\x95" + struct.pack("<Q", 3) + RUN + b"."
    assert examined(data).verdict == "dangerous"


DANGEROUS = {
    "reduce": (p.whole(RUN), "pickle-global-dangerous"),
    "named-and-not-called": (p.whole(SYSTEM), "pickle-global-dangerous"),
    "popped": (p.whole(RUN, p.POP, p.NONE), "pickle-global-dangerous"),
    "stream-breaks-behind": (p.proto(4) + RUN + b"\xff", "pickle-global-dangerous"),
    "truncated-behind": (p.proto(4) + RUN, "pickle-global-dangerous"),
    "instance": (b"(S'echo'\nios\nsystem\n.", "pickle-global-dangerous"),
    "object": (p.whole(p.MARK, SYSTEM, p.text("x"), p.OBJ), "pickle-global-dangerous"),
    "newobj": (p.whole(p.new(p.named("subprocess", "Popen"), p.text("x"))), "pickle-global-dangerous"),
    "newobj-ex": (
        p.whole(p.named("subprocess", "Popen"), p.EMPTY_TUPLE, p.EMPTY_DICT, b"\x92"),
        "pickle-global-dangerous",
    ),
    "python-2-builtin": (p.whole(p.lines("__builtin__", "eval"), version=2), "pickle-global-dangerous"),
    "renamed-into-danger": (p.whole(p.lines("commands", "getoutput"), version=2), "pickle-global-dangerous"),
    "submodule": (p.whole(p.named("os.path", "join")), "pickle-global-dangerous"),
    "dotted-name": (p.whole(p.named("pathlib", "os.system")), "pickle-global-name"),
    "dotted-name-of-a-listed-class": (p.whole(p.named("builtins", "str.format")), "pickle-global-name"),
    "name-not-ascii": (p.whole(p.named("os", "ｓystem")), "pickle-global-name"),
    "name-with-a-return": (b"cos\r\nsystem\r\n.", "pickle-global-name"),
    "name-with-blanks": (p.whole(p.named(" os", "system ")), "pickle-global-name"),
    "empty-name": (p.whole(p.named("os", "")), "pickle-global-name"),
    "name-by-bytes": (p.whole(p.raw(b"os"), p.text("system"), p.STACK_GLOBAL), "pickle-global-name"),
    "name-by-a-call": (
        p.whole(p.text("os"), p.call(p.named("builtins", "str"), p.text("system")), p.STACK_GLOBAL),
        "pickle-global-name",
    ),
    "result-called": (p.whole(p.call(p.call(ORDERED), p.NONE)), "pickle-call-target"),
    "text-called": (p.whole(p.text("os"), p.EMPTY_TUPLE, p.REDUCE), "pickle-call-target"),
    "value-called": (p.whole(p.call(p.named("numpy", "ndarray"), p.number(3))), "pickle-call-target"),
    "function-made": (p.whole(p.new(p.named("_codecs", "encode"))), "pickle-call-target"),
    "arguments-by-a-call": (
        p.whole(ORDERED, p.call(p.named("torch", "Size"), p.EMPTY_TUPLE), p.REDUCE),
        "pickle-call-arguments",
    ),
    "state-of-a-class": (p.whole(ORDERED, p.dict_of(x=p.NONE), p.BUILD), "pickle-build-target"),
    "state-of-a-function": (
        p.whole(p.named("_codecs", "encode"), p.dict_of(x=p.NONE), p.BUILD), "pickle-build-target",
    ),
    "state-of-a-list": (p.whole(p.EMPTY_LIST, p.EMPTY_DICT, p.BUILD), "pickle-build-target"),
    "state-of-a-date": (
        p.whole(p.call(p.named("datetime", "date"), p.raw(bytes(4))), p.EMPTY_DICT, p.BUILD),
        "pickle-build-target",
    ),
    "slots-set-the-class": (
        p.whole(p.call(ORDERED), p.NONE, p.dict_of(__class__=ORDERED), p.TUPLE2, p.BUILD),
        "pickle-build-state",
    ),
    "item-of-a-class": (p.whole(ORDERED, p.text("a"), p.NONE, p.SETITEM), "pickle-item-target"),
    "item-of-a-tuple": (p.whole(p.EMPTY_TUPLE, p.NONE, p.APPEND), "pickle-item-target"),
    "items-of-a-number": (p.whole(p.number(1), p.MARK, p.NONE, p.APPENDS), "pickle-item-target"),
    "elements-of-a-list": (p.whole(p.EMPTY_LIST, p.MARK, p.NONE, p.ADDITEMS), "pickle-item-target"),
    "class-made-by-type": (
        p.whole(p.call(p.named("builtins", "type"), p.text("X"), p.EMPTY_TUPLE, p.EMPTY_DICT)),
        "pickle-call-arguments",
    ),
    "class-asked-of-an-object": (
        p.whole(p.call(p.named("builtins", "type"), p.call(ORDERED))), "pickle-call-arguments",
    ),
    "factory-is-a-function": (
        p.whole(p.call(p.named("collections", "defaultdict"), p.named("torch.storage", "_load_from_bytes"))),
        "pickle-call-arguments",
    ),
    "extension-1": (p.whole(b"\x82\x01"), "pickle-extension"),
    "extension-4": (p.whole(b"\x84\x01\0\0\0"), "pickle-extension"),
    "class-given-to-a-call": (
        p.whole(p.call(p.named("decimal", "Decimal"), p.named("builtins", "str"))),
        "pickle-call-arguments",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_would_run_or_reach_is_dangerous(name):
    data, rule = DANGEROUS[name]
    found = examined(data)
    assert found.verdict == "dangerous"
    assert rule in rules(found)
    assert all(reason.offset >= 0 for reason in found.reasons)


MALFORMED = {
    "codec-of-no-pickler": p.whole(p.call(p.named("_codecs", "encode"), p.text("x"), p.text("zip"))),
    "encode-without-a-text": p.whole(p.call(p.named("_codecs", "encode"), p.NONE, p.text("utf-8"))),
    "ten-billion-bytes": p.whole(p.call(p.named("builtins", "bytes"), p.number(10**10))),
    "ten-billion-byte-array": p.whole(p.call(p.named("builtins", "bytearray"), p.number(10**10))),
    "ordered-by-a-text": p.whole(p.call(ORDERED, p.text("ab"))),
    "ordered-by-an-object": p.whole(p.call(ORDERED, p.call(ORDERED))),
    "set-of-an-object": p.whole(p.call(p.named("builtins", "set"), p.call(ORDERED))),
    "list-put-into-pairs": p.whole(p.call(ORDERED), p.NONE, p.APPEND),
    "made-with-names": p.whole(
        p.named("types", "SimpleNamespace"), p.EMPTY_TUPLE, p.dict_of(a=p.NONE), b"\x92"
    ),
    "made-of-no-base": p.whole(
        p.call(p.named("copyreg", "_reconstructor"), ORDERED, p.named("numpy", "ndarray"), p.NONE)
    ),
    "state-of-words": p.whole(p.call(ORDERED), p.text("x"), p.BUILD),
    "pattern-of-a-list": p.whole(p.call(p.named("re", "_compile"), p.EMPTY_LIST, p.number(0))),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_calls_that_no_pickler_writes_are_malformed(name):
    found = examined(MALFORMED[name])
    assert found.verdict == "malformed"
    assert "pickle-call-arguments" in rules(found) or "pickle-item-target" in rules(found)


def test_what_is_in_no_table_is_unlisted_and_named():
    found = examined(
        p.whole(p.call(p.named("acme.models", "Net"), p.number(1)), p.EMPTY_DICT, p.BUILD)
    )
    assert (found.verdict, found.unlisted) == ("unlisted", ("acme.models.Net",))
    assert [r.global_name for r in found.reasons] == ["acme.models.Net"]
    assert found.reasons[0].offset == 2 + 2 + len("acme.models") + 2 + len("Net")


def test_the_result_of_something_unlisted_is_not_called():
    assert examined(p.whole(p.call(p.call(p.named("acme", "f"))))).verdict == "dangerous"


@pytest.mark.parametrize("case", [p.BINPERSID, b"Pabc\n", b"\x97"])
def test_what_lies_outside_the_stream_is_not_inspectable(case):
    data = p.proto(5) + (p.text("x") if case == p.BINPERSID else b"") + case + b"."
    assert examined(data).verdict == "not-inspectable"


EMBEDDED = {
    "raw": p.whole(RUN),
    "protocol-0": b"cos\nsystem\n(S'echo inert'\ntR.",
    "mark-first": b"(cos\nsystem\nS'echo inert'\no.",
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_pickle_in_a_literal_is_told(name):
    import base64
    import gzip
    import zlib

    inner = EMBEDDED[name]
    ways = [
        p.raw(inner), b"\x96" + struct.pack("<Q", len(inner)) + inner,
        p.text(base64.b64encode(inner).decode()), p.text(base64.urlsafe_b64encode(inner).decode()),
        p.text(inner.hex()), p.raw(zlib.compress(inner)), p.raw(gzip.compress(inner)),
        p.text(base64.b64encode(zlib.compress(inner)).decode()),
        p.text(base64.b64encode(base64.b64encode(inner)).decode()),
    ]  # fmt: skip
    for literal in ways:
        found = examined(p.whole(literal, version=5))
        assert (found.verdict, rules(found)) == ("unlisted", {"pickle-embedded"}), literal
        assert "os.system" in found.reasons[0].detail


def test_a_pickle_of_data_in_a_literal_is_data():
    assert examined(p.whole(p.raw(pickle.dumps(["x" * 20] * 3)))).verdict == "data"


def test_pickles_in_pickles_in_pickles_are_told():
    data = p.whole(RUN)
    for _ in range(8):
        data = p.whole(p.raw(data))
        assert examined(data).verdict == "unlisted"


# Bounds


def steps(data, most):
    budget = Budget()
    budget.steps = most
    found = examine(Memory(data), Context(budget=budget))
    return found, most - budget.steps


def test_a_pickle_costs_a_step_an_opcode():
    found, spent = steps(p.whole(p.NONE * 1000 + p.POP * 999), 10_000)
    assert found.verdict == "data"
    assert spent == 2001


BOMBS = {
    "opcodes": p.proto(4) + b"N0" * 50_000 + b"N.",
    "nested-tuples": p.proto(4) + b")" + p.TUPLE1 * 100_000 + b".",
    "nested-lists": p.proto(4) + b"]" * 50_000 + b"a" * 49_999 + b".",
    "marks": p.proto(4) + b"(" * 100_000 + b"t" * 100_000 + b".",
    "memo-doubling": p.proto(4) + b"N" + b"".join(b"2\x86" for _ in range(5000)) + b".",
    "copies-of-a-list": p.whole(
        p.EMPTY_LIST, p.MARK, p.NONE * 50_000, p.APPENDS, p.put(0),
        *[p.POP + p.named("builtins", "set") + p.get(0) + p.TUPLE1 + p.REDUCE] * 2000,
    ),
    "argument-walked-again": p.whole(
        p.EMPTY_LIST, p.MARK, p.NONE * 50_000, p.APPENDS, p.put(0),
        *[p.POP + p.named("decimal", "Decimal") + p.get(0) + p.TUPLE1 + p.REDUCE] * 2000,
    ),
    "memo-with-holes": p.whole(
        *[p.NONE + b"r" + struct.pack("<I", 1000 * n) + p.POP for n in range(10_000)], p.NONE
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_within_their_steps(name):
    found, spent = steps(BOMBS[name], 60_000)
    assert spent <= 60_000 + 50_256
    assert found.verdict in ("data", "not-inspectable", "malformed")
    assert (
        "limit-steps" in rules(found)
        or found.end == len(BOMBS[name])
        or found.verdict == "malformed"
    )


def test_large_literals_are_not_read():
    class Counting(Memory):
        read = 0

        def at(self, offset, length):
            self.read += length
            return super().at(offset, length)

    view = Counting(p.whole(p.raw(b"\xff" * 5_000_000), p.POP, p.longer(b"a" * 3_000_000)))
    assert examine(view, Context(budget=Budget())).verdict == "data"
    assert view.read < 300_000


def test_reasons_and_names_are_bounded():
    data = p.whole(*[p.named("acme", f"n{n}") + p.POP for n in range(5000)], p.NONE)
    found = examined(data)
    assert found.verdict == "unlisted"
    assert len(found.reasons) <= 200
    assert len(found.globals) <= 1000


def test_hostile_names_cannot_reach_a_terminal():
    found = examined(p.whole(p.named("os\x1b[31m", "sys\u202etem")))
    assert all(reason.global_name.isprintable() for reason in found.reasons)
    assert found.verdict not in CLEAN


NUMBERS = [
    b"1", b"010", b"-010", b"0", b"00", b"01", b"001", b" 5", b"5 ", b"010 ", b"1_0", b"0x1f", b"0b1", b"0o7",
    b"\xa05", b"\x1c5", b"5\x1f", b"+1", b"08", b"5L", b"9" * 5000, b"0" * 30, b"1.", b".5", b"1e5", b"nan",
    b"-inf", b"Infinity", b"1e999", b"-", b"nan(1)", b"0x1p3", b"bi", b"",
]  # fmt: skip


@pytest.mark.parametrize("opcode", [b"I", b"L", b"F"])
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_in_words_are_those_that_cpython_takes(opcode, number):
    data = opcode + number + b"\n."
    try:
        value = _pickle.loads(data)
    except (ValueError, OverflowError, pickle.UnpicklingError, EOFError):
        assert examined(data).verdict == "malformed"
    else:
        found = examined(data, joblib=False)
        assert found.verdict == "data"
        assert found.value == value or value != value  # noqa: PLR0124 - not a number
