"""Scenes that a careless reader gets wrong: padding, lengths that lie, ends that are alike."""

from __future__ import annotations

from struct import pack

from tests.captures import scenes, ways, wire
from tests.captures.messages import dns, plain, quic, tls
from tests.captures.odd_scenes import Scene, asked, finish_tls, tls_talk
from tests.captures.stage import ETHERNET_WAY, Connection, Datagrams, Stage
from tests.captures.truth import FlowTruth
from tests.captures.ways import CLIENT_MAC, SERVER_MAC, Way

IPV4 = b"\x08\0"


def _raw(stage: Stage, frame: bytes, flow: FlowTruth, size: int, *, outward: bool = True) -> None:
    time = stage.later(1000, 1_000_000)
    stage.put(time, frame, 0)
    flow.seen(time, size, outward)


def padded(stage: Stage) -> None:
    """Ethernet pads short frames: what follows the packet is no payload, and counts for nothing."""
    before = len(stage.packets)
    talk = tls_talk(stage, "padded.example.com")
    shell = Connection(stage, stage.client(), stage.outside(), 9400, gap=(1000, 90_000)).open()
    shell.push(b"\x99")
    shell.close()
    assert talk.flow.packets_out
    stage.packets[before:] = [
        packet._replace(data=packet.data.ljust(60, b"\x16")) for packet in stage.packets[before:]
    ]


def lengths(stage: Stage) -> None:
    """A length of 0 (the card cuts it up later), and bytes that follow the packet."""
    client, server = stage.client(), stage.outside()
    near, far = wire.packed(client), wire.packed(server)
    head = SERVER_MAC + CLIENT_MAC + IPV4
    flow = stage.flow(client, server, (40100, 9500), "udp", ETHERNET_WAY)
    packet = wire.ip(near, far, wire.UDP, wire.udp(near, far, 40100, 9500, b"\x99" * 300))
    without = packet[:2] + b"\0\0" + packet[4:]
    _raw(stage, head + without, flow, len(packet))
    _raw(stage, head + packet + b"trailer" * 3, flow, len(packet))
    flow = stage.flow(client, server, (40101, 9501), "udp", ETHERNET_WAY)  # no payload at all
    empty = wire.ip(near, far, wire.UDP, wire.udp(near, far, 40101, 9501, b""))
    _raw(stage, head + empty.ljust(46, b"\0"), flow, len(empty))


def cut_headers(stage: Stage) -> None:
    """Frames that end within a header, or whose header contradicts itself."""
    near, far = wire.packed("10.0.0.9"), wire.packed("10.0.0.10")
    packet = wire.ip(near, far, wire.TCP, wire.tcp(near, far, 41000, 443, 1, 1, 16))
    six = wire.ip(bytes(15) + b"\x01", bytes(15) + b"\x02", wire.UDP, bytes(8))
    head = SERVER_MAC + CLIENT_MAC
    for frame, reason, lost in (
        (head, "cut-in-link-header", 50),
        (head + b"\x08", "cut-in-link-header", 50),
        (head + b"\x81\0\0\x05", "cut-in-link-header", 50),
        (head + IPV4 + packet[:7], "cut-in-ip-header", 33),
        (head + IPV4 + packet[:19], "cut-in-ip-header", 21),
        (head + b"\x86\xdd" + six[:39], "cut-in-ip-header", 9),
        (head + IPV4 + packet[:22], "cut-in-transport-header", 18),
        (head, "malformed-link-header", 0),
        (head + b"\x81\0\0\x05", "malformed-link-header", 0),
        (head + IPV4 + packet[:19], "malformed-ip-header", 0),
        (head + b"\x86\xdd" + six[:39], "malformed-ip-header", 0),
        (head + IPV4 + b"\x44" + packet[1:], "malformed-ip-header", 0),
        (head + IPV4 + b"\x75" + packet[1:], "ip-version", 0),
    ):
        stage.put_skipped(frame, reason, lost=lost)


def alike(stage: Stage) -> None:
    """Both ports the same; both ends the same; the same ends in another VLAN, in a tunnel."""
    client, server = stage.client(), stage.outside()
    talk = Datagrams(stage, client, server, 9600, source_port=9600)
    talk.send(b"\x99one")
    talk.answer(b"\x99two!")
    myself = Datagrams(stage, "127.0.0.1", "127.0.0.1", 9601, source_port=9601)
    myself.send(b"\x99 to myself")
    local = Datagrams(stage, "127.0.0.1", "127.0.0.1", 9602, source_port=41234)
    local.send(b"\x99 ask")
    local.answer(b"\x99 tell")
    for way in (
        ETHERNET_WAY, Way(vlans=(7,)), Way(vlans=(8,)), Way(vlans=(7, 8)),
        Way(tunnels=(ways.gre("192.0.2.1", "192.0.2.2"),)),
        Way(tunnels=(ways.gre("192.0.2.1", "192.0.2.3"),)),
        Way(vlans=(7,), tunnels=(ways.gre("192.0.2.1", "192.0.2.2"),)),
    ):  # fmt: skip
        talk = Datagrams(stage, "10.0.0.77", "198.51.100.7", 9603, source_port=42000, way=way)
        talk.send(b"\x99 where?")
        talk.answer(b"\x99 here")


def out_of_time(stage: Stage) -> None:
    """Times that go back: first and last are the earliest and the latest."""
    client, server = stage.client(), stage.outside()
    flow = stage.flow(client, server, (40200, 9700), "udp", ETHERNET_WAY)
    near, far = wire.packed(client), wire.packed(server)
    packet = wire.ip(near, far, wire.UDP, wire.udp(near, far, 40200, 9700, b"\x99" * 9))
    base = stage.now
    for late in (500_000_000, 100, 900_000_000, 0):
        stage.put(base + late, SERVER_MAC + CLIENT_MAC + IPV4 + packet)
        flow.seen(base + late, len(packet), outward=True)
    stage.now = base + 2_000_000_000


def never_first(stage: Stage) -> None:
    """Fragments whose first was never captured: the flow is known, its ports are not."""
    client, server = stage.client(), stage.outside()
    near, far = wire.packed(client), wire.packed(server)
    whole = wire.ip(near, far, wire.UDP, wire.udp(near, far, 40300, 9800, bytes(4000)), ident=77)
    flow = stage.flow(client, server, (0, 0), "udp", ETHERNET_WAY)
    for piece in wire.fragments4(whole, 1480)[1:]:
        stage.put_ip(ETHERNET_WAY, piece, flow, outward=True)


def no_tunnels(stage: Stage) -> None:
    """What goes to the port of a tunnel, or by its protocol, and is none."""
    rng = stage.rng
    client, server = stage.client(), stage.outside()
    for port in (4789, 6081, 3544, 2152):
        talk = Datagrams(stage, client, server, port)
        talk.send(b"\xff\xfe" + rng.randbytes(60))
    near, far = wire.packed(client), wire.packed(server)
    flow = stage.flow(client, server, (0, 0), "253", ETHERNET_WAY)
    stage.put_ip(ETHERNET_WAY, wire.ip(near, far, 253, b"\x99" * 40), flow, outward=True)


def snap(stage: Stage) -> None:
    """IP in an 802.3 frame with an LLC and SNAP header, as some old bridges write it."""
    client, server = stage.client(), stage.outside()
    near, far = wire.packed(client), wire.packed(server)
    flow = stage.flow(client, server, (40400, 9900), "udp", ETHERNET_WAY)
    packet = wire.ip(near, far, wire.UDP, wire.udp(near, far, 40400, 9900, b"\x99" * 30))
    body = b"\xaa\xaa\x03\0\0\0\x08\0" + packet
    _raw(stage, SERVER_MAC + CLIENT_MAC + pack(">H", len(body)) + body, flow, len(packet))


def servers_first(stage: Stage) -> None:
    """Answers whose question was not captured: the port tells who asked."""
    client = stage.client()
    server = scenes.RESOLVERS[4]
    flow = stage.flow(
        client, server, (45000, 53), "udp", ETHERNET_WAY, application="dns", encrypted=False,
        initiator_known=False,
    )  # fmt: skip
    question = dns.question(7, "unasked.example.com")
    flow.names.add(("unasked.example.com", "dns_query"))
    near, far = wire.packed(client), wire.packed(server)
    message = dns.answer(question, [("", "A", "203.0.113.3")])
    packet = wire.ip(far, near, wire.UDP, wire.udp(far, near, 53, 45000, message))
    stage.put_ip(ETHERNET_WAY, packet, flow, outward=False)
    talk = Connection(stage, client, stage.outside(), 9901, initiator_known=False)
    talk.push(b"\x99 from the middle", outward=False)
    talk.push(b"\x99 and on")
    talk.flow.end = "partial"


def spelling(stage: Stage) -> None:
    """Names in capitals, a question asked again, headers in small letters, two in one segment."""
    client = stage.client()
    server = scenes.RESOLVERS[4]
    talk = Datagrams(stage, client, server, 53, application="dns", encrypted=False)
    for name in ("WWW.eXaMpLe.CoM", "www.example.com", "www.EXAMPLE.com"):
        talk.send(dns.question(9, name, edns=True))
    talk.flow.names.add(("www.example.com", "dns_query"))
    stage.truth.queries["www.example.com", "A", client, server, "udp"] += 3
    loud = Connection(stage, client, stage.outside(), 443, application="tls", encrypted=True).open()
    loud.flow.names.add(("loud.example.com", "tls_sni"))
    loud.send(tls.record(22, tls.client_hello(stage.rng, "LOUD.Example.COM"), 0x0301))
    finish_tls(loud)
    web = Connection(stage, client, stage.outside(), 80, application="http", encrypted=False).open()
    two = plain.request("First.HTTP.example").replace(b"Host:", b"host:")
    web.send(two + plain.request("second.http.example"))
    web.flow.names |= {("first.http.example", "http_host"), ("second.http.example", "http_host")}
    web.send(plain.response(b"1") + plain.response(b"2"), outward=False)
    web.close()


def quic_retried(stage: Stage) -> None:
    """A server that makes the client try again, and a hello over three datagrams, one twice."""
    rng = stage.rng

    def begun(name: str) -> tuple[Datagrams, bytes]:
        talk = Datagrams(
            stage, stage.client(), stage.outside(), 443, application="quic", encrypted=True
        )
        talk.flow.names.add((name, "quic_sni"))
        hello = tls.client_hello(
            rng, name, protocols=("h3",), large=True, quic=quic.parameters(b"\7" * 4)
        )
        return talk, hello

    talk, hello = begun("retried.quic.example")
    first, second, client = rng.randbytes(8), rng.randbytes(12), b"\7" * 4
    talk.send(quic.initial(quic.V1, first, client, quic.crypto(0, hello[:1000])))
    retry = (
        b"\xf0"
        + pack(">I", quic.V1)
        + bytes([4])
        + client
        + bytes([12])
        + second
        + rng.randbytes(40 + 16)
    )
    talk.answer(retry)
    for ordinal, (start, end) in enumerate(((0, 1000), (1000, len(hello)))):
        frames = quic.crypto(start, hello[start:end])
        talk.send(
            quic.initial(quic.V1, second, client, frames, ordinal=1 + ordinal, token=b"t" * 40)
        )

    talk, hello = begun("thrice.quic.example")
    dcid = rng.randbytes(8)
    parts = [(0, 500), (500, 1100), (500, 1100), (1100, len(hello))]
    for ordinal, (start, end) in enumerate(parts):
        talk.send(
            quic.initial(
                quic.V2, dcid, client, quic.crypto(start, hello[start:end]), ordinal=ordinal
            )
        )

    talk, hello = begun("together.quic.example")  # two Initials in one datagram
    dcid = rng.randbytes(8)
    one = quic.initial(quic.V1, dcid, client, quic.crypto(600, hello[600:1200]), ordinal=0, size=0)
    two = quic.initial(quic.V1, dcid, client, quic.crypto(0, hello[:600]), ordinal=1, size=0)
    talk.send(one + two)
    talk.send(quic.initial(quic.V1, dcid, client, quic.crypto(1200, hello[1200:]), ordinal=2))


def ends_of_connections(stage: Stage) -> None:
    """Resets from either side, data after a FIN, a refusal after data, one side that closes."""

    def begun(port: int) -> Connection:
        return Connection(stage, stage.client(), stage.outside(), port).open()

    talk = begun(9902)
    talk.segment(True, wire.RST)
    talk.flow.end = "reset"
    talk = begun(9903)
    talk.segment(True, wire.FIN | wire.ACK)
    talk.seq[0] += 1
    talk.push(b"\x99 still sending", outward=False)
    talk.segment(False, wire.FIN | wire.ACK)
    talk.flow.end = "closed"
    talk = begun(9904)
    talk.segment(True, wire.FIN | wire.ACK)  # half closed when the capture ends
    talk.flow.end = "established"
    talk = begun(9905)
    talk.close()
    talk.segment(True, wire.RST)  # after both have closed: it resets nothing


def deep(stage: Stage) -> None:
    """Tunnels in tunnels, as many as are followed; and one question asked inside of them."""
    chain = tuple(
        ways.ip_in_ip(f"192.0.2.{number * 2 + 1}", f"192.0.2.{number * 2 + 2}")
        for number in range(4)
    )
    asked(stage, "deep.example.net", way=Way(tunnels=chain))


ALL: tuple[Scene, ...] = (
    padded, lengths, cut_headers, alike, out_of_time, never_first, no_tunnels, snap,
    servers_first, spelling, quic_retried, ends_of_connections, deep,
)  # fmt: skip
