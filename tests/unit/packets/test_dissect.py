"""The slow path: odd links and tunnels lead to the same datagram; what does not is told apart."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from struct import pack

import pytest

from auditor.evidence.traffic import TUNNELS
from auditor.packets._layer import Layer
from auditor.packets.dissect import MOST_TUNNELS, dissect
from auditor.packets.dissected import LAYER_2, Dissected, Fragment
from auditor.packets.skips import Skip
from tests.captures import wire
from tests.captures.odd_packets import (
    ALL,
    DST4,
    DST6,
    FAR4,
    FAR6,
    INNER4,
    INNER6,
    IPV4,
    IPV6,
    MACS,
    NEAR4,
    NEAR6,
    PORTS,
    SRC4,
    SRC6,
    TEXT,
    Odd,
    frame,
    labels,
    over,
    over_udp,
    snap,
    wlan,
)
from tests.packet_bytes import flows, pcap
from tests.packet_bytes import read as read_file


def read(odd: Odd) -> Dissected | Skip:
    return dissect(odd.link_type, odd.data, wire=len(odd.data), fcs=odd.fcs)


def packet(data: bytes, *, link_type: int = 101, wire_size: int = 0) -> Dissected:
    found = dissect(link_type, data, wire=wire_size or len(data))
    assert isinstance(found, Dissected), found
    return found


@pytest.mark.parametrize("name", ALL)
def test_the_datagram_is_found_in_every_link_and_tunnel(name: str) -> None:
    odd = ALL[name]
    four = odd.version == 4
    inner = INNER4 if four else INNER6
    assert read(odd) == Dissected(
        version=odd.version,
        src=SRC4 if four else SRC6,
        dst=DST4 if four else DST6,
        protocol=17,
        sport=PORTS[0],
        dport=PORTS[1],
        ip_bytes=len(inner),
        payload=TEXT,
        payload_size=len(TEXT),
        vlans=odd.vlans,
        tunnels=odd.tunnels,
        carriers=odd.carriers,
    )


@pytest.mark.parametrize("name", ALL)
def test_a_packet_cut_anywhere_is_the_same_flow_an_outer_one_or_a_cut(name: str) -> None:
    odd = ALL[name]
    whole = read(odd)
    assert isinstance(whole, Dissected)
    for size in range(len(odd.data)):
        found = dissect(odd.link_type, odd.data[:size], wire=len(odd.data), fcs=odd.fcs)
        if isinstance(found, Skip):
            assert found in {
                Skip.EMPTY, Skip.CUT_LINK, Skip.CUT_IP, Skip.CUT_TRANSPORT, Skip.NOT_IP, Skip.LLC
            }  # fmt: skip
        elif found.tunnels == whole.tunnels and found.sport == whole.sport:
            assert found.payload_size == len(TEXT)
            assert TEXT.startswith(found.payload)
            assert found.ip_bytes == whole.ip_bytes
        else:
            assert whole.tunnels[: len(found.tunnels)] == found.tunnels


@pytest.mark.parametrize(
    ("odd", "reason"),
    {
        "nothing": (Odd(1, b""), Skip.EMPTY),
        "unknown-link": (Odd(9999, b"x"), Skip.LINK_TYPE),
        "netlink": (Odd(253, bytes(40)), Skip.NETLINK),
        "cooked-netlink": (Odd(113, pack(">HHH8sH", 0, 824, 0, b"", 0) + bytes(20)), Skip.NETLINK),
        "arp": (Odd(1, frame(0x0806, bytes(28))), Skip.ARP),
        "unknown-ethertype": (Odd(1, frame(0x5555, bytes(28))), Skip.ETHERTYPE),
        "no-ethertype-nor-length": (Odd(1, frame(0x05F0, bytes(28))), Skip.BAD_LINK),
        "arp-in-a-label": (Odd(1, frame(0x8847, labels(frame(0x0806, bytes(28)), 16))), Skip.ARP),
        "spanning-tree": (Odd(1, frame(38, b"\x42\x42\x03" + bytes(35))), Skip.STP),
        "is-is": (Odd(1, frame(38, b"\xfe\xfe\x03\x83" + bytes(34))), Skip.ISIS),
        "cisco-discovery": (
            Odd(1, frame(30, b"\xaa\xaa\x03\0\0\x0c\x20\0" + bytes(22))), Skip.CDP
        ),
        "ipx": (Odd(1, frame(30, b"\xe0\xe0\x03" + bytes(27))), Skip.IPX),
        "netbeui": (Odd(1, frame(30, b"\xf0\xf0\x03" + bytes(27))), Skip.LLC),
        "lcp": (Odd(9, b"\xff\x03\xc0\x21" + bytes(8)), Skip.PPP_CONTROL),
        "slarp": (Odd(104, b"\x8f\x00\x80\x35" + bytes(14)), Skip.PPP_CONTROL),
        "compressed": (Odd(9, b"\xff\x03\x00\xfd" + bytes(8)), Skip.PPP_COMPRESSED),
        "multilink-piece": (Odd(9, b"\x00\x3d\x80\0\0\1" + INNER4), Skip.PPP_FRAGMENT),
        "pppoe-discovery": (Odd(51, pack(">BBHH", 0x11, 9, 0, 0)), Skip.PPPOE_DISCOVERY),
        "pppoe-version": (Odd(51, pack(">BBHH", 0x21, 0, 0, 0)), Skip.BAD_LINK),
        "beacon": (Odd(105, b"\x80\0" + bytes(40)), Skip.WLAN_MANAGEMENT),
        "acknowledgement": (Odd(105, b"\xd4\0" + bytes(8)), Skip.WLAN_CONTROL),
        "null-data": (Odd(105, b"\x48\x01" + bytes(22)), Skip.WLAN_NO_DATA),
        "protected": (Odd(105, wlan(snap(IPV4, INNER4), flags=0x41)), Skip.WLAN_ENCRYPTED),
        "wlan-fragment": (Odd(105, wlan(snap(IPV4, INNER4), flags=0x05)), Skip.WLAN_FRAGMENT),
        "wlan-two-packets": (
            Odd(105, wlan(bytes(200), control=0x88, quality=b"\x80\0")), Skip.WLAN_AGGREGATE
        ),
        "radiotap-bad-checksum": (
            Odd(127, pack("<BBHIB", 0, 0, 9, 2, 0x40) + wlan(snap(IPV4, INNER4))), Skip.BAD_LINK
        ),
        "version-5": (Odd(101, b"\x55" + INNER4[1:]), Skip.IP_VERSION),
        "version-against-the-link": (Odd(1, frame(IPV6, INNER4)), Skip.BAD_IP),
        "short-header": (Odd(101, b"\x44" + INNER4[1:]), Skip.BAD_IP),
        "shorter-than-its-header": (Odd(101, INNER4[:2] + b"\0\x13" + INNER4[4:]), Skip.BAD_IP),
        "no-ip-header": (Odd(1, frame(IPV4, b"\x45" + bytes(8))), Skip.BAD_IP),
        "endless-tags": (Odd(1, MACS + pack(">HH", 0x8100, 1) * 500), Skip.TOO_DEEP),
        "endless-labels": (Odd(1, frame(0x8847, pack(">I", 64) * 500)), Skip.TOO_DEEP),
    }.values(),
)  # fmt: skip
def test_what_is_no_flow_has_its_reason(odd: Odd, reason: Skip) -> None:
    assert read(odd) is reason


def test_every_word_of_a_tunnel_is_one_that_is_produced() -> None:
    produced = {word for odd in ALL.values() for word in odd.tunnels}
    assert set(TUNNELS) == produced | {"source-route"}


def outer(found: Dissected | Skip) -> None:
    """The packet is one between the tunnel's ends."""
    assert isinstance(found, Dissected)
    assert (found.src, found.dst, found.tunnels, found.carriers) == (NEAR4, FAR4, (), ())


@pytest.mark.parametrize(
    "odd",
    {
        "vxlan-of-arp": over_udp(50000, 4789, pack(">II", 1 << 27, 256) + frame(0x0806, bytes(28))),
        "vxlan-flags": over_udp(50000, 4789, pack(">II", 1 << 26, 256) + frame(IPV4, INNER4)),
        "vxlan-inner-too-long": over_udp(
            50000, 4789, pack(">II", 1 << 27, 256) + frame(IPV4, INNER4[:-1])
        ),
        "answer-from-the-port": over_udp(
            4789, 50000, pack(">II", 1 << 27, 256) + frame(IPV4, INNER4)
        ),
        "geneve-of-something": over_udp(50000, 6081, pack(">BBHI", 0, 0, 0x1234, 0) + INNER4),
        "teredo-longer-than-it-says": over_udp(50000, 3544, INNER6 + b"."),
        "gtp-echo": over_udp(2152, 2152, pack(">BBHIHBB", 0x32, 1, 4, 0, 1, 0, 0)),
        "gtp-of-ethernet": over_udp(2152, 2152, pack(">BBHI", 0x30, 255, 60, 1) + bytes(60)),
        "gtp-extension-of-no-length": over_udp(
            2152, 2152, pack(">BBHIHBB", 0x34, 255, 40, 1, 0, 0, 0x85) + bytes(36)
        ),
        "l2tp-control": over_udp(1701, 1701, pack(">HHHHHH", 0xC802, 12, 0, 0, 0, 0)),
        "l2tp-lcp": over_udp(1701, 1701, pack(">HHH", 2, 1, 1) + b"\xff\x03\xc0\x21" + bytes(8)),
        "dns-from-a-tunnels-port": over_udp(4754, 53, b"\x12\x34\x01\0\0\1" + bytes(40)),
        "labels-of-noise": over_udp(50000, 6635, b"\0\1\1\1" + b"\x60" + b"\xee" * 80),
        "gre-of-noise": over_udp(50000, 4754, pack(">HH", 0, IPV4) + b"\x45" + b"\xee" * 80),
        "gre-keepalive": over(47, pack(">HH", 0, 0)),
        "gre-with-routing": over(47, pack(">HHI", 0x4000, IPV4, 0) + INNER4),
        "gre-cut": over(47, b"\0"),
        "pptp-acknowledgement": over(47, pack(">HHHHI", 0x2081, 0x880B, 0, 1, 1)),
        "ipip-of-ipv6": over(4, INNER6),
        "etherip-version": over(97, b"\x20\0" + frame(IPV4, INNER4)),
        "esp": over(50, bytes(40)),
    }.values(),
)
def test_what_only_looks_like_a_tunnel_is_the_flow_of_its_ends(odd: Odd) -> None:
    outer(read(odd))


def test_more_tunnels_than_are_followed_are_the_flow_of_the_last_one() -> None:
    data = INNER4
    for _each in range(MOST_TUNNELS + 3):
        data = wire.ip(NEAR4, FAR4, 4, data)
    found = packet(data)
    assert found.tunnels == ("ipip",) * MOST_TUNNELS
    assert (found.src, found.dst, found.protocol) == (NEAR4, FAR4, 4)


def test_padding_and_checksum_are_not_the_packets() -> None:
    tiny = wire.ip(SRC4, DST4, 17, wire.udp(SRC4, DST4, 1, 2, b"x"))
    padded = packet(frame(IPV4, tiny).ljust(60, b"\0"), link_type=1)
    assert (padded.ip_bytes, padded.payload, padded.payload_size) == (29, b"x", 1)


def test_a_length_of_nothing_was_left_to_the_network_card() -> None:
    data = INNER4[:2] + b"\0\0" + INNER4[4:]
    assert packet(frame(IPV4, data), link_type=1).ip_bytes == len(INNER4)


def test_ports_are_read_from_a_transport_header_that_the_capture_cut() -> None:
    segment = wire.tcp(SRC4, DST4, 40000, 443, 77, 0, wire.SYN)
    data = wire.ip(SRC4, DST4, 6, segment)
    assert dissect(101, data[:23], wire=len(data)) is Skip.CUT_TRANSPORT
    cut = packet(data[:24], wire_size=len(data))
    assert (cut.sport, cut.dport, cut.tcp_flags, cut.ip_bytes) == (40000, 443, 0, 40)
    assert packet(data).tcp_flags == wire.SYN
    assert packet(data).seq == 77


def test_a_datagram_too_short_for_ports_still_has_its_ends() -> None:
    found = packet(wire.ip(SRC4, DST4, 6, b"\x01"))
    assert (found.src, found.dst, found.sport, found.protocol) == (SRC4, DST4, 0, 6)


def test_extension_headers_lead_to_what_they_precede() -> None:
    found = packet(wire.extended6(INNER6, (0, 60, 43, 60)))
    assert (found.protocol, found.dport, found.payload) == (17, PORTS[1], TEXT)
    assert found.ip_bytes == len(INNER6) + 48


ROUTED = {
    "loose": (131, 4, True), "strict": (137, 4, True), "on-its-last-way": (131, 8, True),
    "there-already": (131, 12, False), "record-route": (7, 4, False),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "pointer", "going"), ROUTED.values(), ids=ROUTED)
def test_a_source_route_leads_to_its_last_address(
    tmp_path: Path, kind: int, pointer: int, going: bool
) -> None:
    """The address in the header may be a router inside, where the packet does not stay."""
    options = b"\1" + pack(">BBB", kind, 11, pointer) + NEAR4 + DST4
    data = wire.ip4(SRC4, FAR4, 17, INNER4[20:], ident=1, options=options)
    found = packet(data)
    if going:
        assert (found.dst, found.tunnels, found.carriers) == (
            DST4, ("source-route",), ((SRC4, FAR4),)
        )  # fmt: skip
    else:
        assert (found.dst, found.tunnels) == (FAR4, ())
    assert (found.payload, found.ip_bytes) == (TEXT, len(data))
    (flow,) = flows(read_file(tmp_path / "a.pcap", pcap([frame(IPV4, data)]), slow=dissect)[0])
    assert flow.dst == str(ip_address(found.dst))


@pytest.mark.parametrize(
    ("kind", "left", "listed", "end"),
    [
        (0, 2, (FAR6, DST6), DST6),
        (2, 1, (DST6,), DST6),
        (4, 1, (DST6, FAR6), DST6),
        (4, 0, (FAR6, DST6), None),
        (0, 0, (FAR6, DST6), None),
        (3, 1, (FAR6, DST6), None),
    ],
)
def test_a_routing_header_leads_to_its_last_address(
    kind: int, left: int, listed: tuple[bytes, ...], end: bytes | None
) -> None:
    header = pack(">BBBBBBH", 17, 2 * len(listed), kind, left, len(listed) - 1, 0, 0)
    data = header + b"".join(listed) + INNER6[40:]
    found = packet(wire.ip(SRC6, NEAR6, 43, data))
    carriers = ((SRC6, NEAR6),) if end else ()
    assert (found.dst, found.carriers, found.payload) == (end or NEAR6, carriers, TEXT)


@pytest.mark.parametrize("version", [4, 6])
def test_authentication_is_looked_through(version: int) -> None:
    src, dst, inner = (SRC4, DST4, INNER4[20:]) if version == 4 else (SRC6, DST6, INNER6[40:])
    header = pack(">BBHII", 17, 4, 0, 1, 1) + bytes(12)
    found = packet(wire.ip(src, dst, 51, header + inner))
    assert (found.protocol, found.dport, found.payload) == (17, PORTS[1], TEXT)


def test_a_chain_of_headers_without_end_is_a_flow_of_the_header_reached() -> None:
    found = packet(wire.ip(SRC6, DST6, 60, pack(">BBBB4s", 60, 0, 1, 4, b"") * 300))
    assert (found.protocol, found.sport, found.src) == (60, 0, SRC6)


def test_an_extension_header_longer_than_its_packet_ends_the_chain() -> None:
    found = packet(wire.ip(SRC6, DST6, 0, bytes((17, 200)) + bytes(6)))
    assert (found.protocol, found.dst) == (0, DST6)


def test_a_mobility_message_is_a_protocol_of_its_own() -> None:
    assert packet(wire.ip(SRC6, DST6, 135, bytes((59, 0)) + bytes(6))).protocol == 135


def test_a_jumbogram_has_the_length_of_its_option() -> None:
    body = pack(">BBBBI", 17, 0, 0xC2, 4, 8 + 70008) + wire.udp(SRC6, DST6, 1, 2, b"")
    data = pack(">IHBB", 0x60000000, 0, 0, 64) + SRC6 + DST6 + body + bytes(70000)
    found = packet(frame(IPV6, data) + b"padding", link_type=1)
    assert found.ip_bytes == 40 + 8 + 70008


def test_fragments_are_told() -> None:
    four = wire.fragments4(INNER4, 16)
    found = packet(four[1])
    assert found.fragment == Fragment(0, 16, more=True)
    assert (found.protocol, found.payload, found.payload_size) == (17, INNER4[36:52], 16)
    six = wire.fragments6(INNER6, 16, 7)
    assert packet(six[0]).fragment == Fragment(7, 0, more=True)
    assert packet(six[-1]).fragment == Fragment(7, 32, more=False)


def test_a_fragment_that_is_alone_is_none() -> None:
    found = packet(wire.fragments6(INNER6, 2000, 7)[0])
    assert (found.fragment, found.dport) == (None, PORTS[1])


def test_an_industrial_frame_is_between_stations() -> None:
    found = packet(MACS + pack(">HHH", 0x8100, 3, 0x88B8) + b"goose".ljust(46, b"\0"), link_type=1)
    assert found.protocol == LAYER_2 | 0x88B8
    assert (found.version, found.dst + found.src, found.vlans) == (0, MACS, (3,))
    assert (found.ip_bytes, found.payload[:5]) == (46, b"goose")


def test_an_industrial_frame_in_a_tunnel_keeps_who_carried_it() -> None:
    inner = frame(0x88B8, b"goose")
    found = read(over_udp(50000, 4789, pack(">II", 1 << 27, 256) + inner))
    assert isinstance(found, Dissected)
    assert (found.version, found.tunnels, found.carriers) == (0, ("vxlan",), ((NEAR4, FAR4),))


def test_a_layer_never_reads_beyond_what_was_captured() -> None:
    layer = Layer(b"abcdef", 4, 5, 9)
    assert layer.cut(0, 4) == b"e"
    assert layer.number(0, 4) == ord("e")
    assert layer.lacks(2) is Skip.CUT_LINK
    assert layer.lacks(9) is Skip.BAD_LINK
