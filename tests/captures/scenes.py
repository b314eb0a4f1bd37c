"""Scenes of everyday traffic: each plays one conversation on a stage and writes down its truth."""

from __future__ import annotations

from struct import pack

from tests.captures import wire
from tests.captures.messages import dns, industrial, plain, quic, tls
from tests.captures.stage import MICRO, MILLI, Connection, Datagrams, Stage
from tests.captures.ways import CLIENT_MAC, SERVER_MAC, Way

DOMAINS = ("example.com", "example.net", "plant.example", "models.test", "updates.test")
PLAIN = Way()
TAGGED = tuple(Way(vlans=(number,)) for number in (10, 20, 30, 40))
STACKED = Way(vlans=(100, 7), tag=0x88A8)
RESOLVERS = {4: "10.0.0.53", 6: "fd00:10::53"}


def way_of(stage: Stage) -> Way:
    """Return a way: a fifth is tagged, some twice."""
    draw = stage.rng.random()
    if draw < 0.78:
        return PLAIN
    return STACKED if draw < 0.794 else TAGGED[int(draw * 1000) % 4]


def version_of(stage: Stage) -> int:
    """Return a version of IP: a seventh is 6."""
    return 6 if stage.rng.random() < 0.145 else 4


def name_of(stage: Stage) -> str:
    """Return the name of some server."""
    rng = stage.rng
    return f"{rng.choice(('www', 'cdn', 'api', 'data'))}{rng.randrange(2000)}.{rng.choice(DOMAINS)}"


def _ends(stage: Stage) -> tuple[str, str]:
    version = version_of(stage)
    return stage.client(version), stage.outside(version)


def _many(stage: Stage, mean: float, most: int) -> int:
    return min(most, 1 + int(stage.rng.expovariate(1 / mean)))


def tls_download(stage: Stage) -> None:
    """A TLS connection that downloads, or uploads; the hello may need two segments."""
    rng = stage.rng
    client, server = _ends(stage)
    name = name_of(stage)
    talk = Connection(
        stage, client, server, 443, way=way_of(stage), application="tls", encrypted=True
    )
    talk.open()
    talk.flow.names.add((name, "tls_sni"))
    newest = rng.random() < 0.7
    hello = tls.client_hello(
        rng, name, newest=newest, large=newest and rng.random() < 0.3, grease=rng.random() < 0.5,
        extra=tls.encrypted_hello(rng, rng.randrange(256), 144) if newest and rng.random() < 0.3 else b"",
    )  # fmt: skip
    talk.send(tls.record(22, hello, 0x0301))
    talk.send(
        tls.record(22, tls.server_hello(rng, newest=newest, protocol="h2"))
        + tls.record(20, b"\x01") + tls.record(23 if newest else 22, rng.randbytes(900)),
        outward=False,
    )  # fmt: skip
    talk.send(tls.record(20, b"\x01") + tls.record(23 if newest else 22, rng.randbytes(52)))
    for _turn in range(_many(stage, 4, 40)):
        talk.send(tls.record(23, rng.randbytes(rng.randrange(40, 400))))
        talk.send(tls.record(23, rng.randbytes(rng.randrange(100, 1200))), outward=False)
    talk.bulk(_many(stage, 55, 900), outward=rng.random() < 0.15)
    if rng.random() < 0.8:
        talk.close()


def dns_lookup(stage: Stage) -> None:
    """A question and its answer; some find nothing, some get no answer."""
    rng = stage.rng
    version = version_of(stage)
    client, server = stage.client(version), RESOLVERS[version]
    name, kind = name_of(stage), rng.choice(("A", "A", "AAAA", "HTTPS", "TXT"))
    talk = Datagrams(
        stage, client, server, 53, way=way_of(stage), application="dns", encrypted=False
    )
    asked = dns.question(rng.randrange(65536), name, kind, edns=rng.random() < 0.5)
    talk.send(asked)
    talk.flow.names.add((name, "dns_query"))
    stage.truth.queries[name, kind, client, server, "udp"] += 1
    draw = rng.random()
    if draw < 0.9:
        value = {
            "A": f"203.0.113.{rng.randrange(1, 255)}", "AAAA": f"2001:db8:ffff::{rng.randrange(1, 255):x}",
            "HTTPS": "", "TXT": "v=spf1 -all",
        }[kind]  # fmt: skip
        talk.answer(dns.answer(asked, [("", kind, value)]))
    elif draw < 0.96:
        talk.answer(dns.answer(asked, [], code=3))


def http_download(stage: Stage) -> None:
    """HTTP in the clear, one to three requests on a connection."""
    rng = stage.rng
    client, server = _ends(stage)
    talk = Connection(
        stage, client, server, rng.choice((80, 80, 80, 8080)), way=way_of(stage),
        application="http", encrypted=False,
    )  # fmt: skip
    talk.open()
    name = name_of(stage)
    talk.flow.names.add((name, "http_host"))
    for _turn in range(rng.randrange(1, 4)):
        method = rng.choice(("GET", "GET", "POST", "HEAD"))
        body = rng.randbytes(300) if method == "POST" else b""
        talk.send(plain.request(name, f"/v1/{rng.randrange(10**6)}", method, body))
        talk.send(
            plain.response(b"" if method == "HEAD" else rng.randbytes(rng.randrange(5000))),
            outward=False,
        )
    talk.close()


def quic_download(stage: Stage) -> None:
    """QUIC version 1 or 2: real Initials, then packets that nobody can read."""
    rng = stage.rng
    client, server = _ends(stage)
    name = name_of(stage)
    talk = Datagrams(
        stage, client, server, 443, way=way_of(stage), application="quic", encrypted=True
    )
    talk.flow.names.add((name, "quic_sni"))
    quic_open(talk, name, quic.V1 if rng.random() < 0.8 else quic.V2, split=rng.random() < 0.3)
    far = rng.randbytes(8)
    for number in range(_many(stage, 40, 300)):
        talk.send(quic.short(rng, far, rng.randrange(700, 1200)), outward=False)
        if number & 1:
            talk.send(quic.short(rng, far, rng.randrange(25, 60)))


def quic_open(talk: Datagrams, name: str, version: int, *, split: bool = False) -> None:
    """Send the Initials of both sides; `split`: the hello needs two datagrams."""
    rng = talk.stage.rng
    dcid, scid, far = rng.randbytes(8), b"", rng.randbytes(8)
    hello = tls.client_hello(
        rng, name, protocols=("h3",), large=split, quic=quic.parameters(scid), grease=True
    )
    if split:
        middle = rng.randrange(80, 1000)
        first, second = quic.crypto(0, hello[:middle]), quic.crypto(middle, hello[middle:])
        talk.send(quic.initial(version, dcid, scid, first, ordinal=0))
        talk.send(quic.initial(version, dcid, scid, second, ordinal=1))
    else:
        talk.send(quic.initial(version, dcid, scid, quic.crypto(0, hello)))
    frames = b"\x02\0\0\0\0" + quic.crypto(0, tls.server_hello(rng))
    answer = quic.initial(version, scid, far, frames, sender="server", secret_of=dcid, size=0)
    talk.answer(answer + quic.long_header(rng, version, 2, (scid, far), 800))
    talk.send(quic.long_header(rng, version, 2, (far, scid), 70))


def industrial_polling(stage: Stage) -> None:
    """A controller that is asked over and over."""
    rng = stage.rng
    application, transport, port, exchange = rng.choice(industrial.OVER_IP)
    client, server = (
        f"10.20.{rng.randrange(4)}.{rng.randrange(1, 250)}",
        f"10.30.0.{rng.randrange(1, 250)}",
    )
    way = rng.choice(TAGGED)
    encrypted = None if application == "s7comm-plus" else False
    if transport == "udp":
        talk = Datagrams(
            stage, client, server, port, way=way, application=application, encrypted=False
        )
        for outward, data in exchange * _many(stage, 8, 60):
            talk.send(data, outward=outward)
        return
    polled = Connection(
        stage, client, server, port, way=way, application=application, encrypted=encrypted,
        gap=(MILLI, 20 * MILLI),
    )  # fmt: skip
    polled.open()
    for outward, data in exchange:
        polled.push(data, outward=outward)
    for outward, data in exchange[-2:] * _many(stage, 25, 300):
        if application == "mqtt" and not outward:
            continue
        polled.push(data, outward=outward)
    if rng.random() < 0.5:
        polled.close()


def ssh_session(stage: Stage) -> None:
    """A shell: a banner each way, key exchange, then keystrokes."""
    rng = stage.rng
    client, server = _ends(stage)
    talk = Connection(
        stage, client, server, 22, way=way_of(stage), application="ssh", encrypted=True
    )
    talk.open()
    talk.send(plain.ssh_banner("OpenSSH_9.2p1"))
    talk.send(plain.ssh_banner(), outward=False)
    talk.send(plain.ssh_key_exchange(rng))
    talk.send(plain.ssh_key_exchange(rng), outward=False)
    for _key in range(_many(stage, 60, 500)):
        talk.push(rng.randbytes(36 + 4 * rng.randrange(8)))
        talk.push(rng.randbytes(44 + 4 * rng.randrange(16)), outward=False)
        talk.segment(True, wire.ACK)


def unanswered(stage: Stage) -> None:
    """A connection that nobody answers: three tries."""
    client, server = _ends(stage)
    talk = Connection(stage, client, server, stage.rng.choice((443, 80, 22, 8443)), way=way_of(stage),
                      gap=(500 * MILLI, 900 * MILLI))  # fmt: skip
    for _try in range(3):
        talk.segment(True, wire.SYN, options=pack(">BBHI", 2, 4, talk.mss, 0x01010402))
    talk.flow.end = "attempt"


def refused(stage: Stage) -> None:
    """A connection that is refused at once."""
    client, server = _ends(stage)
    talk = Connection(stage, client, server, stage.rng.choice((443, 25, 9000)), way=way_of(stage))
    talk.segment(True, wire.SYN)
    talk.seq[0] += 1
    talk.seq[1] = 0
    talk.segment(False, wire.RST | wire.ACK)
    talk.flow.end = "refused"


def ping(stage: Stage) -> None:
    """Echo requests, most of them answered."""
    rng = stage.rng
    client, server = _ends(stage)
    way = way_of(stage)
    src, dst = wire.packed(client), wire.packed(server)
    six = len(src) == 16
    flow = stage.flow(client, server, (0, 0), "icmpv6" if six else "icmp", way)
    for number in range(rng.randrange(1, 6)):
        data = pack(">HH", 7, number) + bytes(range(48))
        for outward in (True, False) if rng.random() < 0.8 else (True,):
            near, far = (src, dst) if outward else (dst, src)
            if six:
                message = wire.icmpv6(near, far, 128 if outward else 129, 0, data)
            else:
                message = wire.icmp(8 if outward else 0, 0, data)
            protocol = wire.ICMPV6 if six else wire.ICMP
            stage.put_ip(way, wire.ip(near, far, protocol, message), flow, outward=outward)


def time_asked(stage: Stage) -> None:
    """The time, asked and told."""
    client, server = _ends(stage)
    talk = Datagrams(
        stage, client, server, 123, way=way_of(stage), application="ntp", encrypted=False
    )
    talk.send(plain.ntp())
    talk.answer(plain.ntp(client=False))


def link_chatter(stage: Stage) -> None:
    """What stays on the link: ARP, LLDP, spanning tree."""
    rng = stage.rng
    arp = pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, CLIENT_MAC, wire.packed("10.0.0.9"), bytes(6),
               wire.packed("10.0.0.1"))  # fmt: skip
    lldp = b"\x02\x07\x04" + CLIENT_MAC + b"\x04\x05\x05eth0" + b"\x06\x02\0\x78" + b"\0\0"
    tree = b"\x42\x42\x03" + bytes(35)
    draw = rng.random()
    if draw < 0.6:
        stage.put_skipped(b"\xff" * 6 + CLIENT_MAC + b"\x08\x06" + arp.ljust(46, b"\0"), "arp")
    elif draw < 0.8:
        stage.put_skipped(
            bytes.fromhex("0180c200000e") + CLIENT_MAC + b"\x88\xcc" + lldp.ljust(46, b"\0"), "lldp"
        )
    else:
        stage.put_skipped(
            bytes.fromhex("0180c2000000")
            + SERVER_MAC
            + pack(">H", len(tree))
            + tree.ljust(46, b"\0"),
            "stp",
        )


def fragmented(stage: Stage) -> None:
    """Large datagrams that travel in pieces."""
    rng = stage.rng
    client, server = _ends(stage)
    six = ":" in client

    def shape(packet: bytes) -> list[bytes]:
        if six:
            return wire.fragments6(packet, 1432, rng.getrandbits(32))
        return wire.fragments4(packet, 1480)

    talk = Datagrams(stage, client, server, 4_500 + 13_000, way=way_of(stage), shape=shape)
    for _each in range(rng.randrange(1, 6)):
        talk.send(b"\xee\xdd" + rng.randbytes(rng.randrange(1800, 6000)))


def mid_stream(stage: Stage) -> None:
    """A connection that was there before the capture began: nobody is known to have opened it."""
    rng = stage.rng
    client, server = _ends(stage)
    talk = Connection(stage, client, server, 9443, way=way_of(stage), initiator_known=False,
                      gap=(50 * MICRO, MILLI))  # fmt: skip
    talk.bulk(_many(stage, 10, 100), outward=rng.random() < 0.5)
    talk.flow.end = "partial"
