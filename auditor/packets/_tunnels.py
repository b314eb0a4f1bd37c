"""Tunnel headers: what each carries, or `None` where bytes only look like that tunnel."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from auditor.packets._labels import SERVICE_NEXT
from auditor.packets._layer import FIRST_ETHERTYPE, FRAME, IPV4, IPV6, MPLS, PPP, V4, V6, Layer


class Tunnel(Struct, frozen=True, gc=False):
    """What a tunnel carries: `kind` as in `Next`; `title` is empty where `kind` has one itself."""

    title: str
    kind: int
    layer: Layer


Reader = Callable[[Layer], Tunnel | None]

# What GRE carries, beside EtherTypes.
_TRANSPARENT, _ERSPAN_2, _ERSPAN_3, _PPP, _WCCP, _EOIP = (
    0x6558, 0x88BE, 0x22EB, 0x880B, 0x883E, 0x6400,
)  # fmt: skip
_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _ACKNOWLEDGEMENT = 0x8000, 0x4000, 0x2000, 0x1000, 0x80
# Numbers that NVGRE gives to networks (RFC 7637, 3.2); a smaller key is anybody's.
_NETWORKS = range(0x1000, 0xFFFFFF)
_ETHERNET_IN_IP_3 = 0x3000


def ethernet_in_ip(layer: Layer) -> Tunnel | None:
    """Read EtherIP (RFC 3378)."""
    if not layer.holds(2) or layer.word(0) != _ETHERNET_IN_IP_3:
        return None
    return Tunnel("etherip", FRAME, layer.after(2))


def mpls_in_ip(layer: Layer) -> Tunnel | None:
    """Read labels in IP (RFC 4023) or UDP (RFC 7510)."""
    return Tunnel("", MPLS, layer)


def gre(layer: Layer) -> Tunnel | None:
    """Read GRE (RFC 2784, 2890), its version 1 (RFC 2637), NVGRE, ERSPAN, Ethernet over IP."""
    if not layer.holds(4):
        return None
    flags, kind = layer.word(0), layer.word(2)
    size = 4 + 4 * sum(bool(flags & bit) for bit in (_CHECKSUM, _KEY, _SEQUENCE))
    if flags & 7 == 1:
        return _gre_1(flags, kind, size, layer)
    # Routing in it (RFC 1701) is no longer read by anybody.
    if flags & 7 or flags & _ROUTING or not layer.holds(size):
        return None
    return _gre_0(flags, kind, layer.after(size), layer.number(4, 3))


def _gre_0(flags: int, kind: int, rest: Layer, network: int) -> Tunnel | None:
    """Read version 0; `network` is what stands where NVGRE has its virtual network's number."""
    if kind == _TRANSPARENT and flags == _KEY and network in _NETWORKS:
        return Tunnel("nvgre", FRAME, rest)
    if kind == _ERSPAN_2:
        # Its first version has no header of its own.
        return Tunnel("erspan", FRAME, rest.after(8 if flags & _SEQUENCE else 0))
    if kind == _ERSPAN_3:
        more = rest.holds(12) and rest.byte(11) & 1
        return Tunnel("erspan", FRAME, rest.after(20 if more else 12))
    if kind == _WCCP:
        redirected = rest.holds(1) and rest.byte(0) >> 4 != V4
        return Tunnel("gre", IPV4, rest.after(4 if redirected else 0))
    if kind < FIRST_ETHERTYPE:
        return None
    return Tunnel("gre", {_PPP: PPP, _TRANSPARENT: FRAME}.get(kind, kind), rest)


def _gre_1(flags: int, kind: int, size: int, layer: Layer) -> Tunnel | None:
    """Read the version for PPP, which is what Ethernet over IP pretends to be as well."""
    length = layer.number(4, 2)
    if kind == _EOIP:
        return Tunnel("eoip", FRAME, layer.after(8).first(length))
    # Without a number it only acknowledges.
    if kind != _PPP or not flags & _SEQUENCE:
        return None
    return Tunnel("gre", PPP, layer.after(size + 4 * bool(flags & _ACKNOWLEDGEMENT)).first(length))


def vxlan(layer: Layer) -> Tunnel | None:
    """Read VXLAN (RFC 7348), also with a group policy in it."""
    if not layer.holds(8) or layer.byte(7):
        return None
    plain = layer.number(0, 4) == _NETWORK
    policy = layer.byte(0) == _NETWORK_AND_POLICY and not layer.byte(1) & ~_POLICY_BITS
    return Tunnel("vxlan", FRAME, layer.after(8)) if plain or policy else None


# "There is a network's number", alone or with a policy's; what a policy may say in bits.
_NETWORK, _NETWORK_AND_POLICY, _POLICY_BITS = 0x08000000, 0x88, 0x48


def vxlan_gpe(layer: Layer) -> Tunnel | None:
    """Read VXLAN with a protocol in it (draft-ietf-nvo3-vxlan-gpe)."""
    if not layer.holds(8) or layer.byte(0) & 0xFC != _NETWORK_AND_PROTOCOL or layer.word(1):
        return None
    kind = SERVICE_NEXT.get(layer.byte(3))
    return None if kind is None else Tunnel("vxlan-gpe", kind, layer.after(8))


_NETWORK_AND_PROTOCOL = 0x0C


def geneve(layer: Layer) -> Tunnel | None:
    """Read GENEVE (RFC 8926) with its options."""
    if not layer.holds(8) or layer.byte(0) >> 6 or layer.byte(1) & 0x3F or layer.byte(7):
        return None
    kind = layer.word(2)
    if kind not in {_TRANSPARENT, IPV4, IPV6}:
        return None
    rest = layer.after(8 + (layer.byte(0) & 63) * 4)
    return Tunnel("geneve", FRAME if kind == _TRANSPARENT else kind, rest)


def teredo(layer: Layer) -> Tunnel | None:
    """Read Teredo (RFC 4380): authentication and origin may stand before the IPv6 packet."""
    at = 0
    if layer.number(0, 2) == _AUTHENTICATION and layer.holds(4):
        at = 4 + layer.byte(2) + layer.byte(3) + 9
    if layer.holds(at + 8) and layer.word(at) == _ORIGIN:
        at += 8
    rest = layer.after(at)
    if not rest.holds(40) or rest.byte(0) >> 4 != V6 or rest.word(4) + 40 != rest.size:
        return None
    return Tunnel("teredo", IPV6, rest)


_ORIGIN, _AUTHENTICATION = 0, 1


def gtp_user(layer: Layer) -> Tunnel | None:
    """Read GTP version 1, user plane (3GPP TS 29.281), with extension headers."""
    if not layer.holds(8) or layer.word(0) & 0xF0FF != _GTP_1_PACKET:
        return None
    flags, length = layer.byte(0), layer.word(2)
    if length + 8 > layer.size:
        return None
    rest = layer.after(8).first(length)
    if flags & 7:
        # A sequence number, a number and the kind of the first extension, of which any may count.
        following = rest.number(3, 1) if flags & 4 else 0
        rest = _after_extensions(rest.after(4), following)
    kind = {V4: IPV4, V6: IPV6}.get(rest.number(0, 1) >> 4)
    return None if kind is None else Tunnel("gtp-u", kind, rest)


# Version 1, "GTP" (not "GTP'"), and a message that is a user's packet.
_GTP_1_PACKET = 0x30FF
_MOST_EXTENSIONS = 16


def _after_extensions(rest: Layer, following: int) -> Layer:
    """Return what follows extension headers; nothing where they are longer than the packet."""
    for _header in range(_MOST_EXTENSIONS):
        if not following:
            break
        size = 4 * rest.number(0, 1)
        if not size or not rest.holds(size):
            return rest.after(rest.here)
        following = rest.byte(size - 1)
        rest = rest.after(size)
    return rest


def l2tp(layer: Layer) -> Tunnel | None:
    """Read a data message of L2TP version 2 (RFC 2661)."""
    if not layer.holds(6):
        return None
    flags = layer.word(0)
    # Control messages, reserved bits, another version.
    if flags & 0xB4FF != _L2TP_2:
        return None
    if flags & 0x4000:
        if layer.word(2) > layer.size:
            return None
        layer = layer.first(layer.word(2)).after(2)
    layer = layer.after(6 + 4 * bool(flags & 0x0800))
    if flags & 0x0200:
        layer = layer.after(2 + layer.number(0, 2))
    return Tunnel("l2tp", PPP, layer)


_L2TP_2 = 0x0002


# By the number of the IP protocol; IP in IP is not a header, and known to `dissect` itself.
BY_PROTOCOL: dict[int, Reader] = {47: gre, 97: ethernet_in_ip, 137: mpls_in_ip}

# By the UDP port that they are sent to.
BY_PORT: dict[int, Reader] = {
    1701: l2tp, 2152: gtp_user, 3544: teredo, 4754: gre, 4789: vxlan, 4790: vxlan_gpe,
    6081: geneve, 6635: mpls_in_ip, 8472: vxlan,
}  # fmt: skip
# Those that answer from that port, too.
BY_EITHER_PORT = frozenset({1701, 2152, 3544})
