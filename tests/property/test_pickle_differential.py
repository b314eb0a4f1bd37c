"""Whatever CPython's own unpickler would import, the symbolic machine has seen, or refused before.

The streams are loaded in a sandboxed child whose `find_class` imports nothing. What fails names
the number that makes the stream again: `streams.changed(number, SOURCES)` or `streams.program`.
"""

from __future__ import annotations

import _compat_pickle
import os
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import formats
from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle import examine
from tests.corpus import hostile_cases
from tests.fuzz import streams
from tests.fuzz.unpickling import Unpickler

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SOURCES = streams.bare_pickles()
NUMBERS = st.integers(0, 2**64 - 1)
REFUSALS = ("not-inspectable", "malformed", "dangerous")


@pytest.fixture(scope="module")
def unpickler():
    child = Unpickler()
    yield child
    child.close()


def names_of(asked) -> set[str]:
    """Return what a global may be called: as written, and as it is called since Python 3."""
    module, name = asked.module, asked.name
    new = _compat_pickle.NAME_MAPPING.get((module, name))
    module, name = new or (_compat_pickle.IMPORT_MAPPING.get(module, module), name)
    return {f"{asked.module}.{asked.name}", f"{module}.{name}"}


def disagreement(unpickler, data: bytes) -> str:
    """Return what the machine missed of a stream, `` for nothing."""
    found = examine(Memory(data), Context(budget=Budget()))
    seen = set(found.globals)
    refused = [reason.offset for reason in found.reasons if reason.verdict in REFUSALS]
    for reading in unpickler.read(data):
        for asked in reading.asked:
            before = any(offset <= asked.offset for offset in refused)
            if not before and not names_of(asked) & seen:
                return f"{reading.mode}: {asked} was missed, {found.verdict}"
        if found.verdict in ("data", "framework"):
            if not reading.loaded:
                return f"{reading.mode}: {found.verdict}, but {reading.error or 'it killed the loader'}"
            missed = [asked for asked in reading.asked if not names_of(asked) & seen]
            if missed:
                return f"{reading.mode}: {found.verdict}, but {missed[0]} is asked for"
            if reading.references:
                return f"{reading.mode}: {found.verdict}, but it has persistent ids"
    return ""


def test_the_hostile_corpus(unpickler):
    cases = [case for case in hostile_cases() if not case.data.startswith(b"PK")]
    found = {case.name: disagreement(unpickler, case.data) for case in cases}
    assert {name: said for name, said in found.items() if said} == {}


@settings(max_examples=EXAMPLES or 2500, deadline=None)
@given(number=NUMBERS)
def test_changed_hostile_streams(unpickler, number):
    data = streams.changed(number, SOURCES)
    assert not disagreement(unpickler, data), data


@settings(max_examples=EXAMPLES or 2500, deadline=None)
@given(number=NUMBERS)
def test_programs(unpickler, number):
    data = streams.program(number, harmless=False)
    assert not disagreement(unpickler, data), data


@settings(max_examples=EXAMPLES or 2000, deadline=None)
@given(number=NUMBERS)
def test_programs_of_plain_classes(unpickler, number):
    data = streams.program(number, harmless=True)
    assert not disagreement(unpickler, data), data


@settings(max_examples=EXAMPLES or 1500, deadline=None)
@given(number=NUMBERS)
def test_what_reaches_a_shell_is_never_clean_at_the_door(unpickler, number):
    data = streams.changed(number, SOURCES)
    calling = (reading for reading in unpickler.read(data) if reading.called)
    reached = {name for reading in calling for name in reading.asked if _runs(name)}
    found = formats.inspect(Memory(data))
    assert not reached or (found and found.verdict not in ("data", "framework")), (reached, data)


def _runs(asked) -> bool:
    return asked.module in ("os", "posix", "nt", "subprocess") and asked.name.isidentifier()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.binary(max_size=8) | st.complex_numbers() | st.dates() | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
        | st.frozensets(st.integers() | st.text(max_size=3), max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=EXAMPLES or 300, deadline=None)
@given(item=PLAIN, protocol=st.integers(0, 5))
def test_plain_data(unpickler, item, protocol):
    data = pickle.dumps(item, protocol)
    assert not disagreement(unpickler, data), data
    verdict = examine(Memory(data), Context(budget=Budget())).verdict
    assert verdict == "data", data


@settings(max_examples=EXAMPLES or 300, deadline=None)
@given(item=PLAIN, protocol=st.integers(0, 5), number=NUMBERS)
def test_changed_plain_data(unpickler, item, protocol, number):
    data = streams.changed(number, [pickle.dumps(item, protocol)])
    assert not disagreement(unpickler, data), data
