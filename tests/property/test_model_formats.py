"""Whatever the bytes, a model format answers with an inspection or a FormatError, in bounds."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import formats
from auditor.evidence.models import VERDICTS
from auditor.formats import Budget, Context, FormatError, Inspection, Memory
from tests import model_samples

SAMPLES = {name: model_samples.sample(name) for name in model_samples.names()}
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def outcome(name, data):
    """Return what one format says of the bytes, and make sure that `inspect` never raises."""
    whole = formats.inspect(Memory(data))
    assert whole is None or whole.verdict in VERDICTS
    try:
        found = formats.load(name).inspect(Memory(data), Context(budget=Budget()))
    except FormatError:
        return None
    # What is packed may be nothing that is known; every other format is what it says.
    assert isinstance(found, Inspection) or (found is None and name == "compressed")
    return found


def test_every_format_has_a_sample_here():
    assert set(SAMPLES) == set(formats.names())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_is_recognised_by_its_content_and_is_no_danger(name):
    found = formats.inspect(Memory(SAMPLES[name]))
    assert found is not None
    assert found.model_format == name
    assert found.verdict in ("data", "framework", "not-inspectable")
    assert found.verdict != "not-inspectable" or found.reasons


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_at_every_byte(name):
    whole = SAMPLES[name]
    assert outcome(name, whole)
    step = max(1, len(whole) // 600)
    for end in range(0, len(whole), step):
        outcome(name, whole[:end])


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=EXAMPLES or 100, deadline=None)
@given(data=st.data())
def test_changed_bytes(name, data):
    raw = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outcome(name, bytes(raw))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=EXAMPLES or 60, deadline=None)
@given(tail=st.binary(max_size=200))
def test_any_bytes(name, tail):
    outcome(name, tail)
    outcome(name, SAMPLES[name][:8] + tail)
    outcome(name, SAMPLES[name] + tail)


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
    assert formats.recognise(Memory(head)) in ("", *formats.names())
