"""What tshark says of a capture: conversations, names and questions, one run for all."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from auditor.evidence.traffic import Flow
from tests.captures.truth import FlowTruth

FIELDS = (
    "frame.protocols", "ip.src", "ip.dst", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.plen",
    "tcp.stream", "udp.stream", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
    "sctp.srcport", "sctp.dstport", "tls.handshake.extensions_server_name", "http.host",
    "http2.headers.authority",
    "dns.flags.response", "dns.qry.name", "dns.qry.type", "ip.flags.mf", "ip.frag_offset",
    "ipv6.fraghdr.offset",
)  # fmt: skip
TRANSPORTS = {"tcp": "tcp.", "udp": "udp.", "sctp": "sctp."}
# It looks for HTTP/2 in clear on ports that it was told of alone.
HTTP2_PORTS = (4317, 8001)
TYPES = {
    "1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT",
    "28": "AAAA", "33": "SRV", "65": "HTTPS", "255": "ANY",
}  # fmt: skip
End = tuple[str, int]


@dataclass
class Conversation:
    """Two ends and what each sent: packets and IP bytes."""

    protocol: str
    sent: dict[End, list[int]] = field(default_factory=dict)

    def add(self, src: End, dst: End, size: int) -> None:
        """Count a packet."""
        self.sent.setdefault(dst, [0, 0])
        each = self.sent.setdefault(src, [0, 0])
        each[0] += 1
        each[1] += size

    @property
    def row(self) -> tuple[object, ...]:
        """Return it with its ends in order."""
        ends = sorted((end, *counts) for end, counts in self.sent.items())
        return (self.protocol, *ends)


@dataclass
class Said:
    """Conversations of TCP, UDP and SCTP; names by conversation's ends; questions.

    `pieces` are pairs of addresses between which fragments went: tshark counts those in no
    conversation of TCP or UDP, so that only all that went between the two can be compared.
    """

    conversations: Counter[tuple[object, ...]] = field(default_factory=Counter)
    names: set[tuple[str, str, tuple[End, ...]]] = field(default_factory=set)
    queries: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    pieces: frozenset[frozenset[str]] = frozenset()


def of_records(
    flows: Iterable[Flow | FlowTruth], pieces: frozenset[frozenset[str]] = frozenset()
) -> Said:
    """Return what our flows (or the true ones) say, in tshark's terms; questions are not in them."""
    said = Said(pieces=pieces)
    talks: list[Conversation] = []
    for flow in flows:
        one, two = (flow.src, flow.src_port), (flow.dst, flow.dst_port)
        if flow.protocol in TRANSPORTS or {flow.src, flow.dst} in pieces:
            talk = Conversation(flow.protocol)
            talk.sent = {one: [flow.packets_out, flow.bytes_out]}
            back = talk.sent.setdefault(two, [0, 0])  # the same end, where somebody asks itself
            back[0] += flow.packets_in
            back[1] += flow.bytes_in
            talks.append(talk)
        for each in flow.names:
            name, source = each if isinstance(each, tuple) else (each.name, each.source)
            if source in {"tls_sni", "quic_sni", "http_host"}:
                said.names.add((source, name, tuple(sorted((one, two)))))
    said.conversations = counted(talks, pieces)
    return said


def counted(
    talks: Iterable[Conversation], pieces: frozenset[frozenset[str]]
) -> Counter[tuple[object, ...]]:
    """Return conversations as rows.

    Those in pieces become one for each pair of addresses; those of UDP one for each pair of ends,
    as tshark looks at neither VLAN nor tunnel.
    """
    rows: Counter[tuple[object, ...]] = Counter()
    pairs: dict[object, Conversation] = {}
    for talk in talks:
        pair = frozenset(address for address, _port in talk.sent)
        in_pieces = pair in pieces
        if not in_pieces and talk.protocol != "udp":
            rows[talk.row] += 1
            continue
        key, word = (pair, "any") if in_pieces else (frozenset(talk.sent), "udp")
        whole = pairs.setdefault(key, Conversation(word))
        for (address, port), (packets, size) in talk.sent.items():
            sent = whole.sent.setdefault((address, 0 if in_pieces else port), [0, 0])
            sent[0] += packets
            sent[1] += size
    rows.update(whole.row for whole in pairs.values())
    return rows


def run(path: Path, *options: str) -> Said:
    """Return what tshark says of a file."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "aggregator=|"]
    command += ["-E", "separator=/t", "-o", "tcp.reassemble_out_of_order:TRUE", *options]
    for port in HTTP2_PORTS:
        command += ["-d", f"tcp.port=={port},http2"]
    for name in FIELDS:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    frames = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    pieces = set()
    for cells in frames:
        parts = cells["ip.flags.mf"] + cells["ip.frag_offset"]
        if cells["ipv6.fraghdr.offset"] or parts.strip("|0False"):
            version = "ipv6" if cells["ipv6.fraghdr.offset"] else "ip"
            pieces.add(frozenset((_last(cells, f"{version}.src"), _last(cells, f"{version}.dst"))))
    said, talks = Said(pieces=frozenset(pieces)), {}
    for cells in frames:
        _frame(cells, said, talks)
    said.conversations = counted(talks.values(), said.pieces)
    return said


def _last(cells: dict[str, str], name: str) -> str:
    return cells[name].rpartition("|")[2]


def _frame(cells: dict[str, str], said: Said, talks: dict[object, Conversation]) -> None:
    layers = cells["frame.protocols"].split(":")
    where = max((place for place, each in enumerate(layers) if each in {"ip", "ipv6"}), default=-1)
    version = layers[where] if where >= 0 else ""
    transport = next((each for each in layers[where + 1 :] if each in TRANSPORTS), "")
    if not version or {"icmp", "icmpv6"} & set(layers):
        return
    if not _last(cells, "ip.len") + _last(cells, "ipv6.plen"):
        return  # cut within the header
    size = int(_last(cells, "ip.len")) if version == "ip" else 40 + int(_last(cells, "ipv6.plen"))
    addresses = _last(cells, f"{version}.src"), _last(cells, f"{version}.dst")
    prefix = TRANSPORTS.get(transport, "")
    ports = [
        int(_last(cells, f"{prefix}{side}") or 0) if prefix else 0
        for side in ("srcport", "dstport")
    ]
    src, dst = zip(addresses, ports, strict=True)
    ends = tuple(sorted((src, dst)))
    if transport and not ports[1]:
        return  # cut before the ports
    if transport or frozenset(addresses) in said.pieces:
        stream = _last(cells, f"{transport}.stream") if transport in {"tcp", "udp"} else ends
        talk = talks.setdefault((transport, stream), Conversation(transport))
        talk.add(src, dst, size)
    if not transport:
        return
    source = "quic_sni" if "quic" in layers else "tls_sni"
    for name in filter(None, cells["tls.handshake.extensions_server_name"].split("|")):
        said.names.add((source, name.lower(), ends))
    hosts = cells["http.host"].split("|") + cells["http2.headers.authority"].split("|")
    for name in filter(None, hosts):
        host = name if name.count(":") != 1 else name.partition(":")[0]
        said.names.add(("http_host", host.lower(), ends))
    answered = cells["dns.flags.response"].split("|")
    if "nbns" not in layers and {"0", "False"} & set(answered):
        names = cells["dns.qry.name"].split("|")
        kinds = cells["dns.qry.type"].split("|")
        for name, kind in zip(names, kinds, strict=True):
            said.queries[name.lower(), TYPES.get(kind, kind), src[0], dst[0]] += 1


def opened(path: Path) -> Counter[tuple[tuple[End, ...], int]]:
    """Return the ends of every TCP conversation, and the bits of what it was seen to do.

    They are those of `tcp.completeness`: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    """
    fields = ("tcp.stream", "tcp.completeness", "tcp.srcport", "tcp.dstport", "ip.src", "ip.dst",
              "ipv6.src", "ipv6.dst", "frame.protocols")  # fmt: skip
    command = ["tshark", "-n", "-2", "-r", str(path), "-T", "fields", "-E", "aggregator=|"]
    command += ["-Y", "tcp"]
    command += [word for name in fields for word in ("-e", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    last: dict[str, tuple[tuple[End, ...], int]] = {}
    for line in done.stdout.splitlines():
        cells = dict(zip(fields, line.split("\t"), strict=True))
        layers = cells["frame.protocols"].split(":")
        if {"icmp", "icmpv6"} & set(layers) or not cells["tcp.completeness"]:
            continue
        version = max(("ip", "ipv6"), key=lambda name: _place(layers, name))
        ends = zip(
            (_last(cells, f"{version}.src"), _last(cells, f"{version}.dst")),
            (int(_last(cells, "tcp.srcport")), int(_last(cells, "tcp.dstport"))),
            strict=True,
        )
        last[cells["tcp.stream"]] = tuple(sorted(ends)), int(_last(cells, "tcp.completeness"))
    return Counter(last.values())


def _place(layers: list[str], name: str) -> int:
    return max((place for place, each in enumerate(layers) if each == name), default=-1)
