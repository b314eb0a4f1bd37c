"""Whatever opcodes a stream has, the machine answers, within its steps."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle import examine
from auditor.formats._pickle_opcodes import OPCODES, unknown
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


@settings(max_examples=EXAMPLES or 500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    examine(Memory(data), Context(budget=Budget()))
