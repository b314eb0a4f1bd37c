"""Rows of fixed width gathered from a buffer at any offsets, and the fields in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auditor.packets.batch import I64, U8, U16, U32, U64


class Rows:
    """One row of `width` bytes an offset. All fields are big-endian, as on the wire.

    One gather of whole rows, then columns out of the small copy, is four times faster than a
    gather for each field of the whole buffer: the copy stays in the processor's cache.
    """

    def __init__(self, buffer: U8, offsets: I64, width: int) -> None:
        """Gather the rows. Every offset must leave `width` bytes in the buffer."""
        self._width = width
        self._count = len(offsets)
        whole: NDArray[np.void] = np.ndarray(
            (max(len(buffer) - width + 1, 0),), f"V{width}", buffer.data, strides=(1,)
        )
        self._rows = whole[offsets]

    def byte(self, at: int) -> U8:
        """Return the byte at a place of every row."""
        return self._field("u1", at).astype(np.uint8)

    def word(self, at: int) -> U16:
        """Return two bytes."""
        return self._field(">u2", at).astype(np.uint16)

    def long(self, at: int) -> U32:
        """Return four bytes."""
        return self._field(">u4", at).astype(np.uint32)

    def double(self, at: int) -> U64:
        """Return eight bytes."""
        return self._field(">u8", at).astype(np.uint64)

    def little(self, at: int) -> U32:
        """Return four bytes in little-endian order."""
        return self._field("<u4", at).astype(np.uint32)

    def _field(self, kind: str, at: int) -> NDArray[np.unsignedinteger]:
        if not self._count:
            return np.zeros(0, kind)
        return np.ndarray((self._count,), kind, self._rows.data, offset=at, strides=(self._width,))
