"""Inspecting leaves the interpreter as it was, and says the same of the same bytes again."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

import pytest

from auditor import formats
from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle_loop import run
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_opcodes import Stopped
from tests import model_samples
from tests.corpus import hostile_cases


@pytest.fixture
def threshold():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("before", [(700, 10, 10), (1_000_000, 5, 5), (0, 10, 10)])
@pytest.mark.usefixtures("threshold")
def test_garbage_is_searched_for_as_it_was_before(before):
    class Broken(Memory):
        def at(self, offset, length):
            raise OSError(5, "gone")

    gc.set_threshold(*before)
    formats.inspect(Memory(model_samples.sample("pickle")))
    assert gc.get_threshold() == before
    with pytest.raises(OSError, match="gone"):
        formats.inspect(Broken(b"\x80\x04N."))
    assert gc.get_threshold() == before


def test_what_is_remembered_of_names_changes_nothing():
    cases = [case for case in hostile_cases() if len(case.data) < 1 << 14]
    first = [formats.inspect(Memory(case.data)) for case in cases]
    assert [formats.inspect(Memory(case.data)) for case in reversed(cases)] == first[::-1]


def test_a_machine_is_gone_once_it_has_read():
    machine = Machine(
        Memory(b"\x80\x02cnumpy\ndtype\n."), Context(budget=Budget()), start=0, torch=False,
        joblib=True,
    )  # fmt: skip
    gone = weakref.ref(machine)
    with suppress(Stopped):
        run(machine)
    assert machine.names.asked
    del machine
    assert gone() is None
