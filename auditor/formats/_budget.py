"""Bounds the work on one file: steps, inflated bytes, members and depth, never by the clock."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from auditor.formats._errors import FormatError

# A step of the pickle machine takes up to 1 µs of CPU and 30 bytes: 20 s and 500 MB at the most.
MAX_STEPS = 16_000_000
MAX_INFLATED = 1 << 30
# A small file is no long work: files of the real libraries take up to half a step for a byte
# that is in them or comes out of them, and grow to thirty times their size.
_FIRST_STEPS = 1_500_000
_FIRST_INFLATED = 128 << 20
_GROWS = 128
# Bytes that come out allow a step each as those of the file do, up to so many times its size.
_CREDITED = 3
MAX_HELD = 64 << 20
MAX_MEMBERS = 100_000
MAX_DEPTH = 4
# Steps that it took to see what a view is, where they were many: who reads it pays for them.
_TRIALS: WeakKeyDictionary[object, int] = WeakKeyDictionary()


def pay_later(view: object, steps: int) -> None:
    """Note steps that it took to see what a view is, before anybody's budget was at hand."""
    _TRIALS[view] = _TRIALS.get(view, 0) + steps


class Budget:
    """What may still be spent on one file; each `spend` raises `FormatError(limit)` at the end."""

    def __init__(self, size: int | None = None) -> None:
        """Start with what a file of `size` bytes may cost, or any file at the most."""
        size = MAX_STEPS if size is None else size
        self.steps = self._allowed = min(MAX_STEPS, _FIRST_STEPS + size)
        self._credit = min(MAX_STEPS - self.steps, _CREDITED * size)
        self.inflated = self._inflates = min(MAX_INFLATED, _FIRST_INFLATED + _GROWS * size)
        self.members = MAX_MEMBERS

    def step(self, count: int = 1) -> None:
        """Spend steps: an opcode, an entry, a node."""
        self.steps -= count
        if self.steps < 0:
            raise FormatError(f"more than {self._allowed} steps", "limit", rule="limit-steps")

    def owe(self, count: int) -> None:
        """Spend steps that were taken already: where they are too many the next one raises."""
        self.steps -= count

    def owe_for(self, view: object) -> None:
        """Spend the steps that it took to see what a view is, once."""
        self.owe(_TRIALS.pop(view, 0))

    def inflate(self, count: int) -> None:
        """Spend bytes that come out of a decompressor."""
        self.inflated -= count
        if self.inflated < 0:
            raise FormatError(
                f"more than {self._inflates} bytes come out of it", "limit", rule="limit-inflated"
            )
        credit = min(count, self._credit)
        self._credit -= credit
        self._allowed += credit
        self.steps += credit

    def member(self) -> None:
        """Spend one member of an archive."""
        self.members -= 1
        if self.members < 0:
            raise FormatError(f"more than {MAX_MEMBERS} members", "limit", rule="limit-members")
