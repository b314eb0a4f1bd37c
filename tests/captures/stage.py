"""A stage: the clock, hosts and ports, the packets so far and the truth about them."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import ip_address
from struct import pack
from typing import NamedTuple

from tests.captures import wire
from tests.captures.truth import FlowTruth, Truth
from tests.captures.ways import NFLOG, Way

START = 1_790_000_000_000_000_000
MICRO, MILLI, SECOND = 1_000, 1_000_000, 1_000_000_000
# First bytes of addresses that are all public.
FIRST_BYTES = [each for each in range(11, 223) if each not in {100, 127, 169, 172, 192, 198, 203}]
ETHERNET_WAY = Way()
# What becomes of an IP packet before it is framed: options, extension headers, fragments.
Shape = Callable[[bytes], list[bytes]]


class Packet(NamedTuple):
    """A packet of the file: nanoseconds, bytes, the interface, and how many more bytes it had."""

    time: int
    data: bytes
    interface: int
    lost: int = 0


class Stage:
    """Where scenes play. `start` is when; the same seed gives the same bytes.

    `world`: servers are anywhere, and many are met again, as in a real network; otherwise each is
    new, in ranges that are kept for tests. (tcpdump's table of names is indexed by the first two
    bytes of an address: thousands in one range would make it slow, and a measurement unfair.)
    """

    def __init__(self, seed: int, start: int = START, *, world: bool = False) -> None:
        self.rng = random.Random(seed)
        self.now = start
        self.truth = Truth()
        self.packets: list[Packet] = []
        self._hosts = 0
        self._world = world
        self._ports: dict[str, int] = {}
        blocks = [self.rng.randbytes(1460) for _ in range(32)]
        self.bulk = [(block, wire.words(block)) for block in blocks]

    def later(self, least: int, most: int) -> int:
        """Move the clock on by so many nanoseconds and return it."""
        self.now += least + int(self.rng.random() * (most - least))
        return self.now

    def client(self, version: int = 4) -> str:
        """Return one of the 4096 hosts inside."""
        number = self.rng.randrange(4096)
        if version == 6:
            return str(ip_address(f"fd00:10::{number + 16:x}"))
        return f"10.{number & 15}.{number >> 8 & 15}.{number >> 4 & 15 | 16}"

    def outside(self, version: int = 4) -> str:
        """Return a server outside, one that was not given before."""
        if self._world and self._hosts > 64 and self.rng.random() < 0.4:
            number = self._hosts - self.rng.randrange(64)
        else:
            self._hosts += 1
            number = self._hosts
        if self._world and version == 4:
            mixed = number * 2654435761 & 0xFFFFFFFF  # every number another address
            first = FIRST_BYTES[(mixed >> 24) % len(FIRST_BYTES)]
            return f"{first}.{mixed >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        if version == 6:
            return str(ip_address(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::80"))
        return f"{198 + (number >> 16 & 1)}.{18 + (number >> 15 & 1)}.{number >> 8 & 127}.{number & 255}"

    def port(self, host: str) -> int:
        """Return a port of a client that it has not used before."""
        used = self._ports.get(host, self.rng.randrange(33_000, 50_000))
        self._ports[host] = used + 1
        return used

    def put(self, time: int, data: bytes, interface: int = 0, lost: int = 0) -> None:
        """Put a packet on the wire; the capture lost so many bytes at its end."""
        self.packets.append(Packet(time, data, interface, lost))

    def put_skipped(self, data: bytes, reason: str, *, lost: int = 0) -> None:
        """Put a packet that is no flow's."""
        self.put(self.later(10 * MICRO, MILLI), data, lost=lost)
        self.truth.skipped[reason] += 1

    def put_ip(self, way: Way, packet: bytes, flow: FlowTruth, *, outward: bool) -> None:
        """Put one IP packet of a flow."""
        time = self.later(20 * MICRO, MILLI)
        version = packet[0] >> 4
        layer = (0x0800 if version == 4 else 0x86DD, packet)
        self.put(time, way.frame(layer, outward), way.interface)
        flow.seen(time, len(packet), outward)

    def flow(
        self, src: str, dst: str, ports: tuple[int, int], protocol: str, way: Way,
        *, new: bool = False, application: str = "", encrypted: bool | None = None,
        initiator_known: bool = True,
    ) -> FlowTruth:  # fmt: skip
        """Return the truth about a flow that begins, or goes on."""
        flow = FlowTruth(
            src, dst, *ports, protocol, vlan=tuple(v & 0xFFF for v in way.vlans if v & 0xFFF),
            tunnel=way.names, application=application, encrypted=encrypted,
            initiator_known=initiator_known, carriers=way.carriers,
        )  # fmt: skip
        return self.truth.flow(flow, new=new)


class Datagrams:
    """A conversation over UDP."""

    def __init__(
        self, stage: Stage, client: str, server: str, port: int, *,
        way: Way = ETHERNET_WAY, source_port: int | None = None, application: str = "",
        encrypted: bool | None = None, shape: Shape | None = None,
    ) -> None:  # fmt: skip
        self.stage, self.way, self.shape = stage, way, shape
        self.ends = wire.packed(client), wire.packed(server)
        self.ports = (stage.port(client) if source_port is None else source_port), port
        self.flow = stage.flow(
            client, server, self.ports, "udp", way, application=application, encrypted=encrypted
        )

    def send(self, data: bytes, *, outward: bool = True) -> None:
        """Send a datagram."""
        (src, dst), (sport, dport) = self.ends, self.ports
        if not outward:
            src, dst, sport, dport = dst, src, dport, sport
        ident = self.stage.rng.randrange(65536)
        packet = wire.ip(src, dst, wire.UDP, wire.udp(src, dst, sport, dport, data), ident=ident)
        for piece in self.shape(packet) if self.shape else (packet,):
            self.stage.put_ip(self.way, piece, self.flow, outward=outward)

    def answer(self, data: bytes) -> None:
        """Answer a datagram."""
        self.send(data, outward=False)


class Connection:
    """A conversation over TCP; the caller says what is sent, in which pieces and order."""

    def __init__(
        self, stage: Stage, client: str, server: str, port: int, *,
        way: Way = ETHERNET_WAY, source_port: int | None = None, application: str = "",
        encrypted: bool | None = None, shape: Shape | None = None,
        gap: tuple[int, int] = (20 * MICRO, MILLI), initiator_known: bool = True,
    ) -> None:  # fmt: skip
        self.stage, self.way, self.shape = stage, way, shape
        self.version = 6 if ":" in client else 4
        self.ends = wire.packed(client), wire.packed(server)
        self.ports = (stage.port(client) if source_port is None else source_port), port
        self.flow = stage.flow(
            client, server, self.ports, "tcp", way, new=True, application=application,
            encrypted=encrypted, initiator_known=initiator_known,
        )  # fmt: skip
        self.now = stage.now
        self._gap = gap
        self.seq = [stage.rng.getrandbits(32), stage.rng.getrandbits(32)]
        self.mss = 1460 if self.version == 4 else 1440
        self._prepare()

    def _prepare(self) -> None:
        src, dst = self.ends
        self._heads = self.way.head(self.version, False), self.way.head(self.version, True)
        self._quick = not self.way.tunnels and self.shape is None and self.way.link != NFLOG
        self._sum = wire.words(src + dst)
        self._fixed = (self._sum + sum(self.ports) + wire.TCP) % 65535

    def open(self) -> Connection:
        """Shake hands."""
        options = pack(">BBHBBBB", 2, 4, self.mss, 1, 3, 3, 7)
        self.segment(True, wire.SYN, options=options)
        self.seq[0] += 1
        self.segment(False, wire.SYN | wire.ACK, options=options)
        self.seq[1] += 1
        self.segment(True, wire.ACK)
        self.flow.end = "established"
        return self

    def send(self, data: bytes, *, outward: bool = True, mss: int = 0) -> None:
        """Send a message in as many segments as it needs, and have it acknowledged."""
        size = mss or self.mss
        for start in range(0, len(data), size):
            self.push(data[start : start + size], outward=outward)
        self.segment(not outward, wire.ACK)

    def push(self, data: bytes, *, outward: bool = True) -> None:
        """Send one segment."""
        self.segment(outward, wire.PSH | wire.ACK, data)
        self.seq[not outward] += len(data)

    def at(self, offset: int, data: bytes, *, outward: bool = True) -> None:
        """Send a segment at an offset from what was sent so far: out of order, or once more."""
        kept = self.seq[not outward]
        self.seq[not outward] += offset
        self.segment(outward, wire.PSH | wire.ACK, data)
        self.seq[not outward] = kept

    def bulk(self, segments: int, *, outward: bool = False) -> None:
        """Send full segments that mean nothing; every second one is acknowledged."""
        blocks, rng = self.stage.bulk, self.stage.rng
        for number in range(segments):
            data, total = blocks[int(rng.random() * len(blocks))]
            if self.version == 6:
                data, total = data[:1440], -1
            self.segment(outward, wire.ACK, data, total=total)
            self.seq[not outward] += len(data)
            if number & 1:
                self.segment(not outward, wire.ACK)

    def close(self) -> None:
        """End it from both sides."""
        self.segment(True, wire.FIN | wire.ACK)
        self.seq[0] += 1
        self.segment(False, wire.FIN | wire.ACK)
        self.seq[1] += 1
        self.segment(True, wire.ACK)
        self.flow.end = "closed"

    def segment(
        self, outward: bool, flags: int, data: bytes = b"", options: bytes = b"", total: int = -1
    ) -> None:
        """Put one segment; the sequence numbers are those of now. `total` sums `data`'s words."""
        low, high = self._gap
        self.now += low + int(self.stage.rng.random() * (high - low))
        if not self._quick or options:
            self._slowly(outward, flags, data, options)
            return
        src, dst = self.ends
        sport, dport = self.ports
        seq, ack = self.seq
        if not outward:
            src, dst, sport, dport, seq, ack = dst, src, dport, sport, ack, seq
        seq &= 0xFFFFFFFF
        ack = ack & 0xFFFFFFFF if flags & 16 else 0
        size = 20 + len(data)
        if data and total < 0:
            total = wire.words(data)
        check = 65535 - (
            self._fixed + size + seq + ack + (0x5000 | flags) + 64240 + (total if data else 0)
        ) % 65535  # fmt: skip
        if self.version == 6:
            size += 40
            head = pack(
                ">IHBB16s16sHHIIHHHH", 0x60000000, size - 40, 6, 64, src, dst, sport, dport,
                seq, ack, 0x5000 | flags, 64240, check % 65535, 0,
            )  # fmt: skip
        else:
            size += 20
            ident = int(self.stage.rng.random() * 65536)
            ip_check = 65535 - (0x4500 + size + ident + 0x4000 + 0x4006 + self._sum) % 65535
            head = pack(
                ">HHHHHH4s4sHHIIHHHH", 0x4500, size, ident, 0x4000, 0x4006, ip_check % 65535,
                src, dst, sport, dport, seq, ack, 0x5000 | flags, 64240, check % 65535, 0,
            )  # fmt: skip
        frame = self._heads[outward] + head + data
        self.stage.packets.append(Packet(self.now, frame, self.way.interface))
        self.flow.seen(self.now, size, outward)

    def _slowly(self, outward: bool, flags: int, data: bytes, options: bytes) -> None:
        src, dst = self.ends
        sport, dport = self.ports
        seq, ack = self.seq
        if not outward:
            src, dst, sport, dport, seq, ack = dst, src, dport, sport, ack, seq
        segment = wire.tcp(
            src, dst, sport, dport, seq, ack if flags & 16 else 0, flags, data, options
        )
        packet = wire.ip(src, dst, wire.TCP, segment, ident=self.stage.rng.randrange(65536))
        kind = 0x0800 if self.version == 4 else 0x86DD
        for piece in self.shape(packet) if self.shape else (packet,):
            self.stage.put(self.now, self.way.frame((kind, piece), outward), self.way.interface)
            self.flow.seen(self.now, len(piece), outward)
            self.now += 1 * MICRO
