"""Bounds the work on one file: steps, inflated bytes, members and depth, never by the clock."""

from __future__ import annotations

from auditor.formats._errors import FormatError

# A step of the pickle machine takes up to 1 µs of CPU and 30 bytes: 20 s and 500 MB at the most.
MAX_STEPS = 16_000_000
MAX_INFLATED = 1 << 30
MAX_HELD = 64 << 20
MAX_MEMBERS = 100_000
MAX_DEPTH = 4


class Budget:
    """What may still be spent on one file; each `spend` raises `FormatError(limit)` at the end."""

    def __init__(self) -> None:
        """Start with the whole budget of a file."""
        self.steps = MAX_STEPS
        self.inflated = MAX_INFLATED
        self.members = MAX_MEMBERS

    def step(self, count: int = 1) -> None:
        """Spend steps: an opcode, an entry, a node."""
        self.steps -= count
        if self.steps < 0:
            raise FormatError(f"more than {MAX_STEPS} steps", "limit", rule="limit-steps")

    def inflate(self, count: int) -> None:
        """Spend bytes that come out of a decompressor."""
        self.inflated -= count
        if self.inflated < 0:
            raise FormatError(
                f"more than {MAX_INFLATED} bytes come out of it", "limit", rule="limit-inflated"
            )

    def member(self) -> None:
        """Spend one member of an archive."""
        self.members -= 1
        if self.members < 0:
            raise FormatError(f"more than {MAX_MEMBERS} members", "limit", rule="limit-members")
