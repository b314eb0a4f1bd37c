"""OpenVINO networks: layers, weights beside them, and XML that is refused."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import ExternalData, FormatError, Memory, openvino
from tests import model_samples
from tests.formats_reading import inspect

SAMPLE = model_samples.sample("openvino")


def test_what_a_network_says():
    found = inspect(openvino, SAMPLE)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.tensors, header.name) == (
        8,
        "F16",
        1,
        "tiny",
    )
    assert header.producer == "IR 11, OpenVINO 2026.4.1"
    assert found.external == (ExternalData(location="{stem}.bin", needed=16),)


def test_a_long_comment_hides_no_network():
    data = b"\xef\xbb\xbf\n<!-- " + b"x" * 5000 + b" -->" + SAMPLE[SAMPLE.index(b"<net") :]
    assert formats.recognise(Memory(data)) == "openvino"
    assert formats.inspect(Memory(data)).verdict == "data"


@pytest.mark.parametrize(
    "begin", [b"<!-- " + b"x" * 200_000 + b" -->", b"<?a " + b"x" * 5000 + b"?>\n<!---->"]
)
def test_nothing_that_stands_before_a_network_hides_it(begin):
    body = SAMPLE[SAMPLE.index(b"<net") :]
    assert formats.recognise(Memory(begin + body)) == "openvino"
    named = body.replace(b"<net ", b'<net a="' + b">" * 9000 + b'" ')
    assert formats.recognise(Memory(begin + named)) == "openvino"


@pytest.mark.parametrize("version", ["extension", "opset1x", "", "OPSET1", "custom::opset1"])
def test_layers_of_an_extension_are_unlisted(version):
    data = SAMPLE.replace(
        b'type="MatMul" version="opset1"', b'type="Own" version="%s"' % version.encode()
    )
    found = formats.inspect(Memory(data))
    assert found.verdict == "unlisted"
    assert [reason.rule for reason in found.reasons] == ["openvino-custom-operator"]
    assert "Own" in found.header.custom_operators[0]


def test_layers_within_a_loop_count_too():
    inner = b'<layer id="3" type="Loop" version="opset5"><body><layers><layer type="X" version="e"/></layers></body></layer></layers>'
    found = formats.inspect(Memory(SAMPLE.replace(b"</layers>", inner)))
    assert found.header.custom_operators == ("e::X",)


LAUGHS = b'<!DOCTYPE net [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
EXTERNAL = b'<!DOCTYPE net SYSTEM "file:///etc/passwd">'
DECLARATION = b'<?xml version="1.0"?>'


@pytest.mark.parametrize("declared", [LAUGHS, EXTERNAL], ids=["laughs", "external"])
def test_entities_are_refused(declared):
    data = SAMPLE.replace(DECLARATION, DECLARATION + declared)
    found = formats.inspect(Memory(data))
    assert (found.verdict, found.reasons[0].rule) == ("malformed", "xml-entity")


MALFORMED = {
    "cut-off": SAMPLE[:-20],
    "text-behind": SAMPLE + b"and more",
    "network-twice": SAMPLE + SAMPLE[SAMPLE.index(b"<net") :],
    "another-root": b"<a>" + SAMPLE[SAMPLE.index(b"<net") :] + b"</a>",
    "encoding": SAMPLE.replace(b'"1.0"', b'"1.0" encoding="utf-7"'),
    "offset-negative": SAMPLE.replace(b'offset="0"', b'offset="-8"'),
    "offset-missing": SAMPLE.replace(b'offset="0"', b""),
    "offset-huge": SAMPLE.replace(b'offset="0"', b'offset="%s"' % (b"9" * 400)),
    "shape-of-words": SAMPLE.replace(b'"2, 4"', b'"a, b"'),
    "fewer-bytes-than-the-shape": SAMPLE.replace(b'size="16"', b'size="8"'),
    "attribute-twice": SAMPLE.replace(b'name="tiny"', b'name="tiny" name="x"'),
    "control-character": SAMPLE.replace(b"tiny", b"ti\x00ny"),
    "zip-behind-a-comment": SAMPLE + b"<!-- PK\x05\x06 ",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(openvino, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_elements_without_end_are_a_limit():
    data = SAMPLE.replace(b"<layers>", b"<layers>" + b"<a>" * 5000)
    with pytest.raises(FormatError) as error:
        inspect(openvino, data)
    assert error.value.rule == "limit-depth"


@pytest.mark.parametrize(
    "data", [b"", b"<html><body/></html>", b'net version="11"', b"<net>x</net>"]
)
def test_something_else(data):
    assert not openvino.recognises(data[:1024], Memory(data))


@pytest.mark.parametrize("version", ["opset1", "opset17", "opset99"])
def test_a_layer_that_is_in_no_set_of_openvino_is_in_a_library(version):
    layer = f'<layer id="9" name="x" type="Fast" version="{version}"/></layers>'
    found = inspect(openvino, SAMPLE.replace(b"</layers>", layer.encode()))
    assert [reason.rule for reason in found.reasons] == ["openvino-custom-operator"]
    assert found.header.custom_operators == (f"{version}::Fast",)


@pytest.mark.parametrize("layer", ["ReLU", "SoftMax", "PReLU", "MVN", "PagedAttention"])
def test_layers_are_known_in_any_case_and_in_any_set(layer):
    data = f'<layer id="9" name="x" type="{layer}" version="opset1"/></layers>'
    found = inspect(openvino, SAMPLE.replace(b"</layers>", data.encode()))
    assert bool(found.reasons) == (layer == "PagedAttention")
