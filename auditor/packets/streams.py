"""What one end of a TCP connection said, put back in order, as far as a bound."""

from __future__ import annotations

from bisect import bisect_right

# Segments that wait for an earlier one: more are dropped, so that a hostile capture costs little.
MOST_WAITING = 64
_TURN = 1 << 32
_HALF = 1 << 31


class Stream:
    """Bytes of one TCP direction from sequence number `start` on; at most `most` are held.

    `data` is contiguous. Of bytes that came twice, those that came first are kept; if the second
    time they differ, `contradicted` is set: a receiver may have seen another text (RFC 9293 does
    not say which it keeps). Sequence numbers turn over after 2³².
    """

    __slots__ = ("_most", "_next", "_waiting", "contradicted", "data")

    def __init__(self, start: int, most: int) -> None:
        """Begin with the byte whose sequence number is `start`."""
        self.data = bytearray()
        self.contradicted = False
        self._most = most
        self._next = start % _TURN
        self._waiting: list[tuple[int, bytes]] = []

    @property
    def full(self) -> bool:
        """Whether as many bytes are held as may be."""
        return len(self.data) >= self._most

    @property
    def missing(self) -> int:
        """Return how many bytes lack before the next segment that waits; 0 where none waits."""
        return self._waiting[0][0] if self._waiting else 0

    def add(self, seq: int, payload: bytes | bytearray | memoryview) -> bool:
        """Take a segment; return whether `data` grew."""
        ahead = (seq - self._next + _HALF) % _TURN - _HALF
        if ahead < 0:
            self._compare(ahead, payload)
            payload = payload[-ahead:]
            ahead = 0
        if not len(payload):
            return False
        room = self._most - len(self.data)
        if ahead >= room:
            return False
        payload = payload[: room - ahead]
        if ahead:
            self._wait(ahead, bytes(payload))
            return False
        if not self._waiting:
            self._grow(payload)
        else:
            self._wait(0, bytes(payload))
            self._join()
        return True

    def consume(self, count: int) -> None:
        """Drop bytes from the front of `data`, so that more may follow."""
        del self.data[:count]

    def jump(self) -> bool:
        """Give up what lacks and what is held before it; return whether `data` begins anew."""
        if not self._waiting:
            return False
        lack = self._waiting[0][0]
        self.data.clear()
        self._next = (self._next + lack) % _TURN
        self._waiting = [(at - lack, kept) for at, kept in self._waiting]
        self._join()
        return True

    def _grow(self, payload: bytes | bytearray | memoryview) -> None:
        self.data += payload
        self._next = (self._next + len(payload)) % _TURN

    def _compare(self, behind: int, payload: bytes | bytearray | memoryview) -> None:
        """Note whether bytes that were held already now read otherwise."""
        held = len(self.data)
        first = max(held + behind, 0)
        skipped = first - (held + behind)
        again = bytes(payload[skipped:-behind])
        if again != self.data[first : first + len(again)]:
            self.contradicted = True

    def _wait(self, at: int, payload: bytes) -> None:
        """Keep what of a segment is new, at `at` bytes after the contiguous ones."""
        for position, kept in self._between(at, at + len(payload)):
            again = payload[max(position - at, 0) : position + len(kept) - at]
            if again != kept[max(at - position, 0) :][: len(again)]:
                self.contradicted = True
        for position, piece in self._new(at, payload):
            # A piece without a gap before it always fits: it is data at once.
            if position and len(self._waiting) >= MOST_WAITING:
                return
            self._waiting.insert(bisect_right(self._waiting, (position, piece)), (position, piece))

    def _between(self, at: int, end: int) -> list[tuple[int, bytes]]:
        """Return the waiting segments that overlap a stretch."""
        return [held for held in self._waiting if held[0] < end and at < held[0] + len(held[1])]

    def _new(self, at: int, payload: bytes) -> list[tuple[int, bytes]]:
        """Return the pieces of a segment that no waiting one covers."""
        pieces = []
        end = at + len(payload)
        position = at
        for start, kept in self._between(at, end):
            if position < start:
                pieces.append((position, payload[position - at : start - at]))
            position = max(position, start + len(kept))
        if position < end:
            pieces.append((position, payload[position - at :]))
        return pieces

    def _join(self) -> None:
        """Move waiting segments that follow without a gap to `data`, and count anew from there."""
        done = 0
        grown = 0
        for at, piece in self._waiting:
            if at != grown:
                break
            self._grow(piece)
            grown += len(piece)
            done += 1
        self._waiting = [(at - grown, piece) for at, piece in self._waiting[done:]]
