"""The fast path: what it takes, what it leaves to the slow path, what it counts as skipped."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest

from auditor.packets.analyse import Analysis
from auditor.packets.skips import SENTENCES, UNREAD, Skip
from tests.packet_bytes import ethernet, flows, ipv4, ipv6, pcap, read, tcp, udp

A4, B4 = "10.0.0.1", "192.0.2.7"
A6, B6 = "fd00::1", "2001:db8::7"


def _read(tmp_path: Path, *packets: bytes, link: int = 1) -> Analysis:
    return read(tmp_path / "a.pcap", pcap(packets, link=link))[0]


IPV4 = ipv4(A4, B4, udp(5000, 53, b"hello"), 17)
IPV6 = ipv6(A6, B6, udp(5000, 53, b"hello"), 17)


@pytest.mark.parametrize(
    ("link", "before4", "before6"),
    [
        (1, ethernet(b""), ethernet(b"", 0x86DD)),
        (101, b"", b""), (12, b"", b""), (14, b"", b""), (228, b"", None), (229, None, b""),
        (0, b"\2\0\0\0", b"\x1e\0\0\0"), (0, b"\0\0\0\2", b"\0\0\0\x1c"),
        (108, b"\0\0\0\2", b"\0\0\0\x18"),
        (113, pack(">HHH8sH", 4, 1, 6, bytes(8), 0x0800), pack(">HHH8sH", 4, 1, 6, bytes(8), 0x86DD)),
        (276, pack(">HHIHBB8s", 0x0800, 0, 2, 1, 4, 6, bytes(8)), pack(">HHIHBB8s", 0x86DD, 0, 2, 1, 4, 6, bytes(8))),
    ],
)  # fmt: skip
def test_link_types(
    tmp_path: Path, link: int, before4: bytes | None, before6: bytes | None
) -> None:
    packets = [] if before4 is None else [before4 + IPV4]
    packets += [] if before6 is None else [before6 + IPV6]
    analysis = _read(tmp_path, *packets, link=link)
    assert analysis.parsed == len(packets)
    ends = {(f.src, f.dst, f.src_port, f.dst_port, f.bytes_out) for f in flows(analysis)}
    expected = set() if before4 is None else {(A4, B4, 5000, 53, 33)}
    assert ends == expected | (set() if before6 is None else {(A6, B6, 5000, 53, 53)})


@pytest.mark.parametrize(
    ("tags", "vlans"),
    [
        ([(0x8100, 7)], (7,)),
        ([(0x8100, 0xE007)], (7,)),
        ([(0x88A8, 100), (0x8100, 7)], (100, 7)),
        ([(0x9100, 100), (0x8100, 7)], (100, 7)),
        ([(0x8100, 0)], ()),
        ([(0x8100, 0), (0x8100, 9)], (9,)),
    ],
)
def test_tags(tmp_path: Path, tags: list[tuple[int, int]], vlans: tuple[int, ...]) -> None:
    (flow,) = flows(_read(tmp_path, ethernet(IPV4, tags=tags)))
    assert (flow.vlan, flow.bytes_out) == (vlans, 33)


def test_vlans_tell_flows_apart_but_a_priority_does_not(tmp_path: Path) -> None:
    analysis = _read(
        tmp_path,
        ethernet(IPV4), ethernet(IPV4, tags=[(0x8100, 0)]),
        ethernet(IPV4, tags=[(0x8100, 1)]), ethernet(IPV4, tags=[(0x8100, 2)]),
    )  # fmt: skip
    assert sorted((f.vlan, f.packets_out) for f in flows(analysis)) == [
        ((), 2),
        ((1,), 1),
        ((2,), 1),
    ]


def test_options_move_the_ports(tmp_path: Path) -> None:
    packet = ipv4(A4, B4, tcp(40000, 443), options=bytes([1] * 40))
    (flow,) = flows(_read(tmp_path, ethernet(packet)))
    assert (flow.src_port, flow.dst_port, flow.bytes_out) == (40000, 443, 80)


@pytest.mark.parametrize(
    ("packet", "size"),
    [
        (ipv4(A4, B4, udp(1, 2, bytes(60)), 17, total=0), 88),
        (ipv4(A4, B4, udp(1, 2), 17, total=60000), 28),
        (ipv4(A4, B4, udp(1, 2), 17) + bytes(18), 28),
        (ipv6(A6, B6, udp(1, 2, bytes(60)), 17, size=0), 108),
        (ipv6(A6, B6, udp(1, 2), 17, size=60000), 48),
    ],
    ids=["offloaded", "more than the wire had", "padded", "offloaded v6", "more than the wire v6"],
)
def test_bytes_are_those_of_ip_and_never_more_than_the_wire(
    tmp_path: Path, packet: bytes, size: int
) -> None:
    ethertype = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    (flow,) = flows(_read(tmp_path, ethernet(packet, ethertype)))
    assert flow.bytes_out == size


@pytest.mark.parametrize(
    ("protocol", "payload", "ports"),
    [
        (1, b"\x08\0\0\0\0\1\0\1", (0, 0)), (50, bytes(24), (0, 0)), (2, bytes(8), (0, 0)),
        (132, pack(">HHII", 36412, 36412, 1, 0), (36412, 36412)),
        (136, udp(7, 8), (7, 8)), (33, pack(">HHQ", 7, 8, 0), (7, 8)), (89, bytes(44), (0, 0)),
    ],
)  # fmt: skip
def test_protocols(tmp_path: Path, protocol: int, payload: bytes, ports: tuple[int, int]) -> None:
    (flow,) = flows(_read(tmp_path, ethernet(ipv4(A4, B4, payload, protocol))))
    assert (flow.protocol, flow.src_port, flow.dst_port) == (protocol, *ports)


ODD = {
    "a fragment": ethernet(ipv4(A4, B4, udp(1, 2), 17, fragment=0x2000)),
    "a later fragment": ethernet(ipv4(A4, B4, bytes(30), 17, fragment=4)),
    "GRE": ethernet(ipv4(A4, B4, bytes(30), 47)),
    "IP in IP": ethernet(ipv4(A4, B4, IPV4, 4)),
    "VXLAN": ethernet(ipv4(A4, B4, udp(50000, 4789, bytes(50)), 17)),
    "GENEVE to": ethernet(ipv4(A4, B4, udp(6081, 50000, bytes(50)), 17)),
    "extension headers": ethernet(ipv6(A6, B6, bytes(30), 0), 0x86DD),
    "an IPv6 fragment": ethernet(ipv6(A6, B6, bytes(30), 44), 0x86DD),
    "three tags": ethernet(IPV4, tags=[(0x8100, 1), (0x8100, 2), (0x8100, 3)]),
    "IEEE 802.3": ethernet(bytes(46), 46),
    "MPLS": ethernet(bytes(46), 0x8847),
    "PPPoE": ethernet(bytes(46), 0x8864),
    "an EtherType that is not known": ethernet(bytes(46), 0x1234),
    "version 6 where 4 was said": ethernet(IPV6, 0x0800),
    "version 4 where 6 was said": ethernet(IPV4, 0x86DD),
    "a header of 4 words": ethernet(b"\x44" + IPV4[1:]),
    "a total shorter than the header": ethernet(ipv4(A4, B4, udp(1, 2), 17, total=19)),
    "options beyond the capture": ethernet(b"\x4f" + IPV4[1:]),
    "cut in the link header": ethernet(IPV4)[:13],
    "cut in the tag": ethernet(IPV4, tags=[(0x8100, 1)])[:17],
    "cut in the IP header": ethernet(IPV4)[:33],
    "cut in the ports": ethernet(IPV4)[:37],
    "cut in the TCP header": ethernet(ipv4(A4, B4, tcp(1, 2)))[:53],
    "no room for TCP in what IP has": ethernet(ipv4(A4, B4, tcp(1, 2), total=30)),
    "nothing": b"",
}


@pytest.mark.parametrize("packet", ODD.values(), ids=ODD.keys())
def test_left_to_the_slow_path(tmp_path: Path, packet: bytes) -> None:
    analysis = _read(tmp_path, ethernet(IPV4), packet, ethernet(IPV6, 0x86DD))
    assert (analysis.parsed, analysis.skipped) == (2, {"not-ip": 1})


@pytest.mark.parametrize("link", [9, 105, 127, 147, 239, 65535])
def test_other_link_types_are_the_slow_paths(tmp_path: Path, link: int) -> None:
    analysis = _read(tmp_path, bytes(60), link=link)
    assert (analysis.parsed, analysis.skipped) == (0, {"not-ip": 1})


@pytest.mark.parametrize("tags", [[], [(0x8100, 5)], [(0x88A8, 6), (0x8100, 5)]])
def test_frames_without_ip_are_counted_by_what_they_are(
    tmp_path: Path, tags: list[tuple[int, int]]
) -> None:
    kinds = {
        0x0806: "arp",
        0x88CC: "lldp",
        0x888E: "eapol",
        0x88E5: "macsec",
        0x8863: "pppoe-discovery",
    }
    analysis = _read(tmp_path, *(ethernet(bytes(46), kind, tags=tags) for kind in kinds))
    assert analysis.skipped == dict.fromkeys(kinds.values(), 1)


@pytest.mark.parametrize("kind", [0x8892, 0x88A4, 0x88B8, 0x88BA])
def test_industrial_frames_are_flows_between_macs(tmp_path: Path, kind: int) -> None:
    analysis = _read(tmp_path, ethernet(bytes(46), kind, tags=[(0x8100, 3)]))
    (flow,) = flows(analysis)
    assert (flow.src, flow.dst) == ("02:00:00:00:00:0b", "02:00:00:00:00:0a")
    assert (flow.protocol, flow.bytes_out, flow.vlan) == (0x10000 | kind, 46, (3,))


@pytest.mark.parametrize("words", [0, 4, 15])
def test_a_tcp_header_of_an_impossible_length_is_a_flow_without_payload(
    tmp_path: Path, words: int
) -> None:
    segment = bytearray(tcp(40000, 443, 16, bytes(8)))
    segment[12] = words << 4
    (flow,) = flows(_read(tmp_path, ethernet(ipv4(A4, B4, bytes(segment)))))
    assert (flow.packets_out, flow.data_out, flow.bytes_out) == (1, 0, 48)


def test_a_payload_that_would_begin_beyond_the_buffer_is_not_looked_for(tmp_path: Path) -> None:
    segment = tcp(40000, 443, 16)
    short = segment[:12] + b"\0" + segment[13:]
    packet = ethernet(ipv4(A4, B4, short, total=60000))
    content = pcap([packet], wire=[60014])
    (flow,) = flows(read(tmp_path / "a.pcap", content, size=1 << 10)[0])
    assert (flow.packets_out, flow.data_out, flow.bytes_out) == (1, 0, 60000)


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Skip)
    assert set(Skip) >= UNREAD
