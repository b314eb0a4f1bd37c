"""Scenes that are seldom: odd headers, tunnels, names in pieces, conversations that go wrong."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack

from hpack import Encoder

from tests.captures import scenes, ways, wire
from tests.captures.messages import dns, http2, industrial, plain, quic, tls
from tests.captures.stage import ETHERNET_WAY, Connection, Datagrams, Shape, Stage
from tests.captures.ways import CLIENT_MAC, Way

Scene = Callable[[Stage], None]


def tls_talk(
    stage: Stage, name: str | None, *, way: Way = ETHERNET_WAY, version: int = 4,
    shape: Shape | None = None, server: str = "", extra: bytes = b"",
) -> Connection:  # fmt: skip
    """Play a small TLS connection and return it, closed."""
    talk = Connection(
        stage, stage.client(version), server or stage.outside(version), 443, way=way, shape=shape,
        application="tls", encrypted=True,
    )  # fmt: skip
    talk.open()
    if name:
        talk.flow.names.add((name, "tls_sni"))
    talk.send(tls.record(22, tls.client_hello(stage.rng, name, extra=extra), 0x0301))
    finish_tls(talk)
    return talk


def finish_tls(talk: Connection) -> None:
    """Answer a hello, exchange data and close."""
    rng = talk.stage.rng
    answer = tls.record(22, tls.server_hello(rng)) + tls.record(20, b"\x01")
    talk.send(answer + tls.record(23, rng.randbytes(600)), outward=False)
    talk.send(tls.record(23, rng.randbytes(200)))
    talk.send(tls.record(23, rng.randbytes(700)), outward=False)
    talk.close()


def asked(
    stage: Stage, name: str, kind: str = "A", *, client: str = "", way: Way = ETHERNET_WAY,
    records: list[tuple[str, str, str]] | None = None, shape: Shape | None = None,
) -> Datagrams:  # fmt: skip
    """Ask the resolver and get the records (or none)."""
    client = client or stage.client()
    server = scenes.RESOLVERS[6 if ":" in client else 4]
    talk = Datagrams(
        stage, client, server, 53, way=way, application="dns", encrypted=False, shape=shape
    )
    question = dns.question(stage.rng.randrange(65536), name, kind)
    talk.send(question)
    talk.flow.names.add((name, "dns_query"))
    stage.truth.queries[name, kind, client, server, "udp"] += 1
    talk.answer(dns.answer(question, records or []))
    return talk


# --- tags, options, extension headers, fragments


def tags(stage: Stage) -> None:
    """One tag to three, of every type; a priority tag is no VLAN."""
    for number, way in enumerate((
        Way(vlans=(10,)), Way(vlans=(100, 7), tag=0x88A8), Way(vlans=(100, 8), tag=0x9100),
        Way(vlans=(5, 6)), Way(vlans=(0,)), Way(vlans=(0xE000 | 30,)), Way(vlans=(1, 2, 3)),
    )):  # fmt: skip
        tls_talk(stage, f"tag{number}.example.com", way=way)
        asked(stage, f"tag{number}.example.net", way=way)


def ip_options(stage: Stage) -> None:
    """IPv4 options: a router alert, and forty bytes of padding."""
    for options in (b"\x94\x04\0\0", b"\x01" * 39 + b"\0"):

        def shape(packet: bytes, options: bytes = options) -> list[bytes]:
            head, data = packet[:20], packet[20:]
            ident = int.from_bytes(head[4:6], "big")
            return [wire.ip4(head[12:16], head[16:], head[9], data, ident=ident, options=options)]

        tls_talk(stage, f"options{len(options)}.example.com", shape=shape)


def extension_headers(stage: Stage) -> None:
    """IPv6 extension headers before TCP and UDP."""
    client = stage.client(6)
    for kinds in ((0,), (60,), (43,), (0, 43, 60)):

        def shape(packet: bytes, kinds: tuple[int, ...] = kinds) -> list[bytes]:
            return [wire.extended6(packet, kinds)]

        word = "-".join(str(kind) for kind in kinds)
        tls_talk(stage, f"x{word}.example.com", version=6, shape=shape)
        asked(stage, f"x{word}.example.net", "AAAA", client=client, shape=shape)


def dns_in_fragments(stage: Stage) -> None:
    """Answers that need fragments: in order, backwards, and with one that is lost."""
    records = [("", "TXT", "x" * 200) for _each in range(12)]

    def pieces(packet: bytes) -> list[bytes]:
        if packet[0] >> 4 == 6:
            return wire.fragments6(packet, 1232, 7) if len(packet) > 1280 else [packet]
        return wire.fragments4(packet, 1400) if len(packet) > 1420 else [packet]

    asked(stage, "long.example.com", "TXT", records=records, shape=pieces)
    asked(
        stage,
        "backwards.example.com",
        "TXT",
        records=records,
        shape=lambda packet: pieces(packet)[::-1],
    )
    asked(
        stage, "lost.example.com", "TXT", records=records, shape=lambda packet: pieces(packet)[:2]
    )
    client = stage.client(6)
    asked(stage, "long6.example.com", "TXT", client=client, records=records, shape=pieces)


def question_in_fragments(stage: Stage) -> None:
    """A hello whose segment travels in tiny fragments, and a name cut by a fragment's end."""

    def pieces(packet: bytes) -> list[bytes]:
        return wire.fragments4(packet, 64) if len(packet) > 200 else [packet]

    tls_talk(stage, "in-fragments.example.com", shape=pieces)
    asked(stage, "cut-by-a-fragment.example.com", shape=lambda packet: wire.fragments4(packet, 32))


# --- tunnels

_NEAR, _FAR = "192.0.2.1", "192.0.2.2"
_NEAR6, _FAR6 = "2001:db8:1::1", "2001:db8:1::2"
TUNNELS = {
    "gre": (ways.gre(_NEAR, _FAR),),
    "gre-key": (ways.gre(_NEAR, _FAR, key=77),),
    "gre-ethernet": (ways.gre(_NEAR, _FAR, ethernet=True),),
    "gre-over-ipv6": (ways.gre(_NEAR6, _FAR6),),
    "vxlan": (ways.vxlan(_NEAR, _FAR),),
    "vxlan-over-ipv6": (ways.vxlan(_NEAR6, _FAR6),),
    "geneve": (ways.geneve(_NEAR, _FAR),),
    "ipip": (ways.ip_in_ip(_NEAR, _FAR),),
    "gtp-u": (ways.gtp_u(_NEAR, _FAR),),
    "mpls": (ways.mpls(16, 99),),
    "pppoe": (ways.pppoe(),),
    "gre-in-ipip": (ways.ip_in_ip(_NEAR, _FAR), ways.gre("192.0.2.5", "192.0.2.6")),
    "vxlan-in-gre-in-mpls": (
        ways.mpls(30),
        ways.gre(_NEAR, _FAR),
        ways.vxlan("10.9.0.1", "10.9.0.2"),
    ),
    "ipip-in-pppoe": (ways.pppoe(3), ways.ip_in_ip(_NEAR, _FAR)),
}
TUNNELS_OF_6 = {
    "6in4": (ways.six_in_four(_NEAR, _FAR),),
    "teredo": (ways.teredo(_NEAR, _FAR),),
    "vxlan": (ways.vxlan(_NEAR, _FAR),),
    "mpls": (ways.mpls(17),),
}


def tunnels(stage: Stage) -> None:
    """TLS and a question through every tunnel, some through several."""
    for version, kinds in ((4, TUNNELS), (6, TUNNELS_OF_6)):
        for name, chain in kinds.items():
            way = Way(tunnels=chain)
            tls_talk(stage, f"{name}-{version}.example.com", way=way, version=version)
            asked(stage, f"{name}-{version}.example.net", client=stage.client(version), way=way)
    tls_talk(stage, "tagged-vxlan.example.com", way=Way(vlans=(12,), tunnels=TUNNELS["vxlan"]))


# --- names in pieces


def hello_in_pieces(stage: Stage) -> None:
    """Hellos over segments and records; late, twice, and with sequence numbers that wrap."""
    rng = stage.rng

    def begun(name: str, *, wrap: bool = False) -> tuple[Connection, bytes]:
        talk = Connection(
            stage, stage.client(), stage.outside(), 443, application="tls", encrypted=True
        )
        if wrap:
            talk.seq[0] = 0xFFFFFFFF - 300
        talk.open()
        talk.flow.names.add((name, "tls_sni"))
        return talk, tls.client_hello(rng, name, large=True, grease=True)

    talk, hello = begun("three-segments.example.com")
    talk.send(tls.record(22, hello, 0x0301), mss=600)
    finish_tls(talk)

    talk, hello = begun("two-records.example.com")
    talk.send(tls.records(22, hello, 700, 0x0301))
    finish_tls(talk)

    talk, hello = begun("tiny-records.example.com")
    talk.send(tls.records(22, hello, 48, 0x0301), mss=333)
    finish_tls(talk)

    talk, hello = begun("late.example.com")
    data = tls.record(22, hello, 0x0301)
    talk.at(700, data[700:])
    talk.push(data[:700])
    talk.seq[0] += len(data) - 700
    finish_tls(talk)

    talk, hello = begun("twice.example.com")
    data = tls.record(22, hello, 0x0301)
    talk.push(data[:500])
    talk.at(-500, data[:500])
    talk.at(-100, data[400:900])
    talk.seq[0] += 400
    talk.send(data[900:])
    finish_tls(talk)

    talk, hello = begun("wrapped.example.com", wrap=True)
    talk.send(tls.record(22, hello, 0x0301), mss=400)
    finish_tls(talk)

    talk, hello = begun("byte-by-byte.example.com")
    data = tls.record(22, hello, 0x0301)
    for place in range(150):
        talk.push(data[place : place + 1])
    talk.send(data[150:])
    finish_tls(talk)


def hellos(stage: Stage) -> None:
    """Hellos without a name, with an encrypted hello inside, and with GREASE instead of one."""
    rng = stage.rng
    tls_talk(stage, None)
    tls_talk(stage, "public.ech.example", extra=tls.encrypted_hello(rng, 7, 208))
    tls_talk(stage, "grease.example.com", extra=tls.encrypted_hello(rng, rng.randrange(256), 144))
    tls_talk(stage, "v6.example.com", version=6)
    talk = Connection(
        stage, stage.client(), stage.outside(), 853, application="tls", encrypted=True
    )
    talk.open()
    talk.flow.names.add(("resolver.example.com", "tls_sni"))
    talk.send(
        tls.record(22, tls.client_hello(rng, "resolver.example.com", protocols=("dot",)), 0x0301)
    )
    finish_tls(talk)
    talk = Connection(
        stage, stage.client(), stage.outside(), 8444, application="tls", encrypted=True
    )
    talk.open()
    talk.flow.names.add(("old.example.com", "tls_sni"))
    talk.send(
        tls.record(22, tls.client_hello(rng, "old.example.com", newest=False, protocols=()), 0x0301)
    )
    talk.send(
        tls.record(22, tls.server_hello(rng, newest=False))
        + tls.record(22, b"\x0b" + rng.randbytes(900)),
        outward=False,
    )
    talk.send(
        tls.record(22, b"\x10" + rng.randbytes(66))
        + tls.record(20, b"\x01")
        + tls.record(22, rng.randbytes(40))
    )
    talk.close()


def quic_names(stage: Stage) -> None:
    """QUIC hellos: split over datagrams, late, frames in disorder, a token, version 2, IPv6."""
    rng = stage.rng

    def begun(name: str, version: int = 4, port: int = 443) -> Datagrams:
        talk = Datagrams(
            stage,
            stage.client(version),
            stage.outside(version),
            port,
            application="quic",
            encrypted=True,
        )
        talk.flow.names.add((name, "quic_sni"))
        return talk

    scenes.quic_open(begun("one.quic.example"), "one.quic.example", quic.V1)
    scenes.quic_open(begun("two.quic.example", 6), "two.quic.example", quic.V2)
    scenes.quic_open(begun("split.quic.example"), "split.quic.example", quic.V1, split=True)
    scenes.quic_open(begun("split2.quic.example"), "split2.quic.example", quic.V2, split=True)
    scenes.quic_open(begun("port.quic.example", port=8443), "port.quic.example", quic.V1)

    talk, dcid = begun("late.quic.example"), rng.randbytes(8)
    hello = tls.client_hello(
        rng, "late.quic.example", protocols=("h3",), large=True, quic=quic.parameters(b"")
    )
    talk.send(quic.initial(quic.V1, dcid, b"", quic.crypto(900, hello[900:]), ordinal=1))
    talk.send(quic.initial(quic.V1, dcid, b"", quic.crypto(0, hello[:900]), ordinal=0))

    talk, dcid = begun("disorder.quic.example"), rng.randbytes(20)
    hello = tls.client_hello(
        rng, "disorder.quic.example", protocols=("h3",), quic=quic.parameters(b"")
    )
    frames = quic.crypto(200, hello[200:]) + b"\x01" + bytes(20) + quic.crypto(60, hello[60:200])
    frames += quic.crypto(0, hello[:60])
    talk.send(
        quic.initial(quic.V1, dcid, rng.randbytes(8), frames, ordinal=300, token=rng.randbytes(70))
    )

    talk, dcid = begun("early-data.quic.example"), rng.randbytes(8)
    hello = tls.client_hello(
        rng, "early-data.quic.example", protocols=("h3",), quic=quic.parameters(b"")
    )
    first = quic.initial(quic.V1, dcid, b"", quic.crypto(0, hello), size=700)
    talk.send(first + quic.long_header(rng, quic.V1, 1, (dcid, b""), 400))


def http_names(stage: Stage) -> None:
    """HTTP: several hosts on one connection, a proxy, headers in pieces, another port."""
    rng = stage.rng

    def begun(port: int, *names: str) -> Connection:
        talk = Connection(
            stage, stage.client(), stage.outside(), port, application="http", encrypted=False
        )
        talk.open()
        talk.flow.names |= {(name, "http_host") for name in names}
        return talk

    talk = begun(80, "one.http.example", "two.http.example")
    for name in ("one.http.example", "two.http.example"):
        talk.send(plain.request(name))
        talk.send(plain.response(b"ok"), outward=False)
    talk.close()
    talk = begun(3128, "target.http.example")
    talk.send(plain.request("target.http.example", "http://target.http.example/x"))
    asked = ("target.http.example", "GET", talk.flow.src, talk.flow.dst, "proxy")
    stage.truth.queries[asked] += 1
    talk.send(plain.response(rng.randbytes(100)), outward=False)
    talk.close()
    talk = begun(8000, "pieces.http.example")
    data = plain.request("pieces.http.example", "/" + "a" * 900, "PUT", rng.randbytes(2000))
    talk.send(data, mss=400)
    talk.send(plain.response(b"", "201 Created"), outward=False)
    talk.close()
    talk = begun(80, "192.0.2.77")
    talk.send(plain.request("192.0.2.77:80"))
    talk.close()


def http2_names(stage: Stage) -> None:
    """HTTP/2 in clear: calls of gRPC that share a table, and a request in many segments."""

    def begun(port: int, *names: str) -> Connection:
        talk = Connection(
            stage, stage.client(), stage.outside(), port, application="http", encrypted=False
        )
        talk.open()
        talk.flow.names |= {(name, "http_host") for name in names}
        return talk

    encoder, names = Encoder(), ("otlp.http2.example", "second.http2.example")
    talk = begun(4317, *names)
    talk.send(http2.opening((4, 65535)))
    talk.send(http2.frame(http2.SETTINGS, 0, 0), outward=False)
    talk.send(
        b"".join(http2.call(encoder, 2 * n + 1, f"{name}:4317") for n, name in enumerate(names))
    )
    talk.close()
    talk = begun(8001, "pieces.http2.example")
    said = http2.fields("pieces.http2.example", "/v2/models", "GET", {"user-agent": "u" * 300})
    talk.send(http2.opening() + http2.request(Encoder(), 1, said), mss=50)
    talk.close()


def dns_over_tcp(stage: Stage) -> None:
    """Questions over TCP: two in a segment, one in pieces, with answers."""
    client, server = stage.client(), scenes.RESOLVERS[4]
    talk = Connection(stage, client, server, 53, application="dns", encrypted=False).open()
    names = ("first.tcp.example", "second.tcp.example", "third.tcp.example")
    questions = [dns.question(number, name) for number, name in enumerate(names)]
    talk.send(dns.framed(*questions[:2]))
    answers = [dns.answer(question, [("", "A", "203.0.113.9")]) for question in questions]
    talk.send(dns.framed(*answers[:2]), outward=False)
    talk.send(dns.framed(questions[2]), mss=9)
    talk.send(dns.framed(answers[2]), outward=False, mss=20)
    talk.close()
    for name in names:
        talk.flow.names.add((name, "dns_query"))
        stage.truth.queries[name, "A", client, server, "tcp"] += 1


def local_names(stage: Stage) -> None:
    """mDNS, LLMNR and NetBIOS."""
    client, six = stage.client(), stage.client(6)
    for host, group in ((client, "224.0.0.251"), (six, "ff02::fb")):
        talk = Datagrams(
            stage, host, group, 5353, source_port=5353, application="mdns", encrypted=False
        )
        for _twice in range(2):
            talk.send(dns.question(0, "_ipp._tcp.local", "PTR", unicast=True))
        talk.flow.names.add(("_ipp._tcp.local", "mdns"))
        stage.truth.queries["_ipp._tcp.local", "PTR", host, group, "mdns"] += 2
    talk = Datagrams(stage, client, "224.0.0.252", 5355, application="llmnr", encrypted=False)
    talk.send(dns.question(5, "fileserver", "A"))
    talk.flow.names.add(("fileserver", "llmnr"))
    stage.truth.queries["fileserver", "A", client, "224.0.0.252", "llmnr"] += 1
    talk = Datagrams(
        stage,
        client,
        "10.255.255.255",
        137,
        source_port=137,
        application="netbios",
        encrypted=False,
    )
    talk.send(dns.netbios(9, "PLANTSRV"))
    talk.flow.names.add(("plantsrv", "netbios"))
    stage.truth.queries["plantsrv", "NB", client, "10.255.255.255", "netbios"] += 1


def resolved(stage: Stage) -> None:
    """A name that is asked for, an alias, and then the connection to where it leads."""
    client, server = "10.0.7.7", stage.outside()
    records = [
        ("www.shop.example", "CNAME", "edge.cdn.example"), ("edge.cdn.example", "A", server),
        ("edge.cdn.example", "A", "203.0.113.200"),
    ]  # fmt: skip
    asked(stage, "www.shop.example", client=client, records=records)
    for name in ("www.shop.example", "edge.cdn.example"):
        stage.truth.answers.setdefault(server, []).append((stage.now, name))
    talk = Connection(stage, client, server, 443, application="tls", encrypted=True).open()
    talk.flow.names.add(("www.shop.example", "tls_sni"))
    talk.send(tls.record(22, tls.client_hello(stage.rng, "www.shop.example"), 0x0301))
    finish_tls(talk)


# --- conversations that go wrong, and other protocols


def states(stage: Stage) -> None:
    """Attempts, refusals, a reset, ports used again, and connections seen in part."""
    for scene in (scenes.unanswered, scenes.refused, scenes.mid_stream):
        for _each in range(3):
            scene(stage)
            stage.now += 3_000_000_000
    talk = Connection(stage, stage.client(), stage.outside(), 8443)
    talk.open()
    talk.push(b"\x99\x88\x77 hello")
    talk.segment(False, wire.RST | wire.ACK)
    talk.flow.end = "reset"
    client, server = stage.client(), stage.outside()
    for _again in range(3):  # the same ports, another connection
        talk = Connection(stage, client, server, 9100, source_port=40000)
        talk.open()
        talk.push(b"\x99\x88 print")
        talk.close()
        stage.now = talk.now + 1_000_000_000
    talk = Connection(stage, stage.client(), stage.outside(), 9200)
    talk.segment(True, wire.SYN)
    talk.segment(True, wire.SYN)  # once more: the same connection
    talk.seq[0] += 1
    talk.segment(False, wire.SYN | wire.ACK)
    talk.seq[1] += 1
    talk.segment(True, wire.ACK)
    talk.flow.end = "established"
    talk = Connection(stage, stage.client(), stage.outside(), 9300)  # the SYN was not captured
    talk.segment(False, wire.SYN | wire.ACK)
    talk.seq[1] += 1
    talk.segment(True, wire.ACK)
    talk.flow.end = "established"


def other_protocols(stage: Stage) -> None:
    """ICMP errors, SCTP, ESP, IGMP, DHCP and neighbour discovery."""
    rng = stage.rng
    client, router, server = stage.client(), "10.0.0.1", stage.outside()
    near, far = wire.packed(client), wire.packed(server)
    lost = wire.ip(near, far, wire.UDP, wire.udp(near, far, 41000, 33434, b"trace"))
    flow = stage.flow(router, client, (0, 0), "icmp", ETHERNET_WAY)
    message = wire.icmp(3, 3, bytes(4) + lost)
    stage.put_ip(
        ETHERNET_WAY, wire.ip(wire.packed(router), near, wire.ICMP, message), flow, outward=True
    )
    flow = stage.flow(client, server, (38412, 38413), "sctp", ETHERNET_WAY)
    chunk = pack(">BBHIIHHI", 1, 0, 20, 9, 65535, 1, 1, 7)
    stage.put_ip(
        ETHERNET_WAY,
        wire.ip(near, far, wire.SCTP, wire.sctp(38412, 38413, 0, chunk)),
        flow,
        outward=True,
    )
    abort = wire.sctp(38413, 38412, 9, pack(">BBH", 6, 0, 4))
    stage.put_ip(ETHERNET_WAY, wire.ip(far, near, wire.SCTP, abort), flow, outward=False)
    flow = stage.flow(
        client, server, (0, 0), "esp", ETHERNET_WAY, application="esp", encrypted=True
    )
    for number in range(4):
        packet = pack(">II", 0x1001, number + 1) + rng.randbytes(96)
        stage.put_ip(ETHERNET_WAY, wire.ip(near, far, wire.ESP, packet), flow, outward=True)
    flow = stage.flow(client, "224.0.0.22", (0, 0), "igmp", ETHERNET_WAY)
    report = wire.icmp(
        0x22, 0, pack(">HH", 0, 1) + pack(">BBH4s", 4, 0, 0, wire.packed("239.1.1.1"))
    )
    stage.put_ip(
        ETHERNET_WAY,
        wire.ip4(
            near, wire.packed("224.0.0.22"), wire.IGMP, report, ttl=1, options=b"\x94\x04\0\0"
        ),
        flow,
        outward=True,
    )
    talk = Datagrams(
        stage, "0.0.0.0", "255.255.255.255", 67, source_port=68, application="dhcp", encrypted=False
    )
    talk.send(plain.dhcp(rng, 1, CLIENT_MAC))
    talk.send(plain.dhcp(rng, 3, CLIENT_MAC))
    six = stage.client(6)
    group = "ff02::1:ff00:1"
    src, dst = wire.packed(six), wire.packed(group)
    flow = stage.flow(six, group, (0, 0), "icmpv6", ETHERNET_WAY)
    ask = bytes(4) + wire.packed("fd00:10::1") + b"\x01\x01" + CLIENT_MAC
    stage.put_ip(
        ETHERNET_WAY,
        wire.ip(src, dst, wire.ICMPV6, wire.icmpv6(src, dst, 135, 0, ask), ttl=255),
        flow,
        outward=True,
    )


def every_industrial(stage: Stage) -> None:
    """One exchange of each industrial protocol, over IP and on the link."""
    for number, (application, transport, port, exchange) in enumerate(industrial.OVER_IP):
        client, server = f"10.20.0.{number + 1}", f"10.30.0.{number + 1}"
        encrypted = None if application == "s7comm-plus" else False
        if transport == "udp":
            talk = Datagrams(
                stage, client, server, port, application=application, encrypted=encrypted
            )
            for outward, data in exchange:
                talk.send(data, outward=outward)
            continue
        polled = Connection(
            stage, client, server, port, application=application, encrypted=encrypted
        ).open()
        for outward, data in exchange:
            polled.send(data, outward=outward)
        polled.close()
    mac = ":".join(f"{byte:02x}" for byte in CLIENT_MAC)
    for application, kind, target, body in industrial.ON_THE_LINK:
        flow = stage.flow(
            mac,
            target,
            (0, 0),
            f"0x{kind:04x}",
            ETHERNET_WAY,
            application=application,
            encrypted=False,
        )
        data = body.ljust(46, b"\0")
        time = stage.later(1000, 1_000_000)
        stage.put(
            time, bytes.fromhex(target.replace(":", "")) + CLIENT_MAC + pack(">H", kind) + data
        )
        flow.seen(time, len(data), outward=True)


def on_the_link(stage: Stage) -> None:
    """Frames that carry no IP, of many kinds; each is skipped with its reason."""
    for _each in range(12):
        scenes.link_chatter(stage)
    head = b"\xff" * 6 + CLIENT_MAC
    for kind, reason in (
        (0x8035, "rarp"), (0x888E, "eapol"), (0x8809, "slow-protocols"), (0x9000, "link-loopback"),
        (0x88F7, "ptp"), (0x88E5, "macsec"), (0x0842, "wake-on-lan"), (0x8863, "pppoe-discovery"),
        (0x5555, "ethertype-unknown"),
    ):  # fmt: skip
        stage.put_skipped(head + pack(">H", kind) + bytes(46), reason)


ALL: tuple[Scene, ...] = (
    tags, ip_options, extension_headers, dns_in_fragments, question_in_fragments, tunnels,
    hello_in_pieces, hellos, quic_names, http_names, http2_names, dns_over_tcp, local_names, resolved, states,
    other_protocols, every_industrial, on_the_link,
)  # fmt: skip
