"""TensorFlow's models that stand as text: judged as their wire format is, whatever they look like."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory, saved_model, tensorflow_text
from auditor.formats._protobuf_text import Text
from tests import model_samples
from tests.formats_reading import inspect, told

SAMPLE = model_samples.sample("tensorflow_text")
HEAD = b"saved_model_schema_version: 1\n"


def graph(*nodes: bytes) -> bytes:
    return HEAD + b"meta_graphs { graph_def { " + b" ".join(nodes) + b" } }"


def node(operator: bytes, more: bytes = b"") -> bytes:
    return b'node { name: "n" op: "' + operator + b'" ' + more + b"}"


def test_what_a_model_says_is_what_its_wire_format_says():
    found, wire = inspect(tensorflow_text, SAMPLE), model_samples.sample("saved_model")
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    assert found.header == inspect(saved_model, wire).header


CALLS = {
    "in-the-graph": node(b"PyFunc"),
    "with-a-colon": b'node: { name: "n" op: "PyFunc" }',
    "in-pointed-signs": b'node < name: "n" op: "PyFunc" >',
    "in-a-list": b'node: [{ name: "a" op: "Add" }, { name: "n" op: "PyFunc" }]',
    "in-two-texts": b'node { name: "n" op: "Py" \'Func\' }',
    "in-escapes": rb'node { name: "n" op: "\x50\171Fu\u006ec" }',
    "behind-a-comment": b'node { # op: "Add"\n name: "n" op: #\n "PyFunc"; }',
    "operator-first": b'node { op: "PyFunc", name: "n" }',
    "without-blanks": b'node{name:"n"op:"PyFunc"}',
    "in-a-function": b'library { function { node_def { name: "n" op: "PyFunc" } } }',
    "behind-what-is-left-out": b"versions { producer: 9 bad: [1, -2.5e+3, inf, DT_X] } "
    + node(b"PyFunc"),
    "behind-signs-in-a-text": node(b"Const", b'device: "} } # \\" {" ') + node(b"PyFunc"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_seen_however_it_is_written(name):
    assert ("tensorflow-operator", "dangerous") in told(graph(CALLS[name]))


CONSTANT = (
    b'node { name: "c" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING'
    b' string_val: "/etc/x" } } } }'
)
REASONS = {
    "custom": (node(b"Mine"), "tensorflow-custom-operator", "unlisted"),
    "opaque": (node(b"XlaCallModule"), "tensorflow-opaque-operator", "not-inspectable"),
    "unknown-field": (node(b"Add", b"mine: 1 "), "tensorflow-unknown-field", "unlisted"),
    "extension": (node(b"Add", b"[a.b/c] { d: 1 } "), "tensorflow-unknown-field", "unlisted"),
    "restores-elsewhere": (
        b'node { name: "r" op: "RestoreV2" input: "c" }' + CONSTANT, "tensorflow-file-name",
        "dangerous",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_reasons_are_those_of_the_wire_format(name):
    body, rule, verdict = REASONS[name]
    assert told(graph(body)) == {(rule, verdict)}


def test_an_asset_that_escapes_and_a_layer_of_keras_are_seen():
    meta = b'meta_graphs { asset_file_def { filename: "../../etc/passwd" } }'
    assert told(HEAD + meta) == {("tensorflow-asset-escapes", "dangerous")}
    layer = rb"{\"class_name\": \"Lambda\", \"config\": {}}"
    nodes = b'nodes { user_object { identifier: "_tf_keras_layer" metadata: "' + layer + b'" } }'
    found = told(HEAD + b"meta_graphs { object_graph_def { " + nodes + b" } }")
    assert ("keras-lambda-layer", "dangerous") in found


def test_offsets_are_places_in_the_text():
    data = graph(node(b"Add"), node(b"PyFunc"))
    (reason,) = inspect(tensorflow_text, data).reasons
    assert data[reason.offset :].startswith(b'{ name: "n" op: "PyFunc"')


@pytest.mark.parametrize(
    "data",
    [
        graph(node(b"Add"))[: -len(b" } }")], graph(b"node { op: }"), graph(b'node { "a" }'),
        graph(b"node { op: 5 }"), graph(b'node { op: "a }'), graph(b"node [ }"),
        graph(b"node: 5"), graph(b"node { op: [") , graph(b"} }"), graph(b"node { [a ".ljust(90)),
        graph(b"\x00"), graph(b"node { name { } }"), HEAD + b"meta_graphs",
    ],
)  # fmt: skip
def test_what_is_broken_is_malformed(data):
    found = formats.inspect(Memory(data))
    assert (found.model_format, found.verdict) == ("tensorflow_text", "malformed")


def test_every_cut_is_told_or_whole():
    for end in range(SAMPLE.index(b"meta_graphs") + 13, len(SAMPLE) - 2):
        found = formats.inspect(Memory(SAMPLE[:end]))
        assert found is not None
        assert found.verdict == "malformed"


def test_depth_and_length_are_bounded():
    with pytest.raises(FormatError) as caught:
        inspect(tensorflow_text, HEAD + b"meta_graphs { saver_def " + b"{ a " * 200)
    assert caught.value.rule == "limit-depth"
    with pytest.raises(FormatError) as caught:
        inspect(tensorflow_text, HEAD, size=1 << 30)
    assert caught.value.rule == "limit-text"


@pytest.mark.parametrize(
    ("text", "number"),
    [(b"DT_HALF", 19), (b"0x10", 16), (b"010", 8), (b"- 3", -3), (b"true", 1), (b"DT_NEW", 0)],
)
def test_numbers_are_words_and_digits(text, number):
    schema = {"M": {"n": (1, "number")}}
    context = Context(budget=Budget())
    enums = {"DT_HALF": 19, "true": 1}
    wire = Text(b"n: " + text, context.budget, schema, enums, frozenset()).written("M").wire
    expected = number % (1 << 64)
    assert int.from_bytes(wire[1:2], "little") & 0x7F == expected & 0x7F


FOREIGN = {
    "labels": b'item { id: 1 name: "cat" }\n',
    "triton": b'name: "m"\nbackend: "onnxruntime"\nmax_batch_size: 8\n',
    "mediapipe": b'node { calculator: "X" input_stream: "a" }\n',
    "caffe": b'name: "n" layer { name: "d" type: "Input" }\n',
    "a-text": b"node: a thing with an op\n",
    "a-list": b"version: 1\nservices: {}\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_texts_are_none(name):
    assert not tensorflow_text.recognises(FOREIGN[name], Memory(FOREIGN[name]))


@pytest.mark.parametrize("begin", [b"\n\n", b"# a comment\n", b" # x\n#\n\t"])
def test_blanks_and_comments_hide_no_model(begin):
    assert formats.recognise(Memory(begin + SAMPLE)) == "tensorflow_text"


def test_graphs_and_meta_graphs_are_read_too():
    assert ("tensorflow-operator", "dangerous") in told(node(b"Add") + node(b"PyFunc"))
    meta = b'meta_info_def { tags: "x" } graph_def { ' + node(b"PyFunc") + b" }"
    assert ("tensorflow-operator", "dangerous") in told(meta)
