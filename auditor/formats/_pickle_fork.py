"""Reads on from the middle of a stream as somebody who reads it differently would."""

from __future__ import annotations

from contextlib import suppress

from auditor.formats._errors import FormatError
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_reader import Broken

_OF_MEMORY = ("numpy-dtype-state", "pickle-tensor-extent")


class Fork(Machine):
    """A second reading that begins with the first one's stack and memo, and leaves them alone."""

    plain = True

    def __init__(self, machine: Machine, start: int) -> None:
        """Stand at byte `start` with what the machine has."""
        super().__init__(machine.view, machine.context, start=start, torch=False, joblib=False)
        self.protocol = machine.protocol
        machine.charge(len(machine.stack) + len(machine.marks))
        self.stack = list(machine.stack)
        self.marks = list(machine.marks)
        self.fence = machine.fence
        self._remembers = machine.memorized
        self._own: dict[int, object] = {}
        self._first = machine

    @property
    def memorized(self) -> int:
        """How many values were remembered by both readings."""
        return self._remembers

    def put(self, index: int) -> None:
        """Remember the topmost value, for this reading only."""
        self._own[index] = self.top()
        self._remembers += 1

    def get(self, index: int) -> None:
        """Put what either reading remembers."""
        if index in self._own:
            self.stack.append(self._own[index])
        else:
            self._first.get(index)
            self.stack.append(self._first.stack.pop())


def other_reading(machine: Machine, start: int, *, numbers: bool) -> str:
    """Return what whoever takes the bytes at `start` for opcodes would load or import, `` nothing.

    Numbers should import nothing at all; what a pickle of objects imports is judged already, but
    its memo is another where it is read in the midst of this one.
    """
    from auditor.formats._pickle_loop import run
    from auditor.formats._pickle_opcodes import Stopped

    fork = Fork(machine, start)
    with suppress(Stopped, Broken, FormatError):
        run(fork)
    for reason in fork.reasons.values():
        loads = reason.member != machine.context.member and reason.verdict != "data"
        if loads or reason.rule in _OF_MEMORY:
            return reason.global_name or reason.detail
    return min(fork.names.asked, default="?") if numbers and fork.names.imports else ""
