"""What packets showed: captures, flows in both directions, and the names that were asked for."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from auditor.evidence.base import Origin, Record

NameSource = Literal[
    "tls_sni", "quic_sni", "http_host", "dns_query", "dns_answer", "mdns", "llmnr", "netbios",
]  # fmt: skip

TcpState = Literal["", "attempt", "refused", "established", "closed", "reset", "partial"]

# `proxy`: no name server but a proxy (HTTP, SOCKS) was asked, to go there.
QueryTransport = Literal["udp", "tcp", "mdns", "llmnr", "netbios", "proxy"]

# What an industrial controller, drive or sensor speaks.
Industrial = Literal[
    "modbus", "s7comm", "s7comm-plus", "opc-ua", "mqtt", "ethernet-ip", "bacnet", "dnp3",
    "iec-104", "profinet", "goose", "sv", "ethercat", "hart-ip", "fins", "slmp",
]  # fmt: skip
INDUSTRIAL: frozenset[str] = frozenset(get_args(Industrial))

# What messages to controllers and from them do, the gravest last.
Operation = Literal[
    "report", "discover", "read", "upload", "configure", "write", "control", "program",
]  # fmt: skip

# What a dissected message asks a device for.
Access = Literal["read", "write", "control", "other"]

# Every application that is told apart; the list is closed, and part of the schema.
Application = Literal[
    "dns", "mdns", "llmnr", "netbios", "tls", "dtls", "http", "quic", "ssh", "ntp", "dhcp",
    "dhcpv6", "ftp", "tftp", "telnet", "smtp", "pop3", "imap", "smb", "ldap", "kerberos", "rdp",
    "vnc", "snmp", "syslog", "radius", "sip", "rtsp", "stun", "ssdp", "redis", "memcached",
    "postgresql", "mysql", "mongodb", "amqp", "nats", "kafka", "coap", "socks", "bittorrent",
    "rpc", "dce-rpc", "ike", "esp", "wireguard", "openvpn", "modbus", "s7comm", "s7comm-plus",
    "opc-ua", "mqtt", "ethernet-ip", "bacnet", "dnp3", "iec-104", "profinet", "goose", "sv",
    "ethercat", "hart-ip", "fins", "slmp",
]  # fmt: skip
APPLICATIONS: tuple[str, ...] = get_args(Application)

# How packets were wrapped; the list is closed, and part of the schema.
TunnelKind = Literal[
    "gre", "eoip", "nvgre", "erspan", "vxlan", "vxlan-gpe", "geneve", "ipip", "6in4", "4in6",
    "6in6", "teredo", "gtp-u", "l2tp", "etherip", "mpls", "pppoe", "pbb", "nsh",
    "source-route",
]  # fmt: skip
TUNNELS: tuple[str, ...] = get_args(TunnelKind)
# Tunnels without IP addresses of their own: they do not lead off their network.
LINK_TUNNELS = frozenset({"mpls", "pppoe", "pbb", "nsh"})
# Why nobody can tell whether a flow is encrypted that carried nothing.
SILENT = "no data was seen"


class Skipped(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """Packets that gave no flow, and why."""

    reason: str
    packets: int


class NameSeen(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A name that may be a flow's: how it was known, and when it was said (ns since 1970).

    Several candidates are kept: an address may be many names'.
    """

    name: str
    source: NameSource
    first: int = 0
    last: int = 0


class Carrier(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """The ends of a tunnel that flows went through, as the flow's initiator sent into it."""

    src: str
    dst: str


class Fact(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """Something that was read in a flow, for a reader: a TLS version, a name server inside TLS."""

    name: str
    value: str


class Capture(Record, frozen=True, kw_only=True):
    """A capture file, and how much of it was read: `packets` is `parsed` and the skipped ones.

    `bytes` are those of the packets on the wire, `captured_bytes` those in the file. `first` and
    `last` are nanoseconds since 1970, 0 for no packet. `snap_cut` counts packets that the
    capture shortened, `dropped` those that the capturing machine says it lost (pcapng), `None`
    where it does not say. `truncated`: the file ends within a packet or block.
    """

    path: str
    sha256: str
    file_format: str
    packets: int
    parsed: int
    skipped: tuple[Skipped, ...]
    bytes: int
    captured_bytes: int
    first: int
    last: int
    link_types: tuple[str, ...]
    interfaces: tuple[str, ...]
    snap_cut: int
    dropped: int | None
    truncated: bool

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path


class Flow(Record, frozen=True):
    """Packets between two ends, `src` the initiator; bytes are IP bytes, each way.

    `protocol` is the IANA keyword in lower case (`tcp`, `udp`, `icmp` …) or a number.
    `application` is from the closed list of the schema, empty where it is not known.
    `encrypted` is `None` where it cannot be told; `encrypted_why` says how it was known.
    `operations` are what industrial messages do, `facts` what else was read, each a name and a
    value. `tunnel` and `vlan` are outer to inner, `carriers` the ends of those tunnels that have IP
    addresses: who carried it may be outside where both ends are inside. `initiator_known` is
    false where the capture began in the middle and the ends were put in order by their ports.
    """

    origin: Origin
    capture: str
    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: str
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    first: int
    last: int
    names: tuple[NameSeen, ...] = ()
    application: str = ""
    encrypted: bool | None = None
    encrypted_why: str = ""
    tcp_state: TcpState = ""
    initiator_known: bool = True
    tunnel: tuple[str, ...] = ()
    vlan: tuple[int, ...] = ()
    hidden_name: bool = False
    carriers: tuple[Carrier, ...] = ()
    operations: tuple[Operation, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def label(self) -> str:
        """Return both ends and the protocol."""
        return f"{_end(self.src, self.src_port)} → {_end(self.dst, self.dst_port)}/{self.protocol}"


class NameQuery(Record, frozen=True, kw_only=True):
    """A name that a client asked a server for: `query_type` as `A`, `count` questions.

    Of a proxy it is the method (`CONNECT` …), and the name what it was asked to go to.

    `answers` are the addresses that came back, `response` the code of the last answer
    (`NOERROR`, `NXDOMAIN` …), empty where none came.
    """

    capture: str
    name: str
    query_type: str
    client: str
    server: str
    transport: str
    count: int
    first: int
    last: int
    response: str = ""
    answers: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the client and the name."""
        return f"{self.client} asks for {self.name} ({self.query_type})"


class Exchange(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """What messages asked a device for: a function by name, `count` of them, about what.

    `objects` are registers, tags, stations or topics; `objects_total` counts distinct ones.
    """

    does: Access
    function: str
    count: int
    objects: tuple[str, ...]
    objects_total: int


class ControllerTalk(Record, frozen=True, kw_only=True):
    """An industrial flow whose messages were dissected on request, or could not be.

    `layer` is what read them, empty where nothing can. `reads`, `writes`, `controls` and `others`
    count what was asked for, not what was done; `None` where nothing was dissected. `packets` are
    those with payload, `looked` those that were handed over. `why` says what stays unknown: the
    counts are then lower bounds. `exchanges` are the gravest first.
    """

    capture: str
    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: str
    first: int
    application: str
    layer: str
    packets: int
    looked: int
    reads: int | None
    writes: int | None
    controls: int | None
    others: int | None
    undissected: int
    exchanges: tuple[Exchange, ...]
    why: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return both ends and the application."""
        ends = f"{_end(self.src, self.src_port)} → {_end(self.dst, self.dst_port)}"
        return f"{ends}/{self.application}"


def _end(address: str, port: int) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
