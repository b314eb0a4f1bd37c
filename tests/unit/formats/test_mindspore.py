"""MindSpore: checkpoints that are no pickles, graphs with their operators."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import ExternalData, FormatError, Memory, mindspore
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import field, message

SAMPLE = model_samples.sample("mindspore")


def tensor(shape=(2, 3), kind="Float32", size=24):
    return message(*((1, n) for n in shape), (2, kind), (3, b"\0" * size))


def checkpoint(*tensors):
    return message(*((1, message((1, "t"), (2, one))) for one in tensors))


def graph(*nodes, parameters=(), extra=()):
    body = message(
        *((1, one) for one in nodes), (2, "net"), *((3, one) for one in parameters), *extra
    )
    return message((1, "0.1.0"), (2, "MindSpore"), (3, "2.3.0"), (7, body))


def test_a_checkpoint_is_data_whatever_its_name():
    found = inspect(mindspore, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "weights", ())
    header = found.header
    assert (header.parameters, header.precision, header.tensors) == (6, "F32", 1)


def test_a_checkpoint_with_its_checksum():
    data = SAMPLE + b"crc_num" + (1234).to_bytes(10, "big")
    assert formats.inspect(Memory(data)).verdict == "data"


def test_a_tensor_in_parts():
    data = checkpoint(tensor(size=8), tensor(size=16), tensor((), "Int64", 8))
    header = inspect(mindspore, data).header
    assert (header.parameters, header.precision) == (7, "F32+I64")


def test_what_a_graph_says():
    weight = message((1, 4), (1, 2), (2, 10), (7, "w"))
    found = inspect(mindspore, graph(message((4, "MatMul")), parameters=[weight]))
    assert (found.verdict, found.role, found.header.name) == ("data", "graph", "net")
    assert (found.header.parameters, found.header.producer) == (8, "MindSpore 2.3.0")


def test_parameters_in_a_file_beside_the_graph():
    def weight(location):
        place = message((1, location), (2, 64), (3, 16))
        return graph(message((4, "MatMul")), parameters=[message((1, 8), (2, 10), (12, place))])

    found = inspect(mindspore, weight("net_variables/data_0"))
    assert found.external == (ExternalData(location="net_variables/data_0", needed=80),)
    assert ("mindspore-external-escapes", "dangerous") in told(weight("../../x"))


INNER = message((1, "body"), (7, message((1, message((4, "PyExecute"))))))
LISTED = message((1, "list"), (17, INNER))
OPERATORS = {
    "python": (message((4, "PyExecute")), "mindspore-python-operator", "dangerous"),
    "python-with-a-place": (
        message((4, "REF::MetaFuncGraph::PyInterpret")), "mindspore-python-operator", "dangerous",
    ),
    "in-a-subgraph": (message((4, "If"), (5, INNER)), "mindspore-python-operator", "dangerous"),
    "in-a-list": (message((4, "If"), (5, LISTED)), "mindspore-python-operator", "dangerous"),
    "library": (message((4, "Custom")), "mindspore-custom-operator", "unlisted"),
}  # fmt: skip


@pytest.mark.parametrize("node, rule, verdict", OPERATORS.values(), ids=OPERATORS)
def test_operators_outside_of_the_graph(node, rule, verdict):
    assert told(graph(node)) == {(rule, verdict)}


def test_primitives_and_what_is_not_read():
    data = graph(message((4, "REF::Prim_1")))
    named = data + field(12, message((1, "Prim_1"), (2, "PyExecute")))
    assert told(named) == {("mindspore-python-operator", "dangerous")}
    assert told(data + field(50, b"x")) == {("mindspore-unread-field", "unlisted")}
    assert told(data + field(9, b"x")) == {("mindspore-unread-field", "unlisted")}


MALFORMED = {
    "cut-off": SAMPLE[:-2],
    "another-field": SAMPLE + field(2, b"x"),
    "more-bytes-than-the-shape": checkpoint(tensor(size=400)),
    "negative": checkpoint(tensor((-2, 3))),
    "huge": checkpoint(tensor((1 << 40, 1 << 40))),
    "checksum-cut-off": SAMPLE + b"crc_num123",
    "graph-is-a-number": graph(message((4, "MatMul"))) + field(7, 5),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(mindspore, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_what_is_not_known_is_not_inspectable():
    later = SAMPLE + checkpoint(tensor(kind="Float3"))
    assert formats.inspect(Memory(later)).verdict == "not-inspectable"
    mapped = SAMPLE + message((1, message((1, "t"), (3, b"x"))))
    assert formats.inspect(Memory(mapped)).verdict == "not-inspectable"


OTHERS = {
    "empty": b"",
    "frozen-graph": model_samples.sample("tensorflow_graph"),
    "paddle": model_samples.sample("paddle"),
    "graph-of-another": message((1, "0.1.0"), (2, "else"), (7, b"")),
    "strings": message((1, "a"), (1, "b")),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_something_else(data):
    assert not mindspore.recognises(data[:1024], Memory(data))
