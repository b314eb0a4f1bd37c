"""Core ML models: layers of the loading program, weights in the package, what is refused."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import ExternalData, FormatError, Memory, coreml
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import field, message

SAMPLE = model_samples.sample("coreml")


def model(number, part):
    return message((1, 6), (2, message((100, message((1, "m"))))), (number, part))


def entry(value):
    return message((1, "key"), (2, value))


def tensor_type(kind, *shape):
    dimensions = [(3, message((1, message((1, n))))) for n in shape]
    return message((1, message((1, kind), (2, len(shape)), *dimensions)))


def program(location, kind=10, shape=(4, 8), offset=64, depth=0):
    blob = message((1, location), (2, offset))
    value = message((2, tensor_type(kind, *shape)), (5, blob))
    operation = message((1, "const"), (5, entry(value)))
    block = message((3, operation))
    for _ in range(depth):
        block = message((3, message((1, "cond"), (4, block))))
    return message((1, 1), (2, entry(message((2, "CoreML7"), (3, entry(block))))))


def test_what_a_model_says():
    found = inspect(coreml, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.architecture, header.name, header.license) == ("neural network", "tiny", "MIT")
    assert header.producer == "Core ML 4"


@pytest.mark.parametrize("depth", [0, 2])
def test_the_weights_of_a_program_lie_in_its_package(depth):
    found = inspect(coreml, model(502, program("@model_path/weights/weight.bin", depth=depth)))
    assert found.external == (ExternalData(location="weights/weight.bin", needed=192),)
    assert (found.header.parameters, found.header.precision) == (32, "F16")
    assert found.verdict == "data"


@pytest.mark.parametrize(
    "location", ["@model_path/../../x", "/etc/passwd", "@model_path//etc/passwd"]
)
def test_weights_outside_of_the_package(location):
    assert ("coreml-external-escapes", "dangerous") in told(model(502, program(location)))


CUSTOM = message((1, "c"), (500, message((10, "MyLayer"))))
NETWORK = message((1, CUSTOM))
BRANCH = message((1, message((1, "b"), (605, message((1, message()), (2, NETWORK))))))
LOOP = message((1, message((1, "l"), (615, message((4, NETWORK))))))
PARTS = {
    "layer": (500, NETWORK, "coreml-custom-layer", "unlisted"),
    "layer-of-a-classifier": (403, NETWORK, "coreml-custom-layer", "unlisted"),
    "layer-in-a-branch": (500, BRANCH, "coreml-custom-layer", "unlisted"),
    "layer-in-a-loop": (500, LOOP, "coreml-custom-layer", "unlisted"),
    "model": (555, message((10, "MyModel")), "coreml-custom-model", "unlisted"),
    "linked": (556, message((1, b"")), "coreml-linked-model", "not-inspectable"),
    "serialized": (3000, message((1, "x")), "coreml-serialized-model", "not-inspectable"),
}


@pytest.mark.parametrize("number, part, rule, verdict", PARTS.values(), ids=PARTS)
def test_what_the_loader_has_to_add(number, part, rule, verdict):
    assert told(model(number, part)) == {(rule, verdict)}
    pipeline = message((1, model(302, b"\x08\x01")), (1, model(number, part)))
    assert told(model(202, pipeline)) == {(rule, verdict)}
    assert told(model(200, message((1, pipeline)))) == {(rule, verdict)}


def test_types_and_fields_that_are_not_known():
    assert told(SAMPLE + field(7777, b"x")) == {("coreml-unknown-field", "unlisted")}
    assert told(SAMPLE + field(77, b"x")) == {("coreml-unknown-field", "unlisted")}


MALFORMED = {
    "cut-off": SAMPLE[:-2],
    "zip-behind": SAMPLE + b"PK\x03\x04" + b"\0" * 30,
    "class-not-utf8": model(555, message((10, b"\xff\xfe"))),
    "file-without-a-name": model(502, program("@model_path/")),
    "huge-tensor": model(502, program("w", shape=(1 << 40, 1 << 40))),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(coreml, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


OTHERS = {
    "onnx": model_samples.sample("onnx"),
    "saved-model": model_samples.sample("saved_model"),
    "without-a-description": message((1, 4), (500, b"")),
    "version-500": message((1, 500), (2, b""), (500, b"")),
    "empty": b"",
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_something_else(data):
    assert not coreml.recognises(data[:1024], Memory(data))
