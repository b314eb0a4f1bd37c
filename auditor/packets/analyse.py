"""Takes a capture's batches through columns, flows and listeners; counts every packet once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from auditor.packets import columns as fast
from auditor.packets._ends import all_ends
from auditor.packets._slow_columns import columns_of
from auditor.packets.batch import I64, Batch
from auditor.packets.columns import Columns, joined
from auditor.packets.dissected import Dissected, Placed
from auditor.packets.flows import SYN, FlowTable
from auditor.packets.listening import FlowEnds, Heard, Listener, Payloads, Unheard
from auditor.packets.skips import Skip


class Slow(Protocol):
    """The slow path: what one odd packet is, or why it is nothing."""

    def __call__(self, link_type: int, data: bytes, *, wire: int, fcs: int = 0) -> Dissected | Skip:
        """Return the packet's fields. Never raises for what is in the packet."""


class Pieces(Protocol):
    """Fragments that wait for one another."""

    def add(self, dissected: Dissected, *, time: int, order: int) -> list[Placed]:
        """Take a fragment, return those that are a flow's now."""

    def finish(self) -> list[Placed]:
        """Return those that still wait."""


class Analysis:
    """One capture being read. `packets` is `parsed` and the sum of `skipped`, when finished."""

    def __init__(self, listeners: Sequence[Listener], slow: Slow, pieces: Pieces) -> None:
        """Begin with nothing read."""
        self.flows = FlowTable()
        self.packets = 0
        self.parsed = 0
        self.wire_bytes = 0
        self.captured_bytes = 0
        self.snap_cut = 0
        self.first: int | None = None
        self.last: int | None = None
        self.skipped: Counter[str] = Counter()
        self.link_types: Counter[int] = Counter()
        self.crashes: list[Unheard] = []
        self._listeners = list(listeners)
        self._slow = slow
        self._pieces = pieces

    def take(self, batch: Batch) -> None:
        """Read a batch."""
        if not len(batch):
            return
        self._count(batch)
        split = fast.read(batch, self.flows.paths)
        self.skipped.update(split.skipped)
        placed = self._read_slowly(batch, split.odd)
        if not placed:
            self._add(split.columns)
            return
        slow = columns_of(placed, self.flows.paths, batch)
        # To add a few packets costs hardly less than to add a whole batch.
        if slow.buffer is batch.buffer:
            self._add(joined((split.columns, slow)))
        else:
            self._add(split.columns)
            self._add(slow)

    def finish(self) -> list[Heard]:
        """Place what still waits, and return what each listener heard."""
        waiting = self._pieces.finish()
        if waiting:
            self._add(columns_of(waiting, self.flows.paths))
        # What was being read when the reader failed is a flow's no more.
        lost = self.packets - self.parsed - self.skipped.total()
        if lost:
            self.skipped[Skip.CRASHED.value] += lost
        heard = []
        for listener in list(self._listeners):
            try:
                heard.append(listener.finish(self.flows))
            except Exception as error:  # noqa: BLE001 - a crash is a gap, never silence
                self._dismiss(listener, error)
        self.flows.close()
        return heard

    def ends(self) -> Iterator[tuple[int, FlowEnds]]:
        """Yield every flow with its number, in the order of their first packets."""
        return all_ends(self.flows)

    def _count(self, batch: Batch) -> None:
        self.packets += len(batch)
        self.wire_bytes += int(batch.wire.sum())
        self.captured_bytes += int(batch.captured.sum())
        self.snap_cut += int(np.count_nonzero(batch.captured < batch.wire))
        self.link_types[batch.link_type] += len(batch)
        first, last = int(batch.times.min()), int(batch.times.max())
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def _read_slowly(self, batch: Batch, odd: I64) -> list[Placed]:
        """Read packets one by one; fragments wait until the flow that they belong to is known."""
        placed: list[Placed] = []
        for index in odd.tolist():
            time, order = int(batch.times[index]), int(batch.order[index])
            packet = self._dissect(batch, index)
            if isinstance(packet, Skip):
                self.skipped[packet.value] += 1
            elif packet.fragment is None:
                placed.append(Placed(packet, time, order))
            else:
                placed += self._pieces.add(packet, time=time, order=order)
        return placed

    def _dissect(self, batch: Batch, index: int) -> Dissected | Skip:
        try:
            return self._slow(
                batch.link_type, batch.packet(index), wire=int(batch.wire[index]), fcs=batch.fcs
            )
        except Exception:  # noqa: BLE001 - a crash is counted, never silence
            return Skip.CRASHED

    def _add(self, columns: Columns) -> None:
        """Add rows to their flows, and let the listeners hear those with payload."""
        if not len(columns):
            return
        placement = self.flows.add(columns)
        self.parsed += len(columns)
        rows = np.flatnonzero((columns.length > 0) & (placement.flow >= 0))
        if not len(rows) or not self._listeners:
            return
        flow, side = placement.flow[rows], placement.side[rows]
        payloads = Payloads(
            buffer=columns.buffer.data,
            at=columns.at[rows],
            length=columns.length[rows],
            size=columns.size[rows],
            flow=flow,
            side=side,
            direction=flow * 2 + side,
            nth=placement.nth[rows],
            protocol=columns.protocol[rows],
            sport=columns.sport[rows],
            dport=columns.dport[rows],
            # A SYN has a number of its own: data in it (RFC 7413) begins one later.
            seq=columns.seq[rows] + ((columns.flags[rows] & SYN) != 0),
            time=columns.time[rows],
            order=columns.order[rows],
            head=columns.head[rows],
        )
        for listener in list(self._listeners):
            try:
                listener.take(payloads, self.flows)
            except Exception as error:  # noqa: BLE001 - a crash is a gap, never silence
                self._dismiss(listener, error)

    def _dismiss(self, listener: Listener, error: Exception) -> None:
        """Hear a listener no more that failed: what it knew is not to be trusted."""
        self._listeners.remove(listener)
        who = type(listener).__module__.rpartition(".")[2]
        self.crashes.append(
            Unheard(reason="crashed", detail=f"the reader {who} failed: {type(error).__name__}")
        )
