"""The index of TensorFlow's checkpoints: variables and the files that hold them."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import ExternalData, FormatError, Memory, tensorflow_checkpoint
from tests import model_samples
from tests.formats_reading import inspect
from tests.model_samples.tensorflow_checkpoint import build, entry
from tests.model_wire import message

SAMPLE = model_samples.sample("tensorflow_checkpoint")
HEADER = (b"", message((1, 2), (3, message((1, 1)))))


def test_what_an_index_says():
    found = inspect(tensorflow_checkpoint, SAMPLE)
    assert (found.verdict, found.role) == ("data", "index")
    assert (found.header.parameters, found.header.precision) == (11, "F32")
    file = ExternalData(location="{stem}.data-00000-of-00001", needed=44)
    assert found.external == (file,)


def test_the_graph_of_objects_is_no_variable():
    data = build(HEADER, (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), 0, 90)))
    found = inspect(tensorflow_checkpoint, data)
    assert (found.header.parameters, found.external[0].needed) == (0, 90)


MALFORMED = {
    "no-files": build((b"", message((1, 1 << 20)))),
    "another-file": build(HEADER, (b"a", message((1, 1), (3, 7)))),
    "before-its-file": build(HEADER, (b"a", message((1, 1), (4, -5)))),
    "variable-is-no-message": build(HEADER, (b"a", b"\xff\xff")),
    "huge-variable": build(HEADER, (b"a", entry(1, (1 << 40, 1 << 40), 0, 8))),
    "restarts": SAMPLE.replace(b"\0\0\0\0\1\0\0\0", b"\0\0\0\0\1\0\0\1"),
    "block-beyond-the-file": SAMPLE[:40] + SAMPLE[60:],
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_refused(data):
    with pytest.raises(FormatError) as error:
        inspect(tensorflow_checkpoint, data)
    assert error.value.reason == "malformed"
    assert formats.inspect(Memory(data)).verdict == "malformed"


def test_compressed_blocks_are_not_inspectable():
    assert formats.inspect(Memory(build(HEADER, kind=1))).verdict == "not-inspectable"


OTHERS = {
    "table-of-another": b"\0\1\5" + SAMPLE[3:],
    "without-the-end": SAMPLE[:-1],
    "empty": b"",
    "zeros": b"\0" * 200,
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_something_else(data):
    assert not tensorflow_checkpoint.recognises(data[:1024], Memory(data))
