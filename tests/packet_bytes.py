"""Packets and capture files byte by byte, for tests of the fast path: nothing clever in here."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from struct import pack

from auditor.packets._pcap import batches as pcap_batches
from auditor.packets._pcap import recognises as is_pcap
from auditor.packets._pcapng import batches as pcapng_batches
from auditor.packets._stream import Stream
from auditor.packets._window import Window
from auditor.packets.analyse import Analysis
from auditor.packets.dissected import Dissected, Placed
from auditor.packets.listening import FlowEnds, Listener
from auditor.packets.skips import Skip
from auditor.packets.source import Source

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ethernet(
    payload: bytes, ethertype: int = 0x0800, *, tags: Sequence[tuple[int, int]] = ()
) -> bytes:
    head = bytes.fromhex("02000000000a02000000000b")
    for kind, vlan in tags:
        head += pack(">HH", kind, vlan)
    return head + pack(">H", ethertype) + payload


def ipv4(
    src: str, dst: str, payload: bytes, protocol: int = 6, *, options: bytes = b"",
    total: int | None = None, fragment: int = 0,
) -> bytes:  # fmt: skip
    words = 5 + len(options) // 4
    size = words * 4 + len(payload) if total is None else total
    return (
        pack(">BBHHHBBH", 0x40 | words, 0, size, 1, fragment, 64, protocol, 0)
        + ip_address(src).packed + ip_address(dst).packed + options + payload
    )  # fmt: skip


def ipv6(
    src: str, dst: str, payload: bytes, following: int = 6, *, size: int | None = None
) -> bytes:
    length = len(payload) if size is None else size
    head = pack(">IHBB", 0x60000000, length, following, 64)
    return head + ip_address(src).packed + ip_address(dst).packed + payload


def tcp(
    sport: int, dport: int, flags: int = ACK, data: bytes = b"", *, seq: int = 1, words: int = 5
) -> bytes:
    head = pack(">HHIIBBHHH", sport, dport, seq, 0, words << 4, flags, 1000, 0, 0)
    return head + bytes(max(words - 5, 0) * 4) + data


def udp(sport: int, dport: int, data: bytes = b"", *, size: int | None = None) -> bytes:
    return pack(">HHHH", sport, dport, 8 + len(data) if size is None else size, 0) + data


def pcap(
    packets: Sequence[bytes], *, link: int = 1, order: str = "<", magic: int = 0xA1B2C3D4,
    times: Sequence[tuple[int, int]] = (), wire: Sequence[int] = (), snap: int = 262144,
) -> bytes:  # fmt: skip
    out = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap, link)
    for number, data in enumerate(packets):
        seconds, ticks = times[number] if times else (number, 0)
        size = wire[number] if wire else len(data)
        out += pack(f"{order}IIII", seconds, ticks, len(data), size) + data
    return out


class NoPieces:
    gaps = ()

    def add(self, dissected: Dissected, *, time: int, order: int) -> list[Placed]:
        return []

    def finish(self) -> list[Placed]:
        return []


def odd(link_type: int, data: bytes, *, wire: int, fcs: int = 0) -> Skip:
    return Skip.NOT_IP


def read(
    path: Path, content: bytes, *, size: int = 4 << 20, listeners: Sequence[Listener] = (),
    slow: object = odd,
) -> tuple[Analysis, Stream]:  # fmt: skip
    path.write_bytes(content)
    with Source(path) as source:
        window, stream = Window(source, size), Stream()
        window.holds(4)
        analysis = Analysis(listeners, slow, NoPieces())  # type: ignore[arg-type]
        reader = pcap_batches if is_pcap(bytes(window.view[:4])) else pcapng_batches
        for batch in reader(window, stream):
            analysis.take(batch)
        analysis.finish()
        if source.fault:
            stream.truncated = True
    assert analysis.packets == analysis.parsed + sum(analysis.skipped.values())
    return analysis, stream


def flows(analysis: Analysis) -> list[FlowEnds]:
    return [ends for _, ends in analysis.ends()]
