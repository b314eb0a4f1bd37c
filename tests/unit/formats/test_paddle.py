"""PaddlePaddle: programs in both notations, parameters, and what is refused."""

from __future__ import annotations

import json
import struct

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, paddle
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import field, message

SAMPLE = model_samples.sample("paddle")


def program(*ops):
    return message((1, message((1, 0), (2, -1), *((4, message((3, op))) for op in ops))))


def tensor(shape, kind=5, data=None, levels=0):
    desc = message((1, kind), *((2, n) for n in shape))
    count = 1
    for n in shape:
        count *= n
    raw = b"\0" * 4 * count if data is None else data
    return struct.pack("<IQ", 0, levels) + struct.pack("<II", 0, len(desc)) + desc + raw


def pir(*ops):
    dtensor = {"#": "0.t_dtensor", "D": [{"#": "0.t_f32"}, [8, 4], "NCHW", [], 0]}
    body = [{"#": "p", "A": [0, 1, 1, "w"], "O": {"%": 1, "TT": dtensor}}]
    body += [{"#": op, "A": [], "I": [{"%": 1}], "O": [{"%": 2}]} for op in ops]
    blocks = {"#": "region_0", "blocks": [{"#": "block_0", "args": [], "ops": body}]}
    document = {"base_code": {"magic": "pir", "version": 4}, "program": {"regions": [blocks]}}
    return json.dumps(document, separators=(",", ":")).encode()


def test_what_a_program_says():
    found = inspect(paddle, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.producer) == (
        32,
        "F32",
        "PaddlePaddle 3.3.1",
    )


def test_parameters_are_counted_to_the_last_byte():
    data = tensor((8, 4)) + tensor((4,)) + tensor((2,), kind=22, data=b"\0" * 4)
    found = formats.inspect(Memory(data))
    assert (found.model_format, found.role, found.verdict) == ("paddle", "weights", "data")
    assert (found.header.parameters, found.header.tensors) == (38, 3)
    assert found.header.precision == "F32+BF16"


def test_a_program_in_json():
    found = formats.inspect(Memory(pir("1.matmul", "1.relu_")))
    assert (found.model_format, found.role, found.verdict) == ("paddle", "graph", "data")
    assert (found.header.parameters, found.header.producer) == (32, "PaddlePaddle PIR 4")


OPERATORS = {
    "python": ("py_func", "paddle-operator", "dangerous"),
    "writes": ("save_combine", "paddle-operator", "dangerous"),
    "reads": ("load", "paddle-operator", "dangerous"),
    "network": ("listen_and_serv", "paddle-operator", "dangerous"),
    "engine": ("tensorrt_engine", "paddle-opaque-operator", "not-inspectable"),
}


@pytest.mark.parametrize("op, rule, verdict", OPERATORS.values(), ids=OPERATORS)
def test_operators_that_reach_out(op, rule, verdict):
    assert told(program("relu", op)) == {(rule, verdict)}
    assert told(pir("1.relu", f"1.{op}")) == {(rule, verdict)}


def test_operators_of_a_library():
    expected = {("paddle-custom-operator", "unlisted")}
    assert told(program("relu", "my_fast_op")) == expected
    assert told(pir("3.my_fast_op")) == expected
    assert told(pir("my_fast_op")) == expected


def test_in_the_second_block_too():
    data = program("relu") + program("py_func")
    assert told(data) == {("paddle-operator", "dangerous")}


def test_what_is_not_in_the_specification_is_no_data():
    assert told(SAMPLE + field(77, b"x")) == {("paddle-unknown-field", "unlisted")}


MALFORMED = {
    "cut-off": SAMPLE[:-2],
    "name-not-utf8": program(b"\xff\xfe"),
    "block-is-a-number": SAMPLE + field(1, 5),
    "parameters-cut-off": tensor((8, 4))[:-1],
    "parameters-and-more": tensor((8, 4)) + b"more than this",
    "parameters-negative": tensor((8,)) + tensor((0, -4), data=b""),
    "parameters-huge": tensor((1,)) + tensor((0,), data=b"")[:20] + message((1, 5), (2, 1 << 62)),
    "json-cut-off": pir("1.relu")[:-1],
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(paddle, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_number_types_that_are_not_known():
    assert formats.inspect(Memory(tensor((2,), kind=99))).verdict == "not-inspectable"


OTHERS = {
    "empty": b"",
    "zeros": b"\0" * 100,
    "json": b'{"base_code": 1}',
    "first-block-is-not-0": message((1, message((1, 7), (2, -1)))),
    "frozen-graph": model_samples.sample("tensorflow_graph"),
    "text": b"\nabc" * 30,
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_something_else(data):
    assert not paddle.recognises(data[:1024], Memory(data))
