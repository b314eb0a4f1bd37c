"""ONNX models: what they say, what lies outside them, and what is refused."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory, onnx
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import field, message, varint

SAMPLE = model_samples.sample("onnx")


def entry(key, value):
    return message((1, key), (2, value))


def tensor(*extra, dims=(2,), kind=1):
    return message(*((1, n) for n in dims), (2, kind), (8, "w"), *extra)


def node(op, *extra, domain=None):
    return message((4, op), *([(7, domain)] if domain is not None else []), *extra)


def graph(*parts):
    return message((2, "g"), *parts)


def model(*parts, version=8):
    return message((1, version), (7, graph(*parts)), (8, entry("", 1)[:0] + message((2, 17))))


def external(location, **more):
    entries = [(13, entry("location", location))]
    entries += [(13, entry(key, value)) for key, value in more.items()]
    return tensor(*entries, (14, 1))


def test_what_a_model_says():
    found = inspect(onnx, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.tensors) == (4, "F32", 1)
    assert (header.name, header.producer, header.license) == ("tiny", "own 1.0", "MIT")


def test_packed_dimensions_count_as_unpacked_ones():
    packed = message((1, varint(3) + varint(4)), (2, 16))
    found = inspect(onnx, model((5, packed)))
    assert (found.header.parameters, found.header.precision) == (12, "BF16")


def test_sparse_weights_count_the_stored_numbers():
    sparse = message((1, tensor(dims=(5,))), (2, tensor(dims=(5,), kind=7)), (3, 100))
    assert inspect(onnx, model((15, sparse))).header.parameters == 5


def test_a_file_beside_the_model_is_named_with_the_bytes_that_are_needed():
    first = external("w.bin", offset="4096", length="8")
    found = inspect(onnx, model((5, first), (5, external("w.bin")), (5, external("sub/x.bin"))))
    assert [(e.location, e.needed) for e in found.external] == [("sub/x.bin", 8), ("w.bin", 4104)]
    assert found.verdict == "data"


ESCAPES = {
    "absolute": "/etc/passwd",
    "climbs": "../../../etc/passwd",
    "climbs-within": "a/../../b",
    "drive": "C:w.bin",
    "backslash": "..\\..\\w.bin",
    "share": "\\\\host\\share\\w.bin",
    "home": "~/w.bin",
    "nul": "w.bin\0.txt",
    "address": "file://host/w.bin",
    "line-end": "w.bin\nx",
    "loader-memory": "*/_ORT_MEM_ADDR_/*",
    "climbs-by-percent": "%2e%2e/w.bin",
    "climbs-by-percent-within": "a/..%2F..%2fw.bin",
    "climbs-by-letters-of-full-width": "\uff0e\uff0e/w.bin",
    "written-backwards": "w\u202enib.tp",
}


@pytest.mark.parametrize("location", ESCAPES.values(), ids=ESCAPES)
def test_a_tensor_outside_the_folder_is_dangerous(location):
    assert ("onnx-external-escapes", "dangerous") in told(model((5, external(location))))


def test_external_data_counts_whatever_data_location_says():
    # Two messages of one attribute are merged by protobuf: the place may stand in the other.
    hidden = tensor((13, entry("location", "/etc/passwd")), (14, 0))
    attribute = message((1, "value"), (5, hidden), (20, 4))
    data = model((1, node("Constant", (5, attribute))))
    assert ("onnx-external-escapes", "dangerous") in told(data)


SUBGRAPH = message((1, "body"), (6, graph((1, node("PyOp", domain="x")))), (20, 5))
CODE = {
    "pyop": (node("PyOp", domain="com.microsoft"), "onnx-python-operator", "dangerous"),
    "pyop-in-the-default-domain": (node("PyOp"), "onnx-python-operator", "dangerous"),
    "extensions-python": (
        node("PyCustomOpDef_1", domain="ai.onnx.contrib"), "onnx-python-operator", "dangerous",
    ),
    "in-a-subgraph": (node("If", (5, SUBGRAPH)), "onnx-python-operator", "dangerous"),
    "extensions": (
        node("BertTokenizer", domain="ai.onnx.contrib"), "onnx-custom-operator", "unlisted",
    ),
    "plug-in-in-the-default-domain": (
        node("EfficientNMS_TRT"), "onnx-custom-operator", "unlisted",
    ),
    "plug-in-named-as-an-overload": (
        node("Add", (8, "mine"), domain="local"), "onnx-custom-operator", "unlisted",
    ),
    "custom": (node("Fast", domain="com.example"), "onnx-custom-operator", "unlisted"),
    "custom-where-onnxruntime-has-its-own": (
        node("Fast", domain="com.microsoft"), "onnx-custom-operator", "unlisted",
    ),
    "custom-where-onnxruntime-keeps-a-layout": (
        node("Gelu", domain="com.microsoft.nchwc"), "onnx-custom-operator", "unlisted",
    ),
    "custom-where-onnxruntime-has-none": (
        node("Gelu", domain="com.microsoft.experimental"), "onnx-custom-operator", "unlisted",
    ),
    "between-machines": (node("Send", domain="com.microsoft"), "onnx-custom-operator", "unlisted"),
    "aten": (node("ATen", domain="org.pytorch.aten"), "onnx-custom-operator", "unlisted"),
    "compiled": (
        node("EPContext", domain="com.microsoft"), "onnx-compiled-operator", "not-inspectable",
    ),
}  # fmt: skip


@pytest.mark.parametrize("op, rule, verdict", CODE.values(), ids=CODE)
def test_code_outside_the_graph(op, rule, verdict):
    data = model((1, op))
    assert (rule, verdict) in told(data)
    found = formats.inspect(Memory(data))
    assert found.verdict == verdict
    assert found.header.custom_operators


def test_a_compiled_context_may_name_a_file():
    attribute = message((1, "ep_cache_context"), (4, "../x.bin"))
    op = node("EPContext", (5, attribute), domain="com.microsoft")
    assert ("onnx-external-escapes", "dangerous") in told(model((1, op)))


def test_operators_of_the_runtime_and_of_own_functions_are_known():
    function = message((1, "Own"), (10, "local"), (7, node("Add")))
    data = model((1, node("Own", domain="local")), (1, node("FusedMatMul", domain="com.microsoft")))
    assert formats.inspect(Memory(data + field(25, function))).verdict == "data"
    # A function that has the name of nothing else hides what is in it as little.
    bad = message((1, "Own"), (10, "local"), (7, node("PyOp", domain="com.microsoft")))
    assert formats.inspect(Memory(data + field(25, bad))).verdict == "dangerous"


def test_an_own_function_is_the_operator_of_its_overload_alone():
    function = field(25, message((1, "F"), (10, "local"), (13, "a"), (7, node("Add"))))
    same = model((1, node("F", (8, "a"), domain="local")))
    assert formats.inspect(Memory(same + function)).verdict == "data"
    other = model((1, node("F", domain="local")))
    assert told(other + function) == {("onnx-custom-operator", "unlisted")}


def test_an_own_function_does_not_stand_for_compiled_code():
    function = field(25, message((1, "EPContext"), (10, "com.microsoft"), (7, node("Add"))))
    data = model((1, node("EPContext", domain="com.microsoft")))
    assert told(data + function) == {("onnx-compiled-operator", "not-inspectable")}


@pytest.mark.parametrize("places", [("../x", "w.bin"), ("w.bin", "../x")])
def test_a_place_that_stands_there_twice_means_two_things(places):
    data = tensor(*((13, entry("location", place)) for place in places), (14, 1))
    assert formats.inspect(Memory(model((5, data)))).verdict == "malformed"


def test_training_graphs_are_walked():
    data = SAMPLE + field(20, message((2, graph((1, node("PyOp"))))))
    assert formats.inspect(Memory(data)).verdict == "dangerous"


UNLISTED = {
    "field-of-the-model": SAMPLE + field(99, b"x"),
    "field-of-the-graph": model((1, node("Add")), (77, b"x")),
    "field-of-a-node": model((1, node("Add", (77, b"x")))),
    "second-version-that-is-none": SAMPLE + field(1, 500),
}


@pytest.mark.parametrize("data", UNLISTED.values(), ids=UNLISTED)
def test_what_is_not_in_the_specification_is_no_data(data):
    assert formats.inspect(Memory(data)).verdict == "unlisted"


MALFORMED = {
    "version-not-first": field(2, "x") + SAMPLE,
    "pickle-as-the-documentation": b"(]" + field(6, "cos\nsystem\n(S'id'\ntR.") + SAMPLE,
    "cut-off": SAMPLE[:-3],
    "zip-behind": SAMPLE + b"PK\x03\x04" + b"\0" * 30,
    "graph-twice-as-a-number": SAMPLE + field(7, 5),
    "weights-shorter-than-their-shape": model((5, tensor((9, b"\0" * 4)))),
    "weights-longer-than-their-shape": model((5, tensor((9, b"\0" * 400)))),
    "negative-dimension": model((5, tensor(dims=(-1,)))),
    "huge-shape": model((5, tensor(dims=(1 << 40, 1 << 40)))),
    "rank-of-millions": model((5, field(1, b"\1" * 9_000_000))),
    "rank-100": model((5, tensor(dims=(1,) * 100))),
    "file-without-a-name": model((5, external(""))),
    "external-without-a-file": model((5, tensor((14, 1)))),
    "offset-not-a-number": model((5, external("w", offset="-5"))),
    "offset-of-digits-of-another-script": model((5, external("w", offset="\u0665"))),
    "offset-huge": model((5, external("w", offset="9" * 30))),
    "name-not-utf8": model((1, message((4, b"\xff\xfe")))),
    "group": SAMPLE + varint(7 << 3 | 3),
    "field-zero": SAMPLE + field(0, 1),
    "tag-too-long": SAMPLE + b"\xff" * 6 + b"\x01",
    "number-too-long": SAMPLE + b"\x28" + b"\xff" * 11,
    "length-beyond-the-file": SAMPLE + b"\x3a\xff\xff\xff\xff\x0f",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(onnx, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_subgraphs_without_end_are_a_limit():
    op = node("Add")
    for _ in range(40):
        op = node("If", (5, message((1, "b"), (6, graph((1, op))))))
    with pytest.raises(FormatError) as error:
        inspect(onnx, model((1, op)))
    assert error.value.rule == "limit-depth"


def test_operators_without_end_are_a_limit():
    data = model(*((1, node(f"O{n}", domain="x")) for n in range(10_001)))
    with pytest.raises(FormatError) as error:
        inspect(onnx, data)
    assert error.value.rule == "limit-operators"


def test_fields_without_end_are_a_limit():
    budget = Budget()
    budget.steps = 1000
    with pytest.raises(FormatError) as error:
        onnx.inspect(Memory(model(*[(1, node("Add"))] * 1000)), Context(budget=budget))
    assert error.value.rule == "limit-steps"


NOT_ONNX = {
    "empty": b"",
    "text": b"Rank: 5\nrows: 7\n" * 20,
    "version-alone": field(1, 8),
    "version-and-text": message((1, 8), (2, "x")),
    "graph-of-nothing": message((1, 8), (7, b"")),
    "graph-is-text": message((1, 8), (7, "some text in here")),
    "saved-model": message((1, 1), (2, message((2, message((1, message((2, "Const")))))))),
    "zeros": b"\0" * 100,
}


@pytest.mark.parametrize("data", NOT_ONNX.values(), ids=NOT_ONNX)
def test_something_else(data):
    assert not onnx.recognises(data[:1024], Memory(data))


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("com.microsoft", "Attention"), ("com.microsoft", "MatMulNBits"),
        ("com.microsoft", "ReluGrad"), ("com.microsoft", "AdamWOptimizer"),
        ("com.microsoft.nchwc", "ReorderInput"), ("com.ms.internal.nhwc", "MaxPool"),
    ],
)  # fmt: skip
def test_onnxruntime_s_own_operators_are_no_library_outside(domain, name):
    assert told(model((1, node(name, domain=domain)))) == set()
