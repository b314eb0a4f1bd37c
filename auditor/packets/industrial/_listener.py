"""Hears batches with every signature: decides a flow, then looks at each new kind of message."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from auditor.packets.batch import I64, U8, U32, Bools, grown
from auditor.packets.candidates import TCP, UDP, Rows
from auditor.packets.dissected import LAYER_2
from auditor.packets.flows import FlowTable
from auditor.packets.industrial._marks import marks_of, masks_of, packets_of
from auditor.packets.industrial._signature import OPERATIONS, Likeness, Packet, Signature
from auditor.packets.listening import FlowNote, Heard, Payloads, Unheard
from auditor.packets.streams import Stream

# Packets with payload of a direction that are looked at before a flow is given up; more on a port
# of a signature's, where a capture may begin in the middle of a message.
_LOOKS, _LOOKS_ON_PORT = 8, 64
# Off its port, what has little magic is believed when both ends spoke so, this often in all.
_AGREEING = 4
# On its port, so often where it did not at first: in long streams of noise some is like anything.
_LATE = 3
_ANY_PORT = 1 << 16
# Beginnings that came in pieces: as much is put together, of as many directions at once.
_PIECES, _MOST_STREAMS = 2048, 1024
_MOST_SEEN = 1 << 18
_NOBODY_EVER = 255
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


class _Transport:
    """The signatures of a transport: by first byte (a bit each), and by port (a bit each)."""

    def __init__(self, signatures: Sequence[Signature], *, tcp: bool) -> None:
        self.by_first: U32 = np.zeros(256, np.uint32)
        self.by_port: U32 = np.zeros(_ANY_PORT, np.uint32)
        self.anything: list[int] = []
        self.numbers: list[int] = []
        for number, signature in enumerate(signatures):
            if not (signature.on_tcp if tcp else signature.on_udp):
                continue
            bit = np.uint32(1 << number)
            self.by_port[list(signature.tcp if tcp else signature.udp)] |= bit
            if signature.firsts:
                self.numbers.append(number)
                self.by_first[list(signature.firsts)] |= bit
            else:
                self.anything.append(number)


class IndustrialListener:
    """One capture's industrial flows."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """Begin with nothing heard."""
        self._signatures = tuple(signatures)
        self._tcp = _Transport(signatures, tcp=True)
        self._udp = _Transport(signatures, tcp=False)
        self._on_link = {kind: s for s in signatures for kind in s.ether_types}
        # Of each flow: 0 nobody's yet, else the number of its signature and one.
        self._owner: U8 = np.zeros(4096, np.uint8)
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
        owner = np.where(payloads.flow >= 0, self._owner[payloads.flow], _NOBODY_EVER)
        early = np.flatnonzero((owner == 0) & (payloads.nth < _LOOKS_ON_PORT))
        protocol = payloads.protocol[early]
        self._look(payloads, early[protocol == TCP], flows, self._tcp)
        self._look(payloads, early[protocol == UDP], flows, self._udp)
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
        self._otherwise = grown(self._otherwise, size)

    def _look(self, payloads: Payloads, at: I64, flows: FlowTable, transport: _Transport) -> None:
        """Judge rows of flows that are nobody's: first by columns, then one by one."""
        ports = transport.by_port[payloads.sport[at]] | transport.by_port[payloads.dport[at]]
        wanted = (payloads.nth[at] < _LOOKS) | (ports != 0)
        at, ports = at[wanted], ports[wanted]
        if not len(at):
            return
        head, begins = payloads.head[at] >> np.uint64(32), payloads.nth[at] == 0
        others = begins & (np.isin(head, _OTHERS) | (head >> np.uint64(16) == _TLS))
        self._otherwise[payloads.flow[at[others]]] = True
        possible = self._possible(payloads, at, transport)
        pieces = (ports != 0) & (payloads.protocol[at] == TCP) & (payloads.nth[at] < _LOOKS)
        some = np.flatnonzero((possible != 0) | pieces)
        rows = at[some]
        columns = zip(
            rows.tolist(), possible[some].tolist(), ports[some].tolist(), pieces[some].tolist(),
            payloads.flow[rows].tolist(), payloads.side[rows].tolist(),
            (payloads.nth[rows] < _LOOKS).tolist(), strict=True,
        )  # fmt: skip
        for row, bits, on_port, in_pieces, flow, side, early in columns:
            if self._owner[flow]:
                continue
            if self._otherwise[flow]:
                on_port = 0  # noqa: PLW2901 - of this row alone
            packet = next(packets_of(payloads, np.array((row,), np.int64)))
            if bits and self._judge(packet, flow, side, bits, on_port, early=early):
                continue
            if in_pieces:
                self._piece(payloads, row, packet, flows, on_port)

    def _possible(self, payloads: Payloads, at: I64, transport: _Transport) -> U32:
        """Return, of each row, the signatures that it may be a message of (a bit each)."""
        first = (payloads.head[at] >> np.uint64(56)).astype(np.uint8)
        listed = transport.by_first[first]
        possible: U32 = np.zeros(len(at), np.uint32)
        some = np.flatnonzero(listed)
        if len(some):
            rows, bits = Rows(payloads, at[some]), listed[some]
            for number in transport.numbers:
                bit = np.uint32(1 << number)
                possible[some] |= np.where(_chosen(self._signatures[number], rows), bits & bit, 0)
        if transport.anything:
            rows = Rows(payloads, at)
            for number in transport.anything:
                possible[_chosen(self._signatures[number], rows)] |= np.uint32(1 << number)
        return possible

    def _judge(  # noqa: PLR0913
        self, packet: Packet, flow: int, side: int, bits: int, on_port: int, *, early: bool
    ) -> bool:
        """Give a flow to the signature that its payload is most like; return whether one has it."""
        best: tuple[int, bool, int] | None = None
        for number, signature in enumerate(self._signatures):
            if not bits >> number & 1:
                continue
            likeness = self._ask(signature, packet)
            at_home = bool(on_port >> number & 1)
            if likeness == Likeness.MAYBE and not (at_home and early):
                sides, count = self._told(flow, side, number)
                if count < _LATE if at_home else sides != 3 or count < _AGREEING:  # noqa: PLR2004
                    continue
            if likeness and (best is None or (likeness, at_home) > best[:2]):
                best = (likeness, at_home, number)
        if best is None:
            return False
        self._owner[flow] = best[2] + 1
        self._known[flow] = _Known(self._signatures[best[2]])
        for direction in (flow * 2, flow * 2 + 1):
            stream = self._streams.pop(direction, None)
            if stream is not None:
                self._hear(self._known[flow], packet._replace(data=bytes(stream.data)))
        return True

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
        for flow, packet in zip(payloads.flow[at].tolist(), packets_of(payloads, at), strict=True):
            signature = self._on_link.get(packet.ether_type)
            if signature is None or self._owner[flow]:
                continue
            if self._ask(signature, packet):
                self._owner[flow] = self._signatures.index(signature) + 1
                self._known[flow] = _Known(signature)

    def _follow(self, payloads: Payloads) -> None:
        """Look at every message of known flows that is not like one that was looked at."""
        owner = np.where(payloads.flow >= 0, self._owner[payloads.flow], 0)
        some = np.flatnonzero(owner)
        if not len(some):
            return
        marks = marks_of(payloads, some, self._told_by[owner[some]])
        _unique, first = np.unique(marks, return_index=True)
        first.sort()
        new = [index for index in first.tolist() if int(marks[index]) not in self._seen]
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.update(marks[new].tolist())
        rows = some[new]
        for flow, packet in zip(
            payloads.flow[rows].tolist(), packets_of(payloads, rows), strict=True
        ):
            self._hear(self._known[flow], packet)

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


def _chosen(signature: Signature, rows: Rows) -> Bools:
    if signature.chooses is None:
        return np.ones(len(rows.at), np.bool_)
    return signature.chooses(rows)


def _note(known: _Known) -> FlowNote:
    operations = ", ".join(word for word in OPERATIONS if word in known.operations)
    return FlowNote(
        application=known.signature.application,
        encrypted=known.encrypted,
        encrypted_why=known.why,
        facts=(("operations", operations),) if operations else (),
    )
