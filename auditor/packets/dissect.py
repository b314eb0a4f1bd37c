"""The slow path: one packet of any link type, through every tunnel, down to its flow."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from auditor.packets._ipv4_options import route_end
from auditor.packets._ipv6_extensions import BETWEEN, jumbo_size, walk
from auditor.packets._layer import IP, IPV4, IPV6, V4, V6, Layer, Next
from auditor.packets._links import LINKS, NOT_ON_A_NETWORK, READERS
from auditor.packets._tunnels import (
    BY_EITHER_PORT,
    BY_PORT,
    BY_PROTOCOL,
    Tunnel,
)
from auditor.packets.dissected import LAYER_2, Dissected, Fragment
from auditor.packets.skips import BY_ETHERTYPE, Skip

# Tunnels one in another; a packet that has more is the flow of the last one followed.
MOST_TUNNELS = 8
_MOST_HEADERS = 64

_INDUSTRIAL = frozenset({0x8892, 0x88A4, 0x88B8, 0x88BA})
_TCP, _UDP, _UDP_LITE, _SCTP, _DCCP = 6, 17, 136, 132, 33
_HEADERS = {_TCP: 20, _UDP: 8, _UDP_LITE: 8, _SCTP: 12, _DCCP: 12}
_PORTS = 4
_IN_IP = {4: IPV4, 41: IPV6}
_IP_IN_IP = {(V4, 4): "ipip", (V4, 41): "6in4", (V6, 4): "4in6", (V6, 41): "6in6"}
# Headers without what may be added to them.
_LEAST = {V4: 20, V6: 40}


class _Packet(Struct, frozen=True, gc=False):
    """An IP packet: what its header says. `fragment` is set for a part of one."""

    version: int
    src: bytes
    dst: bytes
    size: int
    fragment: Fragment | None = None


class _Transport(Struct, frozen=True, gc=False):
    """What a transport header says, and its length; nothing where there is none."""

    header: int = 0
    sport: int = 0
    dport: int = 0
    flags: int = 0
    seq: int = 0


_NONE = _Transport()


def dissect(link_type: int, data: bytes, *, wire: int, fcs: int = 0) -> Dissected | Skip:
    """Return the innermost packet of a captured one, or why it is no flow's.

    `wire` is its length on the link, `fcs` the length of the checksum at its end. Never raises
    for what is in the packet.
    """
    if not data:
        return Skip.EMPTY
    reader = LINKS.get(link_type)
    if reader is None:
        return NOT_ON_A_NETWORK.get(link_type, Skip.LINK_TYPE)
    last = max(wire - fcs, 0)
    return _follow(reader(Layer(data, 0, min(len(data), last), last)))


def continued(part: Dissected, payload: bytes, size: int, *, inside: bool = True) -> Dissected:
    """Return what a datagram is that was put together from `part` and others.

    `payload` is what the IP headers carried, as far as it was kept, `size` its whole length. It
    may be a tunnel, and what is in it a fragment; not `inside` it, the packet is the tunnel's.
    """
    layer = Layer(
        payload, 0, len(payload), size,
        vlans=part.vlans, tunnels=part.tunnels, carriers=part.carriers,
    )  # fmt: skip
    packet = _Packet(part.version, part.src, part.dst, part.ip_bytes)
    whole = _carried(packet, part.protocol, layer, inside=inside)
    return replace(part, fragment=None) if isinstance(whole, Skip) else whole


def _follow(step: Next | Skip) -> Dissected | Skip:
    """Read link headers until an IP packet, or a frame that is a flow's without one."""
    for _header in range(_MOST_HEADERS):
        if isinstance(step, Skip):
            return step
        kind, layer = step.kind, step.layer
        if len(layer.tunnels) > MOST_TUNNELS:
            return Skip.TOO_DEEP
        if kind in {IP, IPV4, IPV6}:
            return _internet(kind, layer)
        if kind in _INDUSTRIAL:
            return _frame(kind, layer)
        reader = READERS.get(kind)
        if reader is None:
            return BY_ETHERTYPE.get(kind, Skip.ETHERTYPE)
        step = reader(layer)
    return Skip.TOO_DEEP


def _frame(kind: int, layer: Layer) -> Dissected:
    """Return an industrial frame between two stations."""
    return Dissected(
        version=0,
        src=layer.macs[6:],
        dst=layer.macs[:6],
        protocol=LAYER_2 | kind,
        sport=0,
        dport=0,
        ip_bytes=max(layer.size, 0),
        payload=layer.data[layer.at : layer.end],
        payload_size=max(layer.size, 0),
        vlans=layer.vlans,
        tunnels=layer.tunnels,
        carriers=layer.carriers,
    )


def _internet(kind: int, layer: Layer) -> Dissected | Skip:
    """Read an IP packet of the version that its link header, if any, promised."""
    version = layer.byte(0) >> 4 if layer.holds(1) else 0
    least = _LEAST.get(version, 1)
    if not layer.holds(least):
        return Skip.BAD_IP if layer.size < least else Skip.CUT_IP
    if version not in _LEAST:
        return Skip.IP_VERSION
    if kind not in {IP, IPV4 if version == V4 else IPV6}:
        return Skip.BAD_IP
    return _ipv4(layer) if version == V4 else _ipv6(layer)


def _ipv4(layer: Layer) -> Dissected | Skip:
    """Read an IPv4 header (RFC 791)."""
    header, total = (layer.byte(0) & 15) * 4, layer.word(2)
    if _does_not_fit(layer, total):
        return Skip.BAD_IP
    # Without a length: the sending machine's card was to fill it in.
    total = min(total or layer.size, layer.size)
    if header < _LEAST[V4] or total < header:
        return Skip.BAD_IP
    if layer.here < header:
        return Skip.CUT_IP
    place = layer.word(6)
    offset, more = (place & 0x1FFF) * 8, bool(place & 0x2000)
    fragment = Fragment(layer.word(4), offset, more) if offset or more else None
    packet = _Packet(V4, layer.cut(12, 4), layer.cut(16, 4), total, fragment)
    rest = layer.first(total).after(header)
    end = route_end(layer.cut(20, header - 20)) if header > _LEAST[V4] else b""
    if end:
        packet, rest = _routed(packet, rest, end)
    return _carried(packet, layer.byte(9), rest)


def _routed(packet: _Packet, rest: Layer, end: bytes) -> tuple[_Packet, Layer]:
    """Return a packet as one to the end of its route, which was on its way to its next hop."""
    hop = (packet.src, packet.dst)
    rest = replace(rest, tunnels=(*rest.tunnels, "source-route"), carriers=(*rest.carriers, hop))
    return replace(packet, dst=end), rest


def _ipv6(layer: Layer) -> Dissected | Skip:
    """Read an IPv6 header (RFC 8200), also of a jumbogram (RFC 2675)."""
    length, protocol = layer.word(4), layer.byte(6)
    body = layer.after(40)
    if not length and protocol != _NO_NEXT_HEADER:
        length = jumbo_size(protocol, body) or body.size
    if _does_not_fit(layer, length + 40):
        return Skip.BAD_IP
    body = body.first(length)
    packet = _Packet(V6, layer.cut(8, 16), layer.cut(24, 16), 40 + body.size)
    return _carried(packet, protocol, body)


_NO_NEXT_HEADER = 59


def _does_not_fit(layer: Layer, total: int) -> bool:
    """Whether a packet of this size cannot be in a tunnel that only its port suggests."""
    return layer.exact and not 0 < total <= layer.size


def _carried(
    packet: _Packet, protocol: int, layer: Layer, *, inside: bool = True
) -> Dissected | Skip:
    """Read what an IP packet carries: a tunnel, a transport, a fragment of either, or anything."""
    if packet.fragment is None and protocol in BETWEEN:
        chain = walk(protocol, layer, version=packet.version)
        if isinstance(chain, Skip):
            return chain
        protocol, layer = chain.protocol, chain.layer
        if chain.end:
            packet, layer = _routed(packet, layer, chain.end)
        if chain.fragment:
            packet = replace(packet, fragment=chain.fragment)
    if packet.fragment is not None:
        return _plain(packet, protocol, layer)
    if protocol in _HEADERS:
        return _ported(packet, protocol, layer, inside=inside)
    inner = _inside(packet, _by_protocol(packet, protocol, layer)) if inside else None
    return inner or _plain(packet, protocol, layer)


def _by_protocol(packet: _Packet, protocol: int, layer: Layer) -> Tunnel | None:
    title = _IP_IN_IP.get((packet.version, protocol))
    if title:
        return Tunnel(title, _IN_IP[protocol], layer)
    reader = BY_PROTOCOL.get(protocol)
    return reader(layer) if reader else None


def _by_port(layer: Layer, sport: int, dport: int) -> Tunnel | None:
    reader = BY_PORT.get(dport)
    if reader is None and sport in BY_EITHER_PORT:
        reader = BY_PORT[sport]
    return reader(layer) if reader else None


def _inside(packet: _Packet, tunnel: Tunnel | None, *, exact: bool = False) -> Dissected | None:
    """Return the flow's packet in a tunnel; `None` where there is none, which is no contradiction.

    Then the packet is one between the tunnel's ends: who talks to whom stays in the evidence.
    """
    if tunnel is None:
        return None
    layer = tunnel.layer
    if len(layer.tunnels) >= MOST_TUNNELS:
        return None
    layer = replace(
        layer,
        tunnels=(*layer.tunnels, tunnel.title) if tunnel.title else layer.tunnels,
        carriers=(*layer.carriers, (packet.src, packet.dst)),
        exact=layer.exact or exact,
    )
    inner = _follow(Next(tunnel.kind, layer))
    return None if isinstance(inner, Skip) else inner


def _ported(packet: _Packet, protocol: int, layer: Layer, *, inside: bool) -> Dissected | Skip:
    """Read a transport header; where the capture or the packet cut it, as far as its ports."""
    if layer.size < _PORTS:
        return _plain(packet, protocol, layer, _Transport(max(layer.size, 0)))
    if not layer.holds(_PORTS):
        return Skip.CUT_TRANSPORT
    sport, dport = layer.word(0), layer.word(2)
    header = _HEADERS[protocol]
    flags = seq = 0
    if protocol == _TCP:
        seq = layer.number(4, 4) if layer.holds(8) else 0
        flags = layer.number(13, 1)
        # A header that is shorter than can be has a flow, but no payload.
        least = header
        header = (layer.byte(12) >> 4) * 4 if layer.holds(13) else least
        if header < least:
            header = layer.size
    elif protocol == _UDP and layer.holds(header):
        declared = layer.word(4)
        if declared >= header:
            layer = layer.first(declared)
        tunnel = _by_port(layer.after(header), sport, dport) if inside else None
        inner = _inside(packet, tunnel, exact=True)
        if inner:
            return inner
    return _plain(packet, protocol, layer, _Transport(header, sport, dport, flags, seq))


def _plain(
    packet: _Packet, protocol: int, layer: Layer, transport: _Transport = _NONE
) -> Dissected:
    """Return an IP packet that is a flow's itself."""
    start = min(layer.at + transport.header, layer.end)
    return Dissected(
        version=packet.version,
        src=packet.src,
        dst=packet.dst,
        protocol=protocol,
        sport=transport.sport,
        dport=transport.dport,
        ip_bytes=packet.size,
        payload=layer.data[start : max(layer.end, start)],
        payload_size=max(layer.size - transport.header, 0),
        tcp_flags=transport.flags,
        seq=transport.seq,
        vlans=layer.vlans,
        tunnels=layer.tunnels,
        fragment=packet.fragment,
        carriers=layer.carriers,
    )
