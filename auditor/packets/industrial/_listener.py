"""Hears batches with every signature: decides a flow, then looks at each new kind of message."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from auditor.packets.batch import I64, U8, U32, Bools, grown
from auditor.packets.candidates import TCP, UDP, Rows
from auditor.packets.dissected import LAYER_2
from auditor.packets.flows import FlowTable
from auditor.packets.industrial._marks import marks_of, masks_of, packet_of
from auditor.packets.industrial._signature import OPERATIONS, Likeness, Packet, Signature
from auditor.packets.industrial._sorted import Sorted
from auditor.packets.listening import FlowNote, Heard, Payloads, Unheard
from auditor.packets.streams import Stream

# Packets with payload of a direction that are looked at before a flow is given up; more on a port
# of a signature's, where a capture may begin in the middle of a message.
_LOOKS, _LOOKS_ON_PORT = 8, 64
# Off its port, what has little magic is believed when both ends spoke so, this often in all.
_AGREEING = 4
# On its port, so often where it did not at first: in long streams of noise some is like anything.
_LATE = 3
# Beginnings that came in pieces: as much is put together, of as many directions at once.
_PIECES, _MOST_STREAMS = 2048, 1024
_MOST_SEEN = 1 << 18
# How TLS, SSH and HTTP begin: bytes of theirs look like a message now and then.
_TLS = 0x1603
_BEGINNINGS = (b"SSH-", b"HTTP", b"GET ", b"POST", b"PUT ", b"HEAD")
_OTHERS = np.array([int.from_bytes(word, "big") for word in _BEGINNINGS], np.uint64)


class _Known(Struct, gc=False):
    """What is known of a flow that a signature has."""

    signature: Signature
    operations: frozenset[str] = frozenset()
    encrypted: bool | None = None
    why: str = ""


class IndustrialListener:
    """One capture's industrial flows."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """Begin with nothing heard."""
        self._signatures = tuple(signatures)
        self._sorted = Sorted(signatures)
        self._on_link = {kind: s for s in signatures for kind in s.ether_types}
        # Of each flow: 0 nobody's yet, else the number of its signature and one.
        self._owner: U8 = np.zeros(4096, np.uint8)
        # Looks that it is not given: all once it has an owner, some where its ports are nobody's.
        self._forgone: U8 = np.zeros(4096, np.uint8)
        # Whether it began as something else, so that its port speaks for nothing.
        self._otherwise: Bools = np.zeros(4096, np.bool_)
        self._told_by = masks_of(self._signatures)
        self._known: dict[int, _Known] = {}
        self._maybe: dict[tuple[int, int], tuple[int, int]] = {}
        self._streams: dict[int, Stream] = {}
        self._seen: set[int] = set()
        self._crashed: dict[str, int] = {}

    @property
    def owners(self) -> U8:
        """Return, by flow, 0 where it is nobody's, else the number of its signature and one."""
        return self._owner

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Return the signatures by their numbers."""
        return self._signatures

    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        """Hear a batch."""
        if not len(payloads):
            return
        self._grow(len(flows))
        self._begin(payloads)
        early = np.flatnonzero(payloads.nth + self._forgone[payloads.flow] < _LOOKS_ON_PORT)
        protocol = payloads.protocol[early]
        self._look(payloads, early[(protocol == TCP) | (protocol == UDP)], flows)
        self._look_on_link(payloads, early[protocol >= LAYER_2])
        if self._known:
            self._follow(payloads)

    def finish(self, flows: FlowTable) -> Heard:
        """Return what was understood."""
        del flows
        return Heard(
            notes={flow: _note(known) for flow, known in self._known.items()},
            gaps=tuple(
                Unheard(
                    reason="crashed", detail=f"a message of {title} could not be read", count=count
                )
                for title, count in self._crashed.items()
            ),
        )

    def _grow(self, size: int) -> None:
        self._owner = grown(self._owner, size)
        self._forgone = grown(self._forgone, size)
        self._otherwise = grown(self._otherwise, size)

    def _begin(self, payloads: Payloads) -> None:
        """Note of directions that begin whether as something else, and whether off all ports."""
        first = np.flatnonzero(payloads.nth == 0)
        flow, protocol = payloads.flow[first], payloads.protocol[first]
        head = payloads.head[first] >> np.uint64(32)
        others = (head[:, None] == _OTHERS).any(1) | (head >> np.uint64(16) == _TLS)
        self._otherwise[flow[others]] = True
        off = (protocol < LAYER_2) & (self._sorted.by_port(payloads, first) == 0)
        self._forgone[flow[off]] |= _LOOKS_ON_PORT - _LOOKS

    def _look(self, payloads: Payloads, at: I64, flows: FlowTable) -> None:
        """Judge rows of flows that are nobody's: first by columns, then one by one."""
        ports = self._sorted.by_port(payloads, at)
        wanted = (payloads.nth[at] < _LOOKS) | (ports != 0)
        rows, ports = Rows(payloads, at[wanted]), ports[wanted]
        if not len(rows.at):
            return
        early = rows.nth < _LOOKS
        possible = self._possible(rows)
        pieces = (ports != 0) & early & (rows.protocol == TCP)
        some = np.flatnonzero((possible != 0) | pieces)
        at = rows.at[some]
        places = zip(some.tolist(), at.tolist(), payloads.flow[at].tolist(), strict=True)
        for place, row, flow in places:
            if flow in self._known:
                continue
            packet, side = packet_of(payloads, row), payloads.side.item(row)
            bits, on_port = possible.item(place), ports.item(place)
            if self._otherwise.item(flow):
                on_port = 0
            if bits and self._judge(packet, flow, side, bits, on_port, early=early.item(place)):
                continue
            if pieces.item(place):
                self._piece(payloads, row, packet, flows, on_port)

    def _possible(self, rows: Rows) -> U32:
        """Return, of each row, the signatures that it may be a message of (a bit each)."""
        possible = self._chosen(self._sorted.anything, rows) & self._sorted.spoken(rows)
        listed = self._sorted.by_first(rows)
        some = np.flatnonzero(listed)
        bits = listed[some]
        numbers = _numbers(int(np.bitwise_or.reduce(bits)))
        if numbers:
            possible[some] |= bits & self._chosen(numbers, rows.some(some))
        return possible

    def _chosen(self, numbers: Sequence[int], rows: Rows) -> U32:
        """Return, of each row, which of these signatures choose it (a bit each)."""
        chosen: U32 = np.zeros(len(rows.at), np.uint32)
        for number in numbers:
            chooses, bit = self._signatures[number].chooses, np.uint32(1 << number)
            chosen |= bit if chooses is None else chooses(rows) * bit
        return chosen

    def _judge(  # noqa: PLR0913
        self, packet: Packet, flow: int, side: int, bits: int, on_port: int, *, early: bool
    ) -> bool:
        """Give a flow to the signature that its payload is most like; return whether one has it."""
        best: tuple[int, bool, int] | None = None
        for number in _numbers(bits):
            likeness = self._ask(self._signatures[number], packet)
            at_home = bool(on_port >> number & 1)
            if likeness == Likeness.MAYBE and not (at_home and early):
                sides, count = self._told(flow, side, number)
                if count < _LATE if at_home else sides != 3 or count < _AGREEING:  # noqa: PLR2004
                    continue
            if likeness and (best is None or (likeness, at_home) > best[:2]):
                best = (likeness, at_home, number)
        if best is None:
            return False
        self._give(flow, best[2])
        for direction in (flow * 2, flow * 2 + 1):
            stream = self._streams.pop(direction, None)
            if stream is not None:
                self._hear(self._known[flow], packet._replace(data=bytes(stream.data)))
        return True

    def _give(self, flow: int, number: int) -> None:
        """Give a flow to a signature."""
        self._owner[flow] = number + 1
        self._forgone[flow] = _LOOKS_ON_PORT
        self._known[flow] = _Known(self._signatures[number])

    def _told(self, flow: int, side: int, number: int) -> tuple[int, int]:
        """Return which ends (a bit each) spoke like it so far, and how often."""
        sides, count = self._maybe.get((flow, number), (0, 0))
        sides, count = sides | 1 << side, count + 1
        if len(self._maybe) >= _MOST_SEEN:
            self._maybe.clear()
        self._maybe[flow, number] = sides, count
        return sides, count

    def _piece(
        self, payloads: Payloads, row: int, packet: Packet, flows: FlowTable, on_port: int
    ) -> None:
        """Put a beginning together that came in pieces, and judge it."""
        direction = int(payloads.direction[row])
        stream = self._streams.get(direction)
        if stream is None:
            while len(self._streams) >= _MOST_STREAMS:
                del self._streams[next(iter(self._streams))]
            begin = int(flows.isn[direction])
            start = begin + 1 if begin >= 0 else int(payloads.seq[row])
            stream = self._streams[direction] = Stream(start, _PIECES)
        if stream.add(int(payloads.seq[row]), packet.data) and len(stream.data) > len(packet.data):
            joined = bytes(stream.data)
            whole = packet._replace(data=joined, size=len(joined))
            flow, side = int(payloads.flow[row]), int(payloads.side[row])
            self._judge(whole, flow, side, on_port, on_port, early=True)

    def _look_on_link(self, payloads: Payloads, at: I64) -> None:
        """Judge frames on the link."""
        for row, flow in zip(at.tolist(), payloads.flow[at].tolist(), strict=True):
            packet = packet_of(payloads, row)
            signature = self._on_link.get(packet.ether_type)
            if signature is None or flow in self._known:
                continue
            if self._ask(signature, packet):
                self._give(flow, self._signatures.index(signature))

    def _follow(self, payloads: Payloads) -> None:
        """Look at every message of known flows that is not like one that was looked at."""
        owner = self._owner[payloads.flow]
        some = np.flatnonzero(owner)
        if not len(some):
            return
        marks = marks_of(payloads, some, self._told_by.take(owner[some], 0))
        new: dict[int, int] = {}
        for row, mark in zip(some.tolist(), marks.tolist(), strict=True):
            if mark not in self._seen:
                new.setdefault(mark, row)
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.update(new)
        for row in new.values():
            self._hear(self._known[payloads.flow.item(row)], packet_of(payloads, row))

    def _hear(self, known: _Known, packet: Packet) -> None:
        try:
            detail = known.signature.detail(packet)
        except Exception:  # noqa: BLE001 - one message is lost and told, not the whole capture
            self._crash(known.signature)
            return
        known.operations |= detail.operations
        # What was seen in clear is clear: it outweighs whatever else was seen.
        if detail.why and known.encrypted is not False:
            known.encrypted, known.why = detail.encrypted, detail.why

    def _ask(self, signature: Signature, packet: Packet) -> Likeness:
        try:
            return signature.matches(packet)
        except Exception:  # noqa: BLE001 - likewise
            self._crash(signature)
            return Likeness.NO

    def _crash(self, signature: Signature) -> None:
        self._crashed[signature.title] = self._crashed.get(signature.title, 0) + 1


@lru_cache(maxsize=1 << 10)
def _numbers(bits: int) -> tuple[int, ...]:
    """Return which bits are set."""
    return tuple(number for number in range(bits.bit_length()) if bits >> number & 1)


def _note(known: _Known) -> FlowNote:
    operations = ", ".join(word for word in OPERATIONS if word in known.operations)
    return FlowNote(
        application=known.signature.application,
        encrypted=known.encrypted,
        encrypted_why=known.why,
        facts=(("operations", operations),) if operations else (),
    )
