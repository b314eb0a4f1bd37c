"""Lets the readers of names hear payloads without a capture around them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from auditor.packets.listening import Heard, Payloads
from auditor.packets.names import listener

TCP, UDP = 6, 17
CLIENT, SERVER = "10.0.0.7", "192.0.2.1"


@dataclass
class Said:
    """A payload: who speaks (side 0 is the client), and where it is in its TCP stream."""

    data: bytes
    dport: int = 443
    side: int = 0
    seq: int = 1
    flow: int = 0
    protocol: int = TCP
    size: int = 0
    sport: int = 40000


@dataclass
class Flows:
    """The table of flows, as far as readers ask it."""

    count: int = 1
    isn: np.ndarray = field(default_factory=lambda: np.full(64, -1, np.int64))
    group: str = ""

    def __len__(self) -> int:
        return self.count

    def speaker(self, flow: int, side: int) -> tuple[str, int]:
        return (SERVER, 53) if side else (CLIENT, 40000 + flow)


def payloads(said: list[Said], start: int = 0) -> Payloads:
    """Return rows; `nth` counts within them."""
    buffer = b"".join(each.data for each in said) + bytes(16)
    lengths = np.array([len(each.data) for each in said], np.int64)
    at = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
    direction = [each.flow * 2 + each.side for each in said]
    nth = [direction[:place].count(one) for place, one in enumerate(direction)]
    ports = [(e.sport, e.dport) if not e.side else (e.dport, e.sport) for e in said]
    heads = [int.from_bytes(each.data[:8].ljust(8, b"\0"), "big") for each in said]
    return Payloads(
        buffer=memoryview(buffer),
        at=at,
        length=lengths,
        size=np.array([each.size or len(each.data) for each in said], np.int64),
        flow=np.array([each.flow for each in said], np.int64),
        side=np.array([each.side for each in said], np.uint8),
        direction=np.array(direction, np.int64),
        nth=np.array(nth, np.int64),
        protocol=np.array([each.protocol for each in said], np.int32),
        sport=np.array([sport for sport, _ in ports], np.uint16),
        dport=np.array([dport for _, dport in ports], np.uint16),
        seq=np.array([each.seq % 2**32 for each in said], np.uint32),
        time=np.arange(start, start + len(said), dtype=np.int64) + 1000,
        order=np.arange(start, start + len(said), dtype=np.int64),
        head=np.array(heads, np.uint64),
    )


def hear(*said: Said, batches: int = 1, flows: Flows | None = None) -> Heard:
    """Return what is heard of payloads, in so many batches."""
    flows = flows or Flows()
    flows.count = max([each.flow for each in said], default=0) + 1
    ear = listener()
    whole = payloads(list(said))
    parts = np.array_split(np.arange(len(said)), batches)
    for rows in parts:
        ear.take(
            Payloads(
                buffer=whole.buffer,
                **{
                    name: getattr(whole, name)[rows]
                    for name in Payloads.__struct_fields__
                    if name != "buffer"
                },
            ),
            flows,
        )
    return ear.finish(flows)


def names_of(heard: Heard, flow: int = 0) -> list[tuple[str, str]]:
    """Return a flow's names with their sources."""
    note = heard.notes.get(flow)
    return [(name.name, name.source) for name in note.names] if note else []


def cut_up(data: bytes, *sizes: int, seq: int = 1, **more) -> list[Said]:
    """Return a stream's segments of those sizes, the last with the rest."""
    found, at = [], 0
    for size in (*sizes, len(data)):
        if at < len(data):
            found.append(Said(data[at : at + size], seq=seq + at, **more))
        at += size
    return found
