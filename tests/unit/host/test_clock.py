"""The kernel is asked for its clock's state, and its refusal is not an answer."""

import ctypes
from types import SimpleNamespace

import pytest

from auditor.host import Unreadable
from auditor.host import _clock as clock


@pytest.mark.parametrize(("state", "expected"), [(0, True), (1, True), (4, True), (5, False)])
def test_only_time_error_is_out_of_step(monkeypatch, state, expected):
    asked = []
    library = SimpleNamespace(adjtimex=lambda buffer: asked.append(buffer.raw) or state)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: library)
    assert clock.synchronized() is expected
    assert asked == [bytes(512)], "a mode of zero sets nothing"


def test_a_refusal_is_unreadable(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(adjtimex=lambda _: -1))
    with pytest.raises(Unreadable):
        clock.synchronized()


def test_a_library_without_it_is_unreadable(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace())
    with pytest.raises(Unreadable):
        clock.synchronized()


def test_the_real_kernel_is_asked_alike_twice():
    first, second = (_answer() for _ in range(2))
    assert first == second
    assert first in (True, False, "unsupported", "denied")


def _answer():
    try:
        return clock.synchronized()
    except Unreadable as error:
        return error.reason
