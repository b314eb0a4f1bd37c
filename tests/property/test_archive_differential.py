"""A zip out of which any reader gets a pickle that calls a shell is never clean at the door."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import formats
from auditor.formats import Memory
from tests.fuzz import streams
from tests.fuzz.archives import archives, members
from tests.fuzz.unpickling import Unpickler

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SOURCES = archives()


@pytest.fixture(scope="module")
def unpickler():
    child = Unpickler()
    yield child
    child.close()


def reaches_a_shell(unpickler, pickle: bytes) -> bool:
    readings = [reading for reading in unpickler.read(pickle) if reading.called]
    return any((one.module, one.name) == ("os", "system") for way in readings for one in way.asked)


def test_the_oracle_reads_what_the_corpus_hides(unpickler):
    read = [data for data in SOURCES if any(reaches_a_shell(unpickler, m) for m in members(data))]
    assert len(read) * 3 > len(SOURCES)


@settings(max_examples=EXAMPLES or 2000, deadline=None)
@given(number=st.integers(0, 2**64 - 1))
def test_changed_archives(unpickler, number):
    data = streams.changed(number, SOURCES)
    if any(reaches_a_shell(unpickler, member) for member in members(data)):
        found = formats.inspect(Memory(data))
        assert found is not None, data
        assert found.verdict not in ("data", "framework"), data
