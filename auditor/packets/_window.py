"""A window that moves over a capture: a buffer of fixed size, filled again from the source."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import PADDING, U8
from auditor.packets.source import Source

# Large enough that what a block and each flow in it cost is small beside their packets, small
# enough that the headers of its packets stay in the processor's cache between two passes.
SIZE = 8 << 20

# The longest record that is believed (see `_stream.LONGEST_BLOCK`), and some more.
LARGEST = 32 << 20


class Window:
    """Bytes `at` to `end` of `data` are there; `data[0]` is at `base` of the stream."""

    def __init__(self, source: Source, size: int = SIZE) -> None:
        """Begin at the source's beginning, with nothing read."""
        self.source = source
        self.data = bytearray(size + PADDING)
        self.view = memoryview(self.data)
        self.array: U8 = np.frombuffer(self.data, np.uint8)
        self.size = size
        self.at = 0
        self.end = 0
        self.base = 0

    @property
    def position(self) -> int:
        """Return the position of `at` in the (decompressed) stream."""
        return self.base + self.at

    def fill(self) -> bool:
        """Move what is left to the front and read more; say whether there was more.

        A window that is full of one record grows, up to `LARGEST`.
        """
        left = self.end - self.at
        if left == self.size and self.size < LARGEST:
            self._grow()
        if self.at:
            self.view[:left] = self.view[self.at : self.end]
            self.base += self.at
            self.at, self.end = 0, left
        begun = self.end
        while self.end < self.size:
            count = self.source.readinto(self.view[self.end : self.size])
            if not count:
                break
            self.end += count
        return self.end > begun

    def _grow(self) -> None:
        """Have twice the room."""
        larger = bytearray(self.size * 2 + PADDING)
        larger[: self.end] = self.view[: self.end]
        self.size *= 2
        self.data = larger
        self.view = memoryview(larger)
        self.array = np.frombuffer(larger, np.uint8)

    def holds(self, length: int) -> bool:
        """Say whether `length` bytes are there, reading more where they are not yet."""
        return self.end - self.at >= length or (self.fill() and self.end - self.at >= length)
