"""How packets travel: the link with its tags, and tunnels, each a function over the layer below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import pack
from typing import NamedTuple

from tests.captures import wire

# What a layer is: its EtherType and its bytes. A layer's function puts one into the next.
Layer = tuple[int, bytes]
Wrap = Callable[[Layer, bool], Layer]


class Tunnel(NamedTuple):
    """A tunnel: its word in the contract, its function, and its ends where those are IP's."""

    name: str
    wrap: Wrap
    ends: tuple[str, str] | None = None


ETHERNET, RAW, NULL, LOOP, SLL, SLL2 = 1, 101, 0, 108, 113, 276
PPP, PPP_HDLC, NFLOG, WLAN, RADIOTAP, IPV4, IPV6 = 9, 50, 239, 105, 127, 228, 229
CLIENT_MAC, SERVER_MAC = bytes.fromhex("021122330001"), bytes.fromhex("02aabbcc0002")


def link_head(link: int, ether_type: int, outward: bool) -> bytes:  # noqa: PLR0911
    """Return a link's header before a packet of that EtherType."""
    if link == ETHERNET:
        macs = SERVER_MAC + CLIENT_MAC if outward else CLIENT_MAC + SERVER_MAC
        return macs + pack(">H", ether_type)
    if link == NULL:  # the family in the byte order of the writer: here little-endian
        return pack("<I", 2 if ether_type == 0x0800 else 30)
    if link == LOOP:
        return pack(">I", 2 if ether_type == 0x0800 else 24)
    if link == SLL:
        return pack(">HHH6sHH", 4 if outward else 0, 1, 6, CLIENT_MAC, 0, ether_type)
    if link == SLL2:
        kind = 4 if outward else 0
        return pack(">HHIHBB6sH", ether_type, 0, 2, 1, kind, 6, CLIENT_MAC, 0)
    if link in {PPP, PPP_HDLC}:
        return b"\xff\x03" + pack(">H", PPP_OF[ether_type])
    if link == NFLOG:  # family, version, resource id; then the packet as the TLV of type 9
        return pack(">BBH", 2 if ether_type == 0x0800 else 10, 0, 0)
    if link in {WLAN, RADIOTAP}:
        radio = pack("<BBHI", 0, 0, 8, 0) if link == RADIOTAP else b""
        to_ds = 1 if outward else 2
        frame = pack("<BBH", 0x08, to_ds, 0) + SERVER_MAC + CLIENT_MAC + SERVER_MAC + bytes(2)
        return radio + frame + b"\xaa\xaa\x03\0\0\0" + pack(">H", ether_type)
    return b""


PPP_OF = {0x0800: 0x0021, 0x86DD: 0x0057, 0x8847: 0x0281}


@dataclass(frozen=True, slots=True)
class Way:
    """A link, its tags (outer to inner) and tunnels (outer to inner)."""

    link: int = ETHERNET
    vlans: tuple[int, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    tag: int = 0x8100
    interface: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Return the chain of tunnels as the contract says it."""
        return tuple(tunnel.name for tunnel in self.tunnels)

    @property
    def carriers(self) -> tuple[tuple[str, str], ...]:
        """Return the ends of tunnels that have IP addresses, the client's side first."""
        return tuple(tunnel.ends for tunnel in self.tunnels if tunnel.ends)

    def head(self, version: int, outward: bool) -> bytes:
        """Return what stands before an IP packet that travels in no tunnel."""
        return self.frame((0x0800 if version == 4 else 0x86DD, b""), outward)

    def frame(self, layer: Layer, outward: bool) -> bytes:
        """Return the frame around a layer."""
        for tunnel in reversed(self.tunnels):
            layer = tunnel.wrap(layer, outward)
        ether_type, data = layer
        for depth in range(len(self.vlans) - 1, -1, -1):
            data = pack(">HH", self.vlans[depth], ether_type) + data
            ether_type = self.tag if depth < len(self.vlans) - 1 else 0x8100
        if self.link == NFLOG:
            size = 4 + len(data)
            data = pack("<HH", size, 9) + data + bytes(-size % 4)
        return link_head(self.link, ether_type, outward) + data


def between(near: str, far: str) -> Callable[[bool], tuple[bytes, bytes]]:
    """Return the outer addresses of a tunnel, by direction."""
    one, two = wire.packed(near), wire.packed(far)
    return lambda outward: (one, two) if outward else (two, one)


def _carried(near: str, far: str, protocol: int, build: Callable[[Layer], bytes]) -> Wrap:
    ends = between(near, far)

    def wrap(layer: Layer, outward: bool) -> Layer:
        src, dst = ends(outward)
        return _typed(src), wire.ip(src, dst, protocol, build(layer))

    return wrap


def _typed(address: bytes) -> int:
    return 0x0800 if len(address) == 4 else 0x86DD


def _in_udp(near: str, far: str, ports: tuple[int, int], build: Callable[[Layer], bytes]) -> Wrap:
    ends = between(near, far)

    def wrap(layer: Layer, outward: bool) -> Layer:
        src, dst = ends(outward)
        sport, dport = ports if outward or ports[0] > 32768 else (ports[1], ports[0])
        return _typed(src), wire.ip(
            src, dst, wire.UDP, wire.udp(src, dst, sport, dport, build(layer))
        )

    return wrap


def _inner_frame(layer: Layer) -> bytes:
    return SERVER_MAC + CLIENT_MAC + pack(">H", layer[0]) + layer[1]


def gre(near: str, far: str, *, key: int | None = None, ethernet: bool = False) -> Tunnel:
    """Generic routing encapsulation (RFC 2784, 2890), or transparent Ethernet in it."""

    def build(layer: Layer) -> bytes:
        kind, data = (0x6558, _inner_frame(layer)) if ethernet else layer
        head = pack(">HH", 0x2000 if key is not None else 0, kind)
        return head + (pack(">I", key) if key is not None else b"") + data

    return Tunnel("gre", _carried(near, far, wire.GRE, build), (near, far))


def ip_in_ip(near: str, far: str) -> Tunnel:
    """IPv4 in IP (RFC 2003)."""
    return Tunnel("ipip", _carried(near, far, 4, lambda layer: layer[1]), (near, far))


def six_in_four(near: str, far: str) -> Tunnel:
    """IPv6 in IPv4 (RFC 4213)."""
    return Tunnel("6in4", _carried(near, far, 41, lambda layer: layer[1]), (near, far))


def vxlan(near: str, far: str, network: int = 42) -> Tunnel:
    """Virtual extensible LAN (RFC 7348)."""

    def build(layer: Layer) -> bytes:
        return pack(">II", 0x08000000, network << 8) + _inner_frame(layer)

    return Tunnel("vxlan", _in_udp(near, far, (49321, 4789), build), (near, far))


def geneve(near: str, far: str, network: int = 7) -> Tunnel:
    """Generic network virtualization encapsulation (RFC 8926), with one option."""

    def build(layer: Layer) -> bytes:
        return pack(">BBHIHBBI", 2, 0, 0x6558, network << 8, 0x0102, 3, 1, 9) + _inner_frame(layer)

    return Tunnel("geneve", _in_udp(near, far, (50123, 6081), build), (near, far))


def teredo(near: str, far: str) -> Tunnel:
    """IPv6 in UDP (RFC 4380)."""
    return Tunnel("teredo", _in_udp(near, far, (31337, 3544), lambda layer: layer[1]), (near, far))


def gtp_u(near: str, far: str, tunnel: int = 0x1234) -> Tunnel:
    """GPRS tunnelling, user plane (3GPP TS 29.281), with a sequence number."""

    def build(layer: Layer) -> bytes:
        return pack(">BBHIHBB", 0x32, 255, len(layer[1]) + 4, tunnel, 1, 0, 0) + layer[1]

    return Tunnel("gtp-u", _in_udp(near, far, (2152, 2152), build), (near, far))


def mpls(*labels: int) -> Tunnel:
    """A stack of labels (RFC 3032)."""

    def wrap(layer: Layer, _outward: bool) -> Layer:
        stack = b"".join(
            pack(">I", label << 12 | (place == len(labels) - 1) << 8 | 64)
            for place, label in enumerate(labels)
        )
        return 0x8847, stack + layer[1]

    return Tunnel("mpls", wrap)


def pppoe(session: int = 17) -> Tunnel:
    """PPP over Ethernet (RFC 2516)."""

    def wrap(layer: Layer, _outward: bool) -> Layer:
        data = pack(">H", PPP_OF[layer[0]]) + layer[1]
        return 0x8864, pack(">BBHH", 0x11, 0, session, len(data)) + data

    return Tunnel("pppoe", wrap)
