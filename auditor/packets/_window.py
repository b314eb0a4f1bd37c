"""A window that moves over a capture: a buffer of fixed size, filled again from the source."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import PADDING, SPARE, U8
from auditor.packets.source import Source

# Large enough that what a window and each flow in it cost is small beside their packets: half of
# it takes 7 % more time, twice as much takes no less.
SIZE = 16 << 20
# What is read at once: it is still in the cache while it is hashed, and where packets begin found.
PIECE = 1 << 20

# The longest record that is believed (see `_stream.LONGEST_BLOCK`), and some more.
LARGEST = 32 << 20

# What lies behind the window: nothing, room for other payloads, and nothing again.
_BEHIND = PADDING + SPARE + PADDING


class Window:
    """Bytes `at` to `end` of `data` are there; `data[0]` is at `base` of the stream."""

    def __init__(self, source: Source, size: int = SIZE) -> None:
        """Begin at the source's beginning, with nothing read."""
        self.source = source
        self.data = bytearray(size + _BEHIND)
        self.view = memoryview(self.data)
        self.array: U8 = np.frombuffer(self.data, np.uint8)
        self.size = size
        self.at = 0
        self.end = 0
        self.base = 0

    @property
    def spare(self) -> int:
        """Return where the room behind the window begins (see `batch.Batch`)."""
        return self.size + PADDING

    @property
    def position(self) -> int:
        """Return the position of `at` in the (decompressed) stream."""
        return self.base + self.at

    def fill(self) -> bool:
        """Move what is left to the front and read a window full; say whether there was more."""
        grew = self.advance()
        while self.more():
            pass
        return grew

    def more(self) -> bool:
        """Read a piece behind what is there; say whether there was room, and more."""
        room = min(self.end + PIECE, self.size)
        count = self.source.readinto(self.view[self.end : room]) if room > self.end else 0
        self.end += count
        return count > 0

    def advance(self) -> bool:
        """Move what is left to the front and read a piece; say whether there was more.

        A window that is full of one record grows, up to `LARGEST`.
        """
        left = self.end - self.at
        if left == self.size and self.size < LARGEST:
            self._grow()
        if self.at:
            self.view[:left] = self.view[self.at : self.end]
            self.base += self.at
            self.at, self.end = 0, left
        return self.more()

    def _grow(self) -> None:
        """Have twice the room."""
        larger = bytearray(self.size * 2 + _BEHIND)
        larger[: self.end] = self.view[: self.end]
        self.size *= 2
        self.data = larger
        self.view = memoryview(larger)
        self.array = np.frombuffer(larger, np.uint8)

    def close(self) -> None:
        """Give the memory back."""
        self.data = bytearray()
        self.view = memoryview(self.data)
        self.array = np.frombuffer(self.data, np.uint8)
        self.base += self.at
        self.at = self.end = self.size = 0

    def holds(self, length: int) -> bool:
        """Say whether `length` bytes are there, reading more where they are not yet."""
        return self.end - self.at >= length or (self.fill() and self.end - self.at >= length)
