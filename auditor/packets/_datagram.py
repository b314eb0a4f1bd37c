"""One IP datagram being put together: its beginning, and whether all of it came."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from msgspec.structs import replace

from auditor.packets.dissected import Dissected, Fragment, Placed

# Of a datagram, as much as names may need.
MOST_BYTES = 16384
# What a datagram may be long at all; the size of one whose end never came.
_LONGEST = 65535


class Datagram:
    """Fragments in the order they came, without their bytes; `begun` is when the first came.

    Of bytes that came twice those that came first are kept; `contradicted` if they differ.
    """

    __slots__ = (
        "_ends", "_known", "_last", "_starts", "begun", "bytes", "contradicted", "first", "parts",
    )  # fmt: skip

    def __init__(self, begun: int) -> None:
        """Begin with nothing."""
        self.begun = begun
        self.parts: list[Placed] = []
        # The number of the part with the beginning, -1 before it came.
        self.first = -1
        self.bytes = bytearray()
        self.contradicted = False
        # Stretches that came, apart from one another, in order.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._last = 0
        # Bytes after this may be missing although their fragment came: the capture cut it.
        self._known = MOST_BYTES

    @property
    def complete(self) -> bool:
        """Whether every byte came, up to the end that the last fragment has."""
        return bool(self._last and not self._starts[0] and self._ends[0] >= self._last)

    @property
    def size(self) -> int:
        """Return the length of the datagram's payload; the longest where it is not known."""
        return self._last or _LONGEST

    @property
    def start(self) -> bytes:
        """Return the bytes from the beginning to the first that lacks, at most `MOST_BYTES`."""
        if not self._starts or self._starts[0]:
            return b""
        return bytes(self.bytes[: min(self._ends[0], self._known, self.size)])

    def add(self, packet: Dissected, part: Fragment, time: int, order: int) -> int:
        """Take a fragment; return how many bytes more are held."""
        start, end = part.offset, part.offset + packet.payload_size
        if not start and self.first < 0:
            self.first = len(self.parts)
        self.parts.append(Placed(replace(packet, payload=b""), time, order))
        if not part.more:
            self.contradicted |= bool(self._last) and self._last != end
            self._last = self._last or end
        held = len(self.bytes)
        self._keep(start, packet.payload[: max(MOST_BYTES - start, 0)])
        if len(packet.payload) < packet.payload_size:
            self._known = min(self._known, start + len(packet.payload))
        self._cover(start, end)
        return len(self.bytes) - held

    def _keep(self, start: int, payload: bytes) -> None:
        """Write bytes where none were."""
        if not payload:
            return
        end = start + len(payload)
        if end > len(self.bytes):
            self.bytes.extend(bytes(end - len(self.bytes)))
        at = start
        first = bisect_right(self._ends, start)
        for number in range(first, bisect_left(self._starts, end)):
            low, high = max(self._starts[number], start), min(self._ends[number], end)
            self.bytes[at:low] = payload[at - start : low - start]
            came = payload[low - start : high - start]
            if high <= self._known and self.bytes[low:high] != came:
                self.contradicted = True
            at = high
        self.bytes[at:end] = payload[at - start :]

    def _cover(self, start: int, end: int) -> None:
        """Note that a stretch came, and join it with its neighbours."""
        first = bisect_left(self._ends, start)
        after = bisect_right(self._starts, end)
        if first < after:
            start = min(start, self._starts[first])
            end = max(end, self._ends[after - 1])
        self._starts[first:after] = [start]
        self._ends[first:after] = [end]
