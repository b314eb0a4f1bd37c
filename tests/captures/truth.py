"""What a made capture holds, as data: flows, questions, and packets that are no flow's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class FlowTruth:
    """One flow; `names` are (name, source), `end` the state of a TCP connection."""

    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: str
    vlan: tuple[int, ...] = ()
    tunnel: tuple[str, ...] = ()
    packets_out: int = 0
    packets_in: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    first: int = 0
    last: int = 0
    names: set[tuple[str, str]] = field(default_factory=set)
    application: str = ""
    encrypted: bool | None = None
    end: str = ""
    initiator_known: bool = True
    hidden_name: bool = False
    carriers: tuple[tuple[str, str], ...] = ()

    def seen(self, time: int, size: int, outward: bool) -> None:
        """Count a packet of `size` IP bytes."""
        if outward:
            self.packets_out += 1
            self.bytes_out += size
        else:
            self.packets_in += 1
            self.bytes_in += size
        if not self.first:
            self.first = self.last = time
        elif time > self.last:
            self.last = time
        elif time < self.first:
            self.first = time

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells it from others, but for connections that used the ports again."""
        return (
            self.src, self.dst, self.src_port, self.dst_port, self.protocol,
            self.vlan, self.tunnel, self.carriers,
        )  # fmt: skip

    @property
    def counts(self) -> tuple[int, ...]:
        """Return packets and bytes each way, first and last."""
        return (
            self.packets_out, self.packets_in, self.bytes_out, self.bytes_in,
            self.first, self.last,
        )  # fmt: skip


@dataclass(slots=True)
class Truth:
    """Everything that a capture holds. `queries`: (name, type, client, server, transport) → n."""

    flows: list[FlowTruth] = field(default_factory=list)
    queries: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    packets: int = 0
    bytes: int = 0
    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _open: dict[tuple[object, ...], FlowTruth] = field(default_factory=dict)

    def flow(self, flow: FlowTruth, *, new: bool = False) -> FlowTruth:
        """Return the flow with that key: the one that is there, or (`new`) another."""
        if new or flow.key not in self._open:
            self._open[flow.key] = flow
            self.flows.append(flow)
        return self._open[flow.key]

    def finished(self) -> Truth:
        """Give flows the names that answers, up to the flow's end, had for where they went."""
        for flow in self.flows:
            for time, name in self.answers.get(flow.dst, ()):
                if time <= flow.last:
                    flow.names.add((name, "dns_answer"))
        return self

    @property
    def parsed(self) -> int:
        """Return how many packets are flows'."""
        return sum(flow.packets_out + flow.packets_in for flow in self.flows)
