"""TensorFlow's graphs in SavedModels, frozen and with checkpoints; the Keras layers beside them."""

from __future__ import annotations

import json

import pytest

from auditor import formats
from auditor.formats import FormatError, Memory, keras_metadata, saved_model, tensorflow_graph
from tests import model_samples
from tests.formats_reading import inspect, told
from tests.model_wire import field, message

SAVED, GRAPH, KERAS = (
    model_samples.sample(name) for name in ("saved_model", "tensorflow_graph", "keras_metadata")
)


def node(op, *extra):
    return message((1, "n"), (2, op), *extra)


def graph(*nodes, functions=()):
    library = message(*((1, message((1, message((1, "f"))), (3, op))) for op in functions))
    return message(*((1, op) for op in nodes), (2, library), (4, b""))


def saved(body, *extra):
    return message((1, 1), (2, message((1, message((5, "2.21.0"))), (2, body), *extra)))


def test_what_a_saved_model_says():
    found = inspect(saved_model, SAVED)
    assert (found.verdict, found.role, found.reasons) == ("data", "graph", ())
    header = found.header
    assert (header.parameters, header.precision, header.tensors) == (6, "F32", 1)
    assert header.producer == "TensorFlow 2.21.0"


def test_the_constants_are_the_parameters_of_a_frozen_graph():
    found = inspect(tensorflow_graph, GRAPH)
    assert (found.verdict, found.header.parameters, found.header.tensors) == ("data", 2, 1)


def test_the_graph_of_a_checkpoint_is_one_too():
    data = message((1, message((5, "1.15"))), (2, graph(node("VariableV2"))))
    found = formats.inspect(Memory(data))
    assert (found.model_format, found.header.producer) == ("tensorflow_graph", "TensorFlow 1.15")


DANGEROUS = (
    "PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles",
    "WholeFileReaderV2", "TFRecordDataset", "SqlDataset", "RpcCall", "DebugIdentityV2",
    "DataServiceDatasetV4", "CreateSummaryFileWriter", "ImmutableConst", "Abort",
    "DistributedSave", "DumpTensor",
)  # fmt: skip


@pytest.mark.parametrize("op", DANGEROUS)
def test_operators_that_reach_out_of_the_graph(op):
    expected = {("tensorflow-operator", "dangerous")}
    assert told(saved(graph(node("Relu"), node(op)))) == expected
    assert told(saved(graph(node("Relu"), functions=[node(op)]))) == expected
    assert told(graph(node("Relu"), node(op))) == expected
    assert op in formats.inspect(Memory(graph(node("Relu"), node(op)))).header.custom_operators


def test_in_the_second_graph_too():
    data = saved(graph(node("Relu"))) + saved(graph(node("PyFunc")))[2:]
    assert told(data) == {("tensorflow-operator", "dangerous")}


def test_a_print_that_writes_a_file():
    def printed(target):
        stream = message((1, "output_stream"), (2, message((2, target))))
        return formats.inspect(Memory(graph(node("PrintV2", (5, stream))))).verdict

    assert printed("stderr") == "data"
    assert printed("file:///etc/cron.d/x") == "dangerous"


OTHERS = {
    "custom": ("Addons>Fast", "tensorflow-custom-operator", "unlisted"),
    "custom-plain": ("SimpleMLInferenceOp", "tensorflow-custom-operator", "unlisted"),
    "tensorrt": ("TRTEngineOp", "tensorflow-opaque-operator", "not-inspectable"),
    "graph-in-a-tensor": ("DatasetFromGraph", "tensorflow-opaque-operator", "not-inspectable"),
}


@pytest.mark.parametrize("op, rule, verdict", OTHERS.values(), ids=OTHERS)
def test_operators_that_are_not_known(op, rule, verdict):
    assert told(saved(graph(node("Relu"), node(op)))) == {(rule, verdict)}


def test_an_asset_outside_the_folder():
    def asset(name):
        return saved(graph(node("Relu")), (6, message((2, name))))

    assert formats.inspect(Memory(asset("vocabulary.txt"))).verdict == "data"
    assert told(asset("../../etc/passwd")) == {("tensorflow-asset-escapes", "dangerous")}
    assert told(asset("/etc/passwd")) == {("tensorflow-asset-escapes", "dangerous")}


def test_reasons_of_one_kind_are_bounded():
    assets = [(6, message((2, f"../{n}"))) for n in range(5_000)]
    reasons = inspect(saved_model, saved(graph(node("Relu")), *assets)).reasons
    assert len(reasons) == 100


LAMBDA = json.dumps(
    {
        "class_name": "Lambda",
        "config": {
            "name": "l",
            "function": {"class_name": "__tuple__", "items": ["4wAAAA==", None, None]},
        },
    }
)


def test_a_lambda_layer_of_keras():
    user = message((4, message((1, "_tf_keras_layer"), (3, LAMBDA))))
    data = saved(graph(node("Relu")), (7, message((1, user))))
    assert formats.inspect(Memory(data)).verdict == "dangerous"
    beside = message((1, message((2, 1), (3, "root"), (4, "_tf_keras_layer"), (5, LAMBDA))))
    found = formats.inspect(Memory(beside))
    assert (found.model_format, found.verdict) == ("keras_metadata", "dangerous")
    assert inspect(keras_metadata, KERAS).verdict in ("data", "framework")


UNLISTED = {
    "field-of-the-model": SAVED + field(9, b"x"),
    "field-of-a-node": graph(node("Relu", (44, b"x"))),
    "field-of-the-graph": GRAPH + field(44, b"x"),
}


@pytest.mark.parametrize(
    "data", [SAVED + field(9, b"x"), SAVED[:2] + field(2, SAVED[4:] + field(40, b"x"))]
)
def test_what_is_not_in_the_specification_is_no_data(data):
    assert formats.inspect(Memory(data)).verdict == "unlisted"


MALFORMED = {
    "cut-off": SAVED[:-3],
    "zip-behind": SAVED + b"PK\x03\x04" + b"\0" * 30,
    "graph-is-a-number": SAVED + field(2, field(2, 5)),
    "operator-not-utf8": saved(graph(node("Relu"), node(b"\xff\xfe"))),
    "huge-variable": saved(
        graph(node("Relu")),
        (
            7,
            message(
                (1, message((7, message((1, 1), (2, message(*((2, message((1, 1 << 40))),) * 2))))))
            ),
        ),
    ),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(saved_model, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


NEITHER = {
    "empty": b"",
    "text": b"\nname: x\n" * 50,
    "schema-version-2": message((1, 2), (2, message((2, graph(node("Relu")))))),
    "node-without-operator": message((1, message((1, "x")))),
    "strings": message((1, "abc"), (1, "def")),
    "sentencepiece": message((1, message((1, "a"), (2, 0.5))), (1, message((1, "b"), (2, 0.5)))),
    "operator-no-identifier": message((1, message((1, "x"), (2, "\x08\x01")))),
    "onnx": model_samples.sample("onnx"),
}


@pytest.mark.parametrize("data", NEITHER.values(), ids=NEITHER)
def test_something_else(data):
    for module in (saved_model, tensorflow_graph, keras_metadata):
        assert not module.recognises(data[:1024], Memory(data))


def const(name, text):
    value = message((8, message((1, 7), (8, text))))
    return message((1, name), (2, "Const"), (5, message((1, "value"), (2, value))))


def reading(name, *inputs, op="RestoreV2"):
    return message((1, name), (2, op), *((3, one) for one in inputs))


NAMES = {
    "written-to": (const("a", "/etc/cron.d/x"), reading("s", "a", op="SaveV2")),
    "read-from": (const("a", "../../x"), reading("r", "a:0", "b")),
    "by-address": (const("a", "gs://bucket/x"), reading("r", "a")),
    "handed-on": (const("a", "/x"), reading("i", "a", op="Identity"), reading("r", "^n", "i")),
    "behind-nothing": (
        const("a", ""), const("b", "/etc/x"), reading("j", "a", "b", op="StringJoin"),
        reading("s", "j:0", op="SaveV2"),
    ),
    "climbing-from-what-is-given": (
        const("b", "/../../x"), reading("j", "given", "b", op="StringJoin"), reading("r", "j"),
    ),
    "removed": (const("a", "/home"), reading("m", "x", "a", op="MergeV2Checkpoints")),
    "table": (const("a", "/etc/passwd"), reading("t", "h", "a", op="InitializeTableFromTextFileV2")),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_names_no_file_away_from_the_model(name):
    expected = {("tensorflow-file-name", "dangerous")}
    nodes = NAMES[name]
    assert told(graph(*nodes)) == told(saved(graph(*nodes))) == expected
    library = message((1, message((1, message((1, "f"))), *((3, one) for one in nodes))))
    assert told(saved(message((1, node("Relu")), (2, library)))) == expected


def test_what_every_model_saves_and_restores_is_no_reason():
    ordinary = (
        const("p", "_temp/part"), reading("j", "given", "p", op="StringJoin"),
        reading("f", "j", "n", "m", op="ShardedFilename"), reading("s", "f", op="SaveV2"),
        const("d", "model"), reading("h", "d", op="PlaceholderWithDefault"), reading("r", "h"),
        reading("k", "given", "q", op="StringJoin"), const("q", "/a"), reading("w", "k"),
    )  # fmt: skip
    assert told(saved(graph(*ordinary))) == set()


def test_a_constant_that_stands_for_an_asset_may_say_where_it_was():
    nodes = (const("a", "/home/me/words.txt"), NAMES["table"][1])
    asset = (6, message((1, message((1, "a:0"))), (2, "words.txt")))
    assert told(saved(graph(*nodes), asset)) == set()
    assert told(saved(graph(*nodes))) == {("tensorflow-file-name", "dangerous")}


def test_loops_of_names_end():
    ring = (reading("a", "b", "b", op="StringJoin"), reading("b", "a", "a", op="StringJoin"))
    assert told(graph(*ring, reading("r", "a"))) == set()
