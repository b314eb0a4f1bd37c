"""Whatever the bytes, a model format answers with a header or a FormatError."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import formats
from auditor.formats import FormatError, ModelHeader


def safetensors():
    header = json.dumps(
        {"a": {"dtype": "F16", "shape": [3], "data_offsets": [0, 6]}, "__metadata__": {"k": "v"}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 6


def gguf():
    def string(text):
        return struct.pack("<Q", len(text)) + text

    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 2)
    data += string(b"general.architecture") + struct.pack("<I", 8) + string(b"llama")
    data += string(b"list") + struct.pack("<IIQ", 9, 8, 2) + string(b"x") + string(b"yy")
    data += string(b"t") + struct.pack("<IQIQ", 1, 8, 0, 0)
    return data + b"\0" * (-len(data) % 32 + 32)


SAMPLES = {"safetensors": safetensors(), "gguf": gguf()}


def outcome(name, data, size=None):
    try:
        found = formats.load(name).read(lambda n: data[:n], len(data) if size is None else size)
    except FormatError:
        return None
    assert isinstance(found, ModelHeader)
    return found


def test_every_format_has_a_sample_here():
    assert set(SAMPLES) == set(formats.names())


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_at_every_byte(name):
    whole = SAMPLES[name]
    assert outcome(name, whole)
    for end in range(len(whole)):
        cut = outcome(name, whole[:end])
        # GGUF says nothing of the tensors' bytes behind the header.
        assert cut is None or (name == "gguf" and end > len(whole) - 32)
        outcome(name, whole[:end], size=len(whole))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_changed_bytes(name, data):
    raw = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outcome(name, bytes(raw))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=150, deadline=None)
@given(tail=st.binary(max_size=200), size=st.integers(0, 1 << 64))
def test_any_bytes_and_any_size(name, tail, size):
    outcome(name, tail, size)
    outcome(name, SAMPLES[name][:8] + tail, size)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", "a", "__metadata__"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_any_json_as_a_safetensors_header(value):
    raw = json.dumps(value).encode()
    outcome("safetensors", len(raw).to_bytes(8, "little") + raw)


@given(st.binary(max_size=16))
def test_recognising_never_fails(head):
    assert formats.recognise(head) in ("", *formats.names())
