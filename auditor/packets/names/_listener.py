"""Hears batches with every reader of names; puts together beginnings of TCP directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from auditor.packets.batch import I64, grown
from auditor.packets.candidates import TCP, UDP, Candidates, Rows
from auditor.packets.flows import FlowTable
from auditor.packets.listening import Heard, Payloads
from auditor.packets.names import _clear_text
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader
from auditor.packets.names._services import Services
from auditor.packets.streams import Stream

# Directions that are put together at once; and segments that may wait for one that is lost.
MOST_STREAMS = 1024
_MOST_STALLS = 16
_HOLE_BYTES = 1 << 14
# Bits of who is to hear a row, above those of the hearers: the stream that it is a segment of,
# and all hearers, where it came before the first segment of its direction.
_FOLLOWED, _EARLY = 1 << 30, 1 << 31


class _Following(Struct, gc=False):
    """A TCP direction that is put together, and who waits for it."""

    stream: Stream
    hearers: tuple[tuple[str, Hearer], ...]
    most: int
    first: Message
    stalls: int = 0


class NameListener:
    """One capture's names. Rows are chosen by columns; what was chosen is read in file order."""

    def __init__(self, readers: Sequence[NameReader]) -> None:
        """Begin with nothing heard."""
        self._hearers: list[tuple[str, Hearer]] = [(r.title, r.begin()) for r in readers]
        # The last, who hears of a row only what nobody before it knew.
        self._services = 1 << len(self._hearers)
        self._service = Services()
        self._hearers.append(("services", self._service))
        self._on_tcp = tuple(pair for pair in self._hearers if TCP in pair[1].transports)
        self._called: dict[int, tuple[tuple[str, Hearer], ...]] = {}
        self._ledger = Ledger()
        self._streams: dict[int, _Following] = {}
        self._wanted = np.zeros(4096, np.bool_)
        self._begun: dict[int, int] = {}

    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        """Hear a batch."""
        if not len(payloads):
            return
        self._grow(2 * len(flows))
        candidates = Candidates(payloads)
        who = self._chosen(candidates, flows)
        rows = np.flatnonzero(who)
        self._begun.clear()
        self._hear(payloads, flows, rows, who[rows])
        if self._begun:
            later = self._later(candidates, who)
            self._hear(payloads, flows, later, np.full(len(later), _FOLLOWED))
        _clear_text.look(payloads, self._ledger)

    def finish(self, flows: FlowTable) -> Heard:
        """Read what still waits, and return what was heard."""
        del flows
        for direction in list(self._streams):
            self._end(direction)
        for _title, hearer in self._hearers:
            hearer.close(self._ledger)
        return self._ledger.closed()

    def _grow(self, size: int) -> None:
        self._wanted = grown(self._wanted, size)
        if size > 2 * len(self._ledger.known):
            more = size - len(self._ledger.known)
            self._ledger.known += bytes(more)
            self._ledger.sealed += bytes(more)

    def _chosen(self, candidates: Candidates, flows: FlowTable) -> I64:
        """Return who is to hear each row of a batch: a bit for each hearer, 0 for nobody."""
        payloads, tcp = candidates.payloads, candidates.tcp
        present = {TCP: len(tcp.at) > 0, UDP: len(candidates.udp.at) > 0}
        chosen = [
            (1 << place, hearer.choose(candidates))
            for place, (_title, hearer) in enumerate(self._hearers)
            if any(present.get(transport, True) for transport in hearer.transports)
        ]
        chosen.append((_FOLLOWED, tcp.at[self._wanted[payloads.direction[tcp.at]]]))
        chosen.append((_EARLY, _early(tcp, payloads, flows)))
        who = np.zeros(len(payloads), np.int64)
        for bit, rows in chosen:
            if len(rows):
                who[rows] |= bit
        return who

    def _later(self, candidates: Candidates, who: I64) -> I64:
        """Return what follows, in this batch, of streams that began in it and was not heard."""
        rows = candidates.tcp.at
        directions = candidates.payloads.direction[rows]
        more = np.flatnonzero(self._wanted[directions] & (who[rows] == 0))
        begun = self._begun
        pairs = zip(rows[more].tolist(), directions[more].tolist(), strict=True)
        return np.array([r for r, d in pairs if r > begun.get(d, r)], np.int64)

    def _hear(self, payloads: Payloads, flows: FlowTable, rows: I64, who: I64) -> None:
        columns = zip(
            who.tolist(), payloads.at[rows].tolist(), payloads.length[rows].tolist(),
            payloads.size[rows].tolist(), payloads.flow[rows].tolist(),
            payloads.side[rows].tolist(), payloads.nth[rows].tolist(),
            payloads.sport[rows].tolist(), payloads.dport[rows].tolist(),
            payloads.protocol[rows].tolist(), payloads.time[rows].tolist(),
            payloads.seq[rows].tolist(), rows.tolist(), strict=True,
        )  # fmt: skip
        buffer, ledger, services = payloads.buffer, self._ledger, self._services
        streams, known = self._streams, ledger.known
        for bits, at, length, size, flow, side, nth, sport, dport, proto, time, seq, row in columns:
            following = streams.get(flow * 2 + side)
            over = bits == _FOLLOWED or (bits == services and known[flow])
            if over and following is None:
                continue
            ledger.row = row
            message = Message(
                buffer[at : at + length].tobytes(), size, flow, side, nth, sport, dport, proto,
                time, proto == TCP and length == size, flows,
            )  # fmt: skip
            if following is not None:
                self._continue(flow * 2 + side, following, seq, message)
            elif bits & _EARLY:
                start = int(flows.isn[flow * 2 + side]) + 1
                self._follow(message, self._on_tcp, start, seq, row, _HOLE_BYTES)
            else:
                self._tell(message, bits, seq, row)

    def _tell(self, message: Message, bits: int, seq: int, row: int) -> None:
        """Let everyone hear who is to, until one begins to put the direction together."""
        called = self._called.get(bits)
        if called is None:
            called = tuple(p for n, p in enumerate(self._hearers) if bits >> n & 1)
            self._called[bits] = called
        for title, hearer in called:
            if hearer is self._service and self._ledger.known[message.flow]:
                return
            if hearer.follows and message.protocol == TCP:
                begin = int(message.flows.isn[message.flow * 2 + message.side])
                start = begin + 1 if begin >= 0 and not message.nth else seq
                self._follow(message, ((title, hearer),), start, seq, row, hearer.most)
                return
            if self._ask(title, hearer, message) < 0:
                self._follow(message, ((title, hearer),), seq, seq, row, hearer.most)
                return

    def _ask(self, title: str, hearer: Hearer, message: Message) -> int:
        try:
            return hearer.hear(message, self._ledger)
        except Exception:  # noqa: BLE001 - one message is lost and told, not the whole capture
            self._ledger.gap("crashed", f"a message of {title} could not be read")
            return 0

    def _follow(  # noqa: PLR0913, PLR0917
        self,
        message: Message,
        hearers: tuple[tuple[str, Hearer], ...],
        start: int,
        seq: int,
        row: int,
        most: int,
    ) -> None:
        """Begin to put a direction together."""
        while len(self._streams) >= MOST_STREAMS:
            self._ledger.gap("limit", f"more than {MOST_STREAMS} beginnings of TCP streams at once")
            self._end(next(iter(self._streams)))
        direction = message.flow * 2 + message.side
        # What the first message held is in the stream; its bytes are not kept twice.
        following = _Following(Stream(start, most), hearers, most, replace(message, data=b""))
        self._streams[direction] = following
        self._wanted[direction] = True
        self._begun[direction] = row
        self._continue(direction, following, seq, message)

    def _continue(self, direction: int, following: _Following, seq: int, message: Message) -> None:
        stream = following.stream
        if not stream.add(seq, message.data):
            following.stalls += 1
            endless = any(hearer.follows for _title, hearer in following.hearers)
            if following.stalls > _MOST_STALLS:
                if endless and stream.jump():
                    self._ledger.gap("malformed", "TCP streams of which a segment was not captured")
                    following.stalls = 0
                else:
                    self._end(direction)
                    return
            else:
                return
        if message.cut:
            self._advance(direction, following, more=False)
        else:
            self._advance(direction, following, more=not stream.full)

    def _advance(self, direction: int, following: _Following, *, more: bool) -> None:
        """Let those hear who wait; end the stream when nobody does any more."""
        stream = following.stream
        data = bytes(stream.data)
        message = replace(following.first, data=data, size=len(data), more=more)
        waiting = []
        for title, hearer in following.hearers:
            if hearer.follows:
                if message.dport not in hearer.ports and message.sport not in hearer.ports:
                    continue
                stream.consume(max(self._ask(title, hearer, message), 0))
                if more or not stream.full:
                    waiting.append((title, hearer))
            elif self._ask(title, hearer, message) < 0 and more:
                waiting.append((title, hearer))
        following.hearers = tuple(waiting)
        if not waiting:
            self._drop(direction)

    def _drop(self, direction: int) -> None:
        """Forget a direction; tell where it said two things in one place."""
        following = self._streams.pop(direction, None)
        self._wanted[direction] = False
        if following is not None and following.stream.contradicted:
            self._ledger.gap("malformed", "TCP streams whose bytes differ where they came twice")

    def _end(self, direction: int) -> None:
        """Let those who wait for a direction hear what there is of it."""
        following = self._streams[direction]
        if following.stream.data:
            self._advance(direction, following, more=False)
        while following.hearers and following.stream.jump():
            self._ledger.gap("malformed", "TCP streams of which a segment was not captured")
            if direction not in self._streams:
                break
            self._advance(direction, following, more=False)
        self._drop(direction)


def _early(tcp: Rows, payloads: Payloads, flows: FlowTable) -> I64:
    """Return the first segments of directions that are not the first ones by their numbers."""
    first = tcp.at[tcp.nth == 0]
    begins = flows.isn[payloads.direction[first]]
    ahead = (payloads.seq[first].astype(np.int64) - begins - 1) % (1 << 32)
    early: I64 = first[(begins >= 0) & (ahead > 0) & (ahead < _HOLE_BYTES)]
    return early
