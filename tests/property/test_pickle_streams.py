"""Whatever opcodes a stream has, the machine answers, within its steps."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.formats import Budget, Context, FormatError, Memory
from auditor.formats._pickle import examine
from auditor.formats._pickle_loop import run
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_opcodes import OPCODES, Stopped, unknown
from auditor.formats._pickle_reader import Broken
from tests import pickle_ops as p

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CODES = [bytes((code,)) for code in range(256) if OPCODES[code] is not unknown]
NAMES = st.sampled_from([
    ("collections", "OrderedDict"), ("numpy", "dtype"), ("numpy", "ndarray"), ("os", "system"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("torch", "Size"), ("torch", "FloatStorage"), ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter_with_state"), ("torch.storage", "_load_from_bytes"),
    ("torch._tensor", "_rebuild_from_type_v2"), ("copyreg", "_reconstructor"), ("builtins", "set"),
    ("builtins", "bytes"), ("_codecs", "encode"), ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("collections", "defaultdict"), ("re", "_compile"), ("acme", "Net"), ("a.b", "c.d"), ("", "x"),
])  # fmt: skip
PARTS = st.one_of(
    st.sampled_from(CODES),
    st.sampled_from([p.EMPTY_TUPLE, p.EMPTY_LIST, p.EMPTY_DICT, p.EMPTY_SET, p.NONE, p.MARK]),
    st.sampled_from([p.REDUCE, p.BUILD, p.NEWOBJ, p.TUPLE1, p.TUPLE2, p.TUPLE3, p.TUPLE]),
    st.sampled_from([p.MEMOIZE, p.get(0), p.get(1), p.SETITEM, p.APPEND, p.BINPERSID]),
    NAMES.map(lambda name: p.named(*name)),
    st.sampled_from(["f4", "O8", "storage", "latin1", "state", "shape", "dtype"]).map(p.text),
    st.integers(-3, 1 << 40).map(p.number),
    st.binary(max_size=12).map(p.raw),
    st.sampled_from(["", "a", "gAB", "cos", "\u00e9", "x" * 255]).map(
        lambda t: p.longer(t.encode())
    ),
    st.tuples(
        st.sampled_from(b"pgI"), st.sampled_from(["0", "1", "01", "7", "-1", "", "9" * 20])
    ).map(lambda line: b"%c%s\n" % (line[0], line[1].encode())),
    st.sampled_from([p.put(0), p.put(1), b"r\0\0\0\0", b"r\1\0\0\0", b"M\1\2", p.frame(b"K\1")]),
    st.binary(max_size=4),
)


@settings(max_examples=EXAMPLES or 1500, deadline=None)
@given(parts=st.lists(PARTS, max_size=40), torch=st.booleans(), start=st.integers(0, 2))
def test_any_opcodes(parts, torch, start):
    data = b"\x80\x04" + b"".join(parts) + b"."
    budget = Budget()
    budget.steps = 50_000
    found = examine(Memory(data), Context(budget=budget), start=start, torch=torch)
    assert (found.verdict == "data") <= (found.end >= 0)
    assert all(0 <= reason.offset <= len(data) for reason in found.reasons if not reason.member)
    assert found.end == -1 or start < found.end <= len(data)


@settings(max_examples=EXAMPLES or 1500, deadline=None)
@given(parts=st.lists(PARTS, max_size=60), torch=st.booleans())
def test_what_is_read_without_handlers_is_what_they_read(parts, torch):
    data = b"\x80\x04" + b"".join(parts) + b"."
    found = []
    for plain in (False, True):
        budget = Budget()
        budget.steps = 50_000
        context = Context(budget=budget)
        machine = Machine(Memory(data), context, start=0, torch=torch, joblib=True)
        machine.plain = plain
        end = ""
        try:
            run(machine)
        except (Stopped, Broken, FormatError) as error:
            end = f"{type(error).__name__} {error}"
        shape = [type(value).__name__ for value in machine.stack]
        found.append((
            end, machine.position, machine.opcode_at, machine.verdict, machine.reasons, shape,
            len(machine.memo), machine.memorized, machine.marks, machine.fence,
            machine.names.asked, machine.calls, machine.elements,
        ))  # fmt: skip
    assert found[0] == found[1]


@settings(max_examples=EXAMPLES or 500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    examine(Memory(data), Context(budget=Budget()))
