"""Tunnel headers: what each carries, or `None` where bytes only look like that tunnel."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from auditor.packets._layer import FRAME, IPV4, IPV6, MPLS, PPP, Layer
from auditor.packets._links import SERVICE_NEXT


class Tunnel(NamedTuple):
    """What a tunnel carries: `kind` as in `Next`; `title` is empty where `kind` has one itself."""

    title: str
    kind: int
    layer: Layer


Reader = Callable[[Layer], Tunnel | None]

# Tunnels that are known by a port alone: what they carry must fit to the byte.
BY_PORT_ALONE = frozenset({"vxlan", "vxlan-gpe", "geneve", "teredo", "gtp-u", "l2tp"})

_TRANSPARENT, _ERSPAN_2, _ERSPAN_3, _PPP, _WCCP, _EOIP = (
    0x6558, 0x88BE, 0x22EB, 0x880B, 0x883E, 0x6400,
)  # fmt: skip


def ethernet_in_ip(layer: Layer) -> Tunnel | None:
    """Read EtherIP (RFC 3378)."""
    if layer.here < 2 or layer.word(0) != 0x3000:
        return None
    return Tunnel("etherip", FRAME, layer.after(2))


def mpls_in_ip(layer: Layer) -> Tunnel | None:
    """Read labels in IP (RFC 4023) or UDP (RFC 7510)."""
    return Tunnel("", MPLS, layer)


def gre(layer: Layer) -> Tunnel | None:
    """Read GRE (RFC 2784, 2890), its version 1 (RFC 2637), ERSPAN and Ethernet over IP in it."""
    if layer.here < 4:
        return None
    flags, kind = layer.word(0), layer.word(2)
    version = flags & 7
    if version == 1 and kind == _EOIP:
        return (
            Tunnel("eoip", FRAME, layer.after(8).first(layer.word(4))) if layer.here > 8 else None
        )
    # Routing in it (RFC 1701) is no longer read by anybody.
    if version > 1 or flags & 0x4000 or (version == 1 and kind != _PPP):
        return None
    size = 4 + 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    if version == 1:
        if not flags & 0x1000:  # it only acknowledges
            return None
        size += 4 * bool(flags & 0x80)
        rest = layer.after(size)
        return Tunnel("gre", PPP, rest.first(layer.word(4)) if layer.here > 6 else rest)
    if layer.here < size:
        return None
    rest = layer.after(size)
    if kind == _ERSPAN_2:
        return Tunnel("erspan", FRAME, rest.after(8) if flags & 0x1000 else rest)
    if kind == _ERSPAN_3:
        if rest.here < 12:
            return None
        return Tunnel("erspan", FRAME, rest.after(20 if rest.byte(11) & 1 else 12))
    if kind == _WCCP:
        redirected = rest.here > 0 and rest.byte(0) >> 4 != 4
        return Tunnel("gre", IPV4, rest.after(4) if redirected else rest)
    if kind == _PPP:
        return Tunnel("gre", PPP, rest)
    # Other numbers are EtherTypes; small ones are not used.
    return Tunnel("gre", FRAME if kind == _TRANSPARENT else kind, rest) if kind >= 0x600 else None


def vxlan(layer: Layer) -> Tunnel | None:
    """Read VXLAN (RFC 7348), also with a group policy in it."""
    if layer.here < 8 or layer.byte(7):
        return None
    flags = layer.byte(0)
    if flags & 0x88 == 0x88:
        plain = not flags & 0x77 and not layer.byte(1) & ~0x48
    else:
        plain = flags == 8 and not layer.number(1, 3)
    return Tunnel("vxlan", FRAME, layer.after(8)) if plain else None


def vxlan_gpe(layer: Layer) -> Tunnel | None:
    """Read VXLAN with a protocol in it (draft-ietf-nvo3-vxlan-gpe)."""
    if layer.here < 8 or layer.byte(0) & 0xFC != 0x0C or layer.word(1):
        return None
    kind = SERVICE_NEXT.get(layer.byte(3))
    return None if kind is None else Tunnel("vxlan-gpe", kind, layer.after(8))


def geneve(layer: Layer) -> Tunnel | None:
    """Read GENEVE (RFC 8926) with its options."""
    if layer.here < 8 or layer.byte(0) >> 6 or layer.byte(1) & 0x3F or layer.byte(7):
        return None
    kind = layer.word(2)
    if kind not in {_TRANSPARENT, IPV4, IPV6}:
        return None
    rest = layer.after(8 + (layer.byte(0) & 63) * 4)
    return Tunnel("geneve", FRAME if kind == _TRANSPARENT else kind, rest)


def teredo(layer: Layer) -> Tunnel | None:
    """Read Teredo (RFC 4380): authentication and origin may stand before the IPv6 packet."""
    at = 0
    if layer.here >= 4 and layer.word(0) == 0x0001:
        at = 4 + layer.byte(2) + layer.byte(3) + 9
    if layer.here >= at + 8 and layer.word(at) == 0x0000:
        at += 8
    rest = layer.after(at)
    if rest.here < 40 or rest.byte(0) >> 4 != 6 or rest.word(4) + 40 != rest.size:
        return None
    return Tunnel("teredo", IPV6, rest)


def gtp_user(layer: Layer) -> Tunnel | None:
    """Read GTP version 1, user plane (3GPP TS 29.281), with extension headers."""
    if layer.here < 8 or layer.byte(0) & 0xF0 != 0x30 or layer.byte(1) != 255:
        return None
    flags, length = layer.byte(0), layer.word(2)
    if length + 8 > layer.size:
        return None
    rest = layer.after(8).first(length)
    if flags & 7:
        if rest.here < 4:
            return None
        following = rest.byte(3) if flags & 4 else 0
        rest = rest.after(4)
        for _header in range(_MOST_EXTENSIONS):
            if not following:
                break
            size = 4 * rest.byte(0) if rest.here else 0
            if not size or rest.here < size:
                return None
            following = rest.byte(size - 1)
            rest = rest.after(size)
    if rest.here < 1:
        return None
    version = rest.byte(0) >> 4
    return Tunnel("gtp-u", IPV4 if version == 4 else IPV6, rest) if version in {4, 6} else None


_MOST_EXTENSIONS = 16


def l2tp(layer: Layer) -> Tunnel | None:
    """Read a data message of L2TP version 2 (RFC 2661)."""
    if layer.here < 6:
        return None
    flags = layer.word(0)
    # Control messages, reserved bits, another version.
    if flags & 0xB4FF & ~0x2 or flags & 15 != 2:
        return None
    if flags & 0x4000:
        if layer.word(2) > layer.size:
            return None
        layer = layer.first(layer.word(2)).after(2)
    layer = layer.after(6 + 4 * bool(flags & 0x0800))
    if flags & 0x0200:
        if layer.here < 2:
            return None
        layer = layer.after(2 + layer.word(0))
    return Tunnel("l2tp", PPP, layer) if layer.here > 0 else None


# By the number of the IP protocol; IP in IP is not a header, and known to `dissect` itself.
BY_PROTOCOL: dict[int, Reader] = {47: gre, 97: ethernet_in_ip, 137: mpls_in_ip}

# By the UDP port that they are sent to.
BY_PORT: dict[int, Reader] = {
    1701: l2tp, 2152: gtp_user, 3544: teredo, 4754: gre, 4789: vxlan, 4790: vxlan_gpe,
    6081: geneve, 6635: mpls_in_ip, 8472: vxlan,
}  # fmt: skip
# Those that answer from that port, too.
BY_EITHER_PORT = frozenset({1701, 2152, 3544})
