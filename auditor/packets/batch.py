"""A stretch of a capture: packets of one link type, as columns over one buffer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    from auditor.packets._rows import Rows

Bools: TypeAlias = NDArray[np.bool_]
U8: TypeAlias = NDArray[np.uint8]
U16: TypeAlias = NDArray[np.uint16]
U32: TypeAlias = NDArray[np.uint32]
U64: TypeAlias = NDArray[np.uint64]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]

_Number = TypeVar("_Number", np.bool_, np.uint8)

# Bytes that may be read after the end of any packet: rows of fixed width are gathered.
PADDING = 256
# Bytes of every packet that are copied at once: a cooked header, the longest IPv4 header and a
# transport's fixed part fit in it, and so do two VLAN tags and either version of IP.
HEAD = 112
# Room behind a window for payloads that are not in it as they are (see `Batch.spare`).
SPARE = 1 << 18
# Packets of a batch, at most.
MOST_PACKETS = 32768


class Batch(Struct, frozen=True, kw_only=True):
    """Packets in file order: packet `i` is `buffer[offsets[i]:offsets[i] + captured[i]]`.

    `wire` is the length it had on the link, `times` nanoseconds since 1970, `order` its number
    in the capture (from 0). `fcs` is the length of the frame check sequence at the end of each.
    The buffer has `PADDING` bytes more than its packets need, and is used again: copy what is
    kept. `heads` are the packets' first `HEAD` bytes, with what follows in the buffer where they
    are shorter. At `spare` the buffer has room for `SPARE` bytes, where it is not 0. At most
    `MOST_PACKETS` packets.
    """

    buffer: U8
    heads: Rows
    offsets: I64
    captured: I64
    wire: I64
    times: I64
    order: I64
    link_type: int
    interface: str = ""
    fcs: int = 0
    spare: int = 0

    def __len__(self) -> int:
        """Return the number of packets."""
        return len(self.offsets)

    def packet(self, index: int) -> bytes:
        """Return the bytes of one packet."""
        start = int(self.offsets[index])
        return self.buffer[start : start + int(self.captured[index])].tobytes()


def marked(size: int, numbers: Iterable[int]) -> Bools:
    """Return a table of `size` values that is true at some numbers."""
    table: Bools = np.zeros(size, np.bool_)
    table[list(numbers)] = True
    return table


def grown(column: NDArray[_Number], size: int) -> NDArray[_Number]:
    """Return a column with room for `size` values: itself, or one twice as long, of noughts."""
    if size <= len(column):
        return column
    larger = np.zeros(max(size, 2 * len(column)), column.dtype)
    larger[: len(column)] = column
    return larger
