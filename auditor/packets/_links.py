"""Link headers, one by one: what each says comes next, or why nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from auditor.packets._layer import FRAME, IP, IPV4, IPV6, LLC, MPLS, PPP, PPPOE, WLAN, Layer, Next
from auditor.packets._ppp import after_direction, hdlc, ppp, pppoe
from auditor.packets._wlan import avs, prism, radiotap, wlan
from auditor.packets.skips import Skip

Reader = Callable[[Layer], Next | Skip]

# ARP hardware types of Linux' cooked headers whose protocol field is no EtherType.
_NETLINK, _WLAN, _WLAN_PRISM, _WLAN_RADIOTAP, _FRAD, _GRE = 824, 801, 802, 803, 770, 778
_INFINIBAND_HEADER = 44
_ENC_HEADER = 12
_AF_BRIDGE = 7


def ethernet(layer: Layer) -> Next | Skip:
    """Read an Ethernet II or IEEE 802.3 header."""
    lack = layer.lacks(14)
    if lack:
        return lack
    kind = layer.word(12)
    rest = layer.after(14)._replace(macs=layer.cut(0, 12))
    if kind >= 0x0600:
        return Next(kind, rest)
    if kind > 1500:
        return Skip.BAD_LINK
    return Next(LLC, rest.first(kind))


def vlan(layer: Layer) -> Next | Skip:
    """Read the rest of a tag (IEEE 802.1Q, 802.1ad); VLAN 0 is a priority only."""
    lack = layer.lacks(4)
    if lack:
        return lack
    number = layer.word(0) & 0xFFF
    rest = layer.after(4)
    if number:
        rest = rest._replace(vlans=(*layer.vlans, number))
    kind = layer.word(2)
    return Next(kind, rest) if kind >= 0x0600 else Next(LLC, rest.first(kind))


def marked(layer: Layer) -> Next | Skip:
    """Read four bytes that only mark a frame: HSR (IEC 62439-3), FRER (IEEE 802.1CB), VN-Tag."""
    lack = layer.lacks(6)
    if lack:
        return lack
    kind = layer.word(4)
    return Next(kind, layer.after(6)) if kind >= 0x0600 else Skip.BAD_LINK


def backbone(layer: Layer) -> Next | Skip:
    """Read a service tag with a whole frame behind it (IEEE 802.1ah)."""
    return layer.lacks(4) or Next(FRAME, layer.after(4).through("pbb"))


def llc(layer: Layer) -> Next | Skip:
    """Read IEEE 802.2, also with SNAP (RFC 1042)."""
    if layer.here >= 2 and layer.word(0) in _SAPS:
        return _SAPS[layer.word(0)]
    lack = layer.lacks(3)
    if lack:
        return lack
    saps, control = layer.word(0), layer.byte(2)
    if saps == 0xAAAA and control == 0x03:
        return layer.lacks(8) or _snap(layer)
    if saps == 0x0606 and control == 0x03:
        return Next(IPV4, layer.after(3))
    if saps == 0xFEFE and control == 0x03 and layer.here > 3 and layer.byte(3) == 0x83:
        return Skip.ISIS
    return Skip.LLC


_SAPS = {0x4242: Skip.STP, 0xE0E0: Skip.IPX, 0xFFFF: Skip.IPX}


def _snap(layer: Layer) -> Next | Skip:
    organisation, kind = layer.number(3, 3), layer.word(6)
    rest = layer.after(8)
    if organisation in {0, 0x0000F8}:
        return Next(kind, rest) if kind >= 0x0600 else Skip.LLC
    if organisation == 0x0080C2:
        return _bridged(kind, rest)
    if organisation == 0x080007:
        return Skip.APPLETALK
    return Skip.CDP if organisation == 0x00000C else Skip.LLC


def _bridged(kind: int, rest: Layer) -> Next | Skip:
    """Return an Ethernet frame that was put into another link (RFC 2684): 1 keeps its checksum."""
    if kind == 0x000E:
        return Skip.STP
    if kind not in {0x0001, 0x0007}:
        return Skip.LLC
    # Two bytes of padding come first.
    frame = rest.after(2)
    return Next(FRAME, frame.first(frame.size - 4) if kind == 0x0001 else frame)


def mpls(layer: Layer) -> Next | Skip:
    """Read a stack of labels (RFC 3032); what is below it only its first four bits tell."""
    at = 0
    while True:
        lack = layer.lacks(at + 4)
        if lack:
            return lack
        bottom = layer.byte(at + 2) & 1
        at += 4
        if bottom:
            break
        if at > _MOST_LABELS * 4:
            return Skip.TOO_DEEP
    rest = layer.after(at).through("mpls")
    if rest.size < 1:
        return Skip.NOT_IP
    if rest.here < 1:
        return Skip.CUT_LINK
    version = rest.byte(0) >> 4
    if version in {4, 6} and not _is_frame(rest):
        return Next(IP, rest)
    if _is_frame(rest):
        return Next(FRAME, rest)
    # A pseudowire with its control word (RFC 4448).
    return Next(FRAME, rest.after(4)) if version == 0 and rest.here >= 18 else Skip.NOT_IP


_MOST_LABELS = 64


def _is_frame(layer: Layer) -> bool:
    """Whether a pseudowire without control word begins: an Ethernet header before an IP one."""
    if layer.here < 15 or layer.byte(0) in {0x45, 0x60}:
        return False
    kind = layer.word(12)
    version = layer.byte(14) >> 4
    return (kind, version) in {(IPV4, 4), (IPV6, 6)} or kind in {0x8100, 0x0806}


def service_header(layer: Layer) -> Next | Skip:
    """Read a network service header (RFC 8300)."""
    lack = layer.lacks(8)
    if lack:
        return lack
    size = (layer.word(0) & 63) * 4
    kind = SERVICE_NEXT.get(layer.byte(3))
    if layer.byte(0) >> 6 or size < 8:
        return Skip.BAD_LINK
    if kind is None:
        return Skip.NOT_IP
    return layer.lacks(size) or Next(kind, layer.after(size).through("nsh"))


# Next protocols of NSH (RFC 8300) and of VXLAN-GPE, which are the same.
SERVICE_NEXT = {1: IPV4, 2: IPV6, 3: FRAME, 4: 0x894F, 5: MPLS}


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
    rest = rest._replace(macs=(b"\xff" if kind == 1 else b"\0") * 6 + source)
    if hardware == _NETLINK:
        return Skip.NETLINK
    if hardware in {_WLAN, _WLAN_PRISM, _WLAN_RADIOTAP}:
        reader = {_WLAN: wlan, _WLAN_PRISM: prism, _WLAN_RADIOTAP: radiotap}[hardware]
        return reader(rest)
    if protocol >= 0x0600:
        return Next(protocol, rest)
    # 4: IEEE 802.2 follows; the other small numbers are no packets of a network that is read.
    return Next(LLC, rest) if protocol == 4 and hardware != _FRAD else Skip.NOT_IP


def _nflog(layer: Layer) -> Next | Skip:
    """Read Linux' netfilter log: fields of length, type (order of that machine) and value."""
    lack = layer.lacks(8)
    if lack:
        return lack
    family = layer.byte(0)
    order: Literal["little", "big"] = (
        "little" if int.from_bytes(layer.cut(4, 2), "little") <= layer.size else "big"
    )
    kind = IP
    at = 4
    while layer.lacks(at + 4) is None:
        size = int.from_bytes(layer.cut(at, 2), order)
        field = int.from_bytes(layer.cut(at + 2, 2), order) & 0x7FFF
        if size < 4:
            return Skip.BAD_LINK
        if field == 1 and family == _AF_BRIDGE and size >= 6:
            kind = layer.number(at + 4, 2)
        if field == 9:
            return Next(kind, layer.after(at + 4).first(size - 4))
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
    if size < 8:
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
