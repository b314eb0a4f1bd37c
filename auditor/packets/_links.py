"""Link headers, one by one: what each says comes next, or why nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from auditor.packets._labels import mpls, service_header
from auditor.packets._layer import (
    FIRST_ETHERTYPE,
    FRAME,
    IP,
    IPV4,
    IPV6,
    LLC,
    MPLS,
    PPP,
    PPPOE,
    WLAN,
    Layer,
    Next,
)
from auditor.packets._ppp import after_direction, hdlc, ppp, pppoe
from auditor.packets._wlan import avs, prism, radiotap, wlan
from auditor.packets.skips import Skip

Reader = Callable[[Layer], Next | Skip]

# ARP hardware types of Linux' cooked headers whose protocol field is no EtherType.
_NETLINK, _WLAN, _WLAN_PRISM, _WLAN_RADIOTAP, _FRAD, _GRE = 824, 801, 802, 803, 770, 778
_LINUX_LLC = 4
_LONGEST_802_3 = 1500
_INFINIBAND_HEADER = 44
_ENC_HEADER = 12
_AF_BRIDGE = 7
# Fields of netfilter's log: what it says of the packet, and the packet.
_NF_HEADER, _NF_PAYLOAD = 1, 9
_FIELD = 4
_PER_PACKET = 8


def ethernet(layer: Layer) -> Next | Skip:
    """Read an Ethernet II or IEEE 802.3 header."""
    lack = layer.lacks(14)
    if lack:
        return lack
    return _typed(layer.word(12), layer.after(14).between(layer.cut(0, 12)))


def _typed(kind: int, rest: Layer) -> Next | Skip:
    """Return what a number says that is an EtherType or the length of an IEEE 802.3 frame."""
    if kind >= FIRST_ETHERTYPE:
        return Next(kind, rest)
    return Next(LLC, rest.first(kind)) if kind <= _LONGEST_802_3 else Skip.BAD_LINK


def vlan(layer: Layer) -> Next | Skip:
    """Read the rest of a tag (IEEE 802.1Q, 802.1ad); VLAN 0 is a priority only."""
    lack = layer.lacks(4)
    if lack:
        return lack
    number = layer.word(0) & 0xFFF
    rest = layer.after(4)
    if number:
        rest = replace(rest, vlans=(*layer.vlans, number))
    return _typed(layer.word(2), rest)


def marked(layer: Layer) -> Next | Skip:
    """Read four bytes that only mark a frame: HSR (IEC 62439-3), FRER (IEEE 802.1CB), VN-Tag."""
    return layer.lacks(6) or _typed(layer.word(4), layer.after(6))


def backbone(layer: Layer) -> Next | Skip:
    """Read a service tag with a whole frame behind it (IEEE 802.1ah)."""
    return layer.lacks(4) or Next(FRAME, layer.after(4).through("pbb"))


def llc(layer: Layer) -> Next | Skip:
    """Read IEEE 802.2, also with SNAP (RFC 1042)."""
    if layer.holds(2) and layer.word(0) in _SAPS:
        return _SAPS[layer.word(0)]
    lack = layer.lacks(3)
    if lack:
        return lack
    # Both service access points, and "unnumbered information".
    head = layer.number(0, 3)
    if head == _SNAP_HEAD:
        return layer.lacks(8) or _snap(layer)
    if head == _IP_HEAD:
        return Next(IPV4, layer.after(3))
    return Skip.ISIS if layer.number(0, 4) == _ISIS_HEAD else Skip.LLC


_SAPS = {0x4242: Skip.STP, 0xE0E0: Skip.IPX, 0xFFFF: Skip.IPX}
_SNAP_HEAD, _IP_HEAD, _ISIS_HEAD = 0xAAAA03, 0x060603, 0xFEFE0383
# Organisations whose numbers in SNAP are read: of EtherTypes (two), and of bridged frames.
_ETHERTYPES, _IEEE_802_1 = {0, 0x0000F8}, 0x0080C2
_OTHERS = {0x080007: Skip.APPLETALK, 0x00000C: Skip.CDP}
_BRIDGED = {0x0001: 4, 0x0007: 0}  # Ethernet, and how long a checksum it keeps
_BRIDGED_STP = 0x000E


def _snap(layer: Layer) -> Next | Skip:
    organisation, kind = layer.number(3, 3), layer.word(6)
    rest = layer.after(8)
    if organisation in _ETHERTYPES:
        return Next(kind, rest) if kind >= FIRST_ETHERTYPE else Skip.LLC
    if organisation == _IEEE_802_1:
        return _bridged(kind, rest)
    return _OTHERS.get(organisation, Skip.LLC)


def _bridged(kind: int, rest: Layer) -> Next | Skip:
    """Return an Ethernet frame that was put into another link (RFC 2684), after two bytes."""
    if kind == _BRIDGED_STP:
        return Skip.STP
    checksum = _BRIDGED.get(kind)
    if checksum is None:
        return Skip.LLC
    frame = rest.after(2)
    return Next(FRAME, frame.first(frame.size - checksum))


def _loop(layer: Layer) -> Next | Skip:
    """Read an address family, in the order of the machine that captured."""
    lack = layer.lacks(4)
    if lack:
        return lack
    family = layer.number(0, 4)
    family = min(family, int.from_bytes(family.to_bytes(4, "big"), "little"))
    return Next(IP, layer.after(4)) if family in {2, 10, 24, 28, 30} else Skip.NOT_IP


def _cooked(layer: Layer) -> Next | Skip:
    """Read Linux' cooked header, version 1."""
    return layer.lacks(16) or _from_linux(
        layer.after(16),
        hardware=layer.word(2),
        protocol=layer.word(14),
        kind=layer.word(0),
        source=layer.cut(6, 6),
    )


def _cooked_2(layer: Layer) -> Next | Skip:
    """Read Linux' cooked header, version 2."""
    return layer.lacks(20) or _from_linux(
        layer.after(20),
        hardware=layer.word(8),
        protocol=layer.word(0),
        kind=layer.byte(10),
        source=layer.cut(12, 6),
    )


def _from_linux(
    rest: Layer, *, hardware: int, protocol: int, kind: int, source: bytes
) -> Next | Skip:
    """Return what follows a cooked header; it names the sender alone (`kind` 1: to everybody)."""
    rest = rest.between((b"\xff" if kind == 1 else b"\0") * 6 + source)
    if hardware == _NETLINK:
        return Skip.NETLINK
    if hardware in {_WLAN, _WLAN_PRISM, _WLAN_RADIOTAP}:
        reader = {_WLAN: wlan, _WLAN_PRISM: prism, _WLAN_RADIOTAP: radiotap}[hardware]
        return reader(rest)
    if protocol >= FIRST_ETHERTYPE:
        return Next(protocol, rest)
    # The other small numbers are no packets of a network that is read.
    return Next(LLC, rest) if protocol == _LINUX_LLC and hardware != _FRAD else Skip.NOT_IP


def _nflog(layer: Layer) -> Next | Skip:
    """Read Linux' netfilter log: fields of length, type (order of that machine) and value."""
    lack = layer.lacks(8)
    if lack:
        return lack
    family = layer.byte(0)
    little = int.from_bytes(layer.cut(4, 2), "little") <= layer.size
    order: Literal["little", "big"] = "little" if little else "big"
    kind = IP
    at = 4
    while layer.lacks(at + 4) is None:
        size = int.from_bytes(layer.cut(at, 2), order)
        field = int.from_bytes(layer.cut(at + 2, 2), order) & 0x7FFF
        if size < _FIELD:
            return Skip.BAD_LINK
        if field == _NF_HEADER and family == _AF_BRIDGE:
            kind = layer.number(at + _FIELD, 2)
        if field == _NF_PAYLOAD:
            return Next(kind, layer.after(at + _FIELD).first(size - _FIELD))
        at += size + (-size % 4)
    return Skip.CUT_LINK if layer.here < layer.size else Skip.NOT_IP


def _pflog(layer: Layer) -> Next | Skip:
    """Read the packet filter's log of BSD: the first byte is the header's length."""
    lack = layer.lacks(4)
    if lack:
        return lack
    size = layer.byte(0) + 3 & ~3
    return layer.lacks(size) or Next(IP, layer.after(size))


def _infiniband(layer: Layer) -> Next | Skip:
    """Read IP over InfiniBand: 40 bytes of routing, the EtherType, two reserved bytes."""
    return layer.lacks(_INFINIBAND_HEADER) or Next(layer.word(40), layer.after(_INFINIBAND_HEADER))


def _enc(layer: Layer) -> Next | Skip:
    """Read OpenBSD's header of decrypted packets."""
    return layer.lacks(_ENC_HEADER) or Next(IP, layer.after(_ENC_HEADER))


def _per_packet(layer: Layer) -> Next | Skip:
    """Read per-packet information, which names the link type of what follows."""
    lack = layer.lacks(8)
    if lack:
        return lack
    size = int.from_bytes(layer.cut(2, 2), "little")
    reader = LINKS.get(int.from_bytes(layer.cut(4, 4), "little"))
    if size < _PER_PACKET:
        return Skip.BAD_LINK
    if reader is None or reader is _per_packet:
        return Skip.LINK_TYPE
    return layer.lacks(size) or reader(layer.after(size))


def _plain(kind: int) -> Reader:
    """Return a reader for links without a header of their own."""
    return lambda layer: layer.lacks(1) or Next(kind, layer)


# By link type: the tcpdump group's list of LINKTYPE_ values.
LINKS: dict[int, Reader] = {
    0: _loop, 108: _loop, 1: ethernet, 101: _plain(IP), 12: _plain(IP), 14: _plain(IP),
    228: _plain(IPV4), 229: _plain(IPV6), 9: _plain(PPP), 50: hdlc, 104: hdlc, 51: pppoe,
    166: after_direction, 204: after_direction, 113: _cooked, 276: _cooked_2, 239: _nflog,
    105: _plain(WLAN), 119: prism, 127: radiotap, 163: avs, 192: _per_packet, 117: _pflog,
    109: _enc, 219: mpls, 242: _infiniband, 100: llc, 106: llc,
}  # fmt: skip
# Link types of messages that are on no network.
NOT_ON_A_NETWORK = {253: Skip.NETLINK}

# By what an earlier header said.
READERS: dict[int, Reader] = {
    FRAME: ethernet, LLC: llc, PPP: ppp, WLAN: wlan, MPLS: mpls, 0x8848: mpls, PPPOE: pppoe,
    0x8100: vlan, 0x88A8: vlan, 0x9100: vlan, 0x9200: vlan, 0x892F: marked, 0xF1C1: marked,
    0x8926: marked, 0x88E7: backbone, 0x894F: service_header, 0x6558: ethernet,
}  # fmt: skip
