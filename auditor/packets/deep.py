"""Keeps payloads of industrial flows to be dissected: those that cross a zone have more room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from msgspec import Struct

from auditor.capture.talks import LAYERS, Carried, Segment, Talk
from auditor.packets._ends import ends as ends_of
from auditor.packets.batch import I64, U8, grown
from auditor.packets.candidates import TCP
from auditor.packets.dissected import LAYER_2
from auditor.packets.flows import FlowTable
from auditor.packets.industrial._signature import Signature
from auditor.packets.listening import FlowEnds, Heard, Payloads

# Packets and bytes with payload that are kept of one flow.
PACKETS_OF_FLOW, BYTES_OF_FLOW = 16_384, 4 << 20
# Of all flows that cross a zone, and of all others.
PACKETS_CROSSING, BYTES_CROSSING = 120_000, 32 << 20
PACKETS_WITHIN, BYTES_WITHIN = 20_000, 8 << 20
# Flows whose ends are put in order together.
_AT_ONCE = 1 << 14

Crosses = Callable[[str, str], bool]


class Industrial(Protocol):
    """Who knows which flows are industrial."""

    @property
    def owners(self) -> U8:
        """Return, by flow, 0 where it is nobody's, else the number of a signature and one."""

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Return the signatures by their numbers."""


class Room(Struct):
    """What may still be kept."""

    packets: int
    bytes: int

    def take(self, size: int) -> bool:
        """Take room for a payload; say whether there was any."""
        if self.packets <= 0 or self.bytes < size:
            return False
        self.packets -= 1
        self.bytes -= size
        return True


class Kept(Struct):
    """A flow's payloads: the side of the key that sent each, its TCP number and its bytes."""

    crossing: bool
    room: Room
    said: list[tuple[int, int, bytes]]


class DeepListener:
    """One capture's industrial flows, to be dissected when it ends."""

    def __init__(self, industrial: Industrial, crosses: Crosses) -> None:
        """Begin with nothing kept; `crosses` says whether two addresses lie in two zones."""
        self._industrial = industrial
        self._crosses = crosses
        self._shared = {
            True: Room(PACKETS_CROSSING, BYTES_CROSSING),
            False: Room(PACKETS_WITHIN, BYTES_WITHIN),
        }
        self._kept: dict[int, Kept] = {}
        # Flows of which no more is kept.
        self._closed = np.zeros(4096, np.bool_)

    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        """Hear a batch, after the listener that knows what is industrial."""
        self._closed = grown(self._closed, len(flows))
        wanted = (self._owner(payloads.flow) > 0) & ~self._closed[payloads.flow]
        for row in np.flatnonzero(wanted).tolist():
            self._keep(payloads, row, flows)

    def finish(self, flows: FlowTable) -> Heard:
        """Return nothing: what was kept is asked for by `conversations`."""
        del flows
        return Heard(notes={})

    def conversations(
        self, flows: FlowTable
    ) -> Iterator[tuple[int, FlowEnds, Signature, Kept | None]]:
        """Yield every industrial flow with its ends and its signature, and what was kept of it."""
        owners = self._industrial.owners[: len(flows)]
        industrial = np.flatnonzero(owners)
        for start in range(0, len(industrial), _AT_ONCE):
            some = industrial[start : start + _AT_ONCE]
            for flow, ends in zip(some.tolist(), ends_of(flows, some), strict=True):
                signature = self._industrial.signatures[int(owners[flow]) - 1]
                yield flow, ends, signature, self._kept.get(flow)

    def _owner(self, flow: I64) -> U8:
        owners = self._industrial.owners
        known = flow < len(owners)
        return np.where(known, owners[np.where(known, flow, 0)], 0).astype(np.uint8)

    def _keep(self, payloads: Payloads, row: int, flows: FlowTable) -> None:
        flow = int(payloads.flow[row])
        if self._closed[flow]:
            return
        kept = self._kept.get(flow)
        if kept is None:
            kept = self._begun(flow, flows)
            if kept is None:
                return
        size = int(payloads.length[row])
        if not (kept.room.take(size) and self._shared[kept.crossing].take(size)):
            self._closed[flow] = True
            return
        kept.said.append(
            (int(payloads.side[row]), int(payloads.seq[row]), bytes(payloads.payload(row)))
        )

    def _begun(self, flow: int, flows: FlowTable) -> Kept | None:
        """Return a place for a flow's payloads, `None` where nobody can dissect them."""
        signature = self._industrial.signatures[int(self._industrial.owners[flow]) - 1]
        if signature.application not in LAYERS:
            self._closed[flow] = True
            return None
        one, other = flows.speaker(flow, 0)[0], flows.speaker(flow, 1)[0]
        kept = Kept(self._crosses(one, other), Room(PACKETS_OF_FLOW, BYTES_OF_FLOW), [])
        self._kept[flow] = kept
        return kept


def talk_of(number: int, signature: Signature, kept: Kept, client: int, ends: FlowEnds) -> Talk:
    """Return what is handed over of a flow; `client` is the side of the key that asks."""
    carried: Carried = "frame" if ends.protocol >= LAYER_2 else "datagram"
    if ends.protocol == TCP:
        carried = "stream"
    return Talk(
        number=number,
        application=signature.application,
        carried=carried,
        segments=tuple(Segment(side == client, seq, data) for side, seq, data in kept.said),
    )


def client_of(signature: Signature, flows: FlowTable, flow: int, ends: FlowEnds) -> int:
    """Return the side of the key that asks: the one that is not on a port of the protocol.

    Where both are, or none, it is the initiator.
    """
    ports = {*signature.tcp, *signature.udp}
    first, second = flows.speaker(flow, 0), flows.speaker(flow, 1)
    serves = (first[1] in ports, second[1] in ports)
    if serves[0] != serves[1]:
        return 1 if serves[0] else 0
    return 0 if first == (ends.src, ends.src_port) else 1
