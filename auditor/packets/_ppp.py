"""PPP and what carries it: HDLC framing (also Cisco's), a direction byte, PPP over Ethernet."""

from __future__ import annotations

from auditor.packets._layer import FRAME, IPV4, IPV6, MPLS, PPP, Layer, Next
from auditor.packets.skips import Skip

# Protocols of PPP (IANA's list) that are read on.
_KINDS = {0x0021: IPV4, 0x0057: IPV6, 0x0281: MPLS, 0x0283: MPLS}
# Compressed TCP/IP headers (RFC 1144, 2509), compressed and encrypted packets (RFC 1962, 1968).
_CLOSED = (0x002D, 0x002F, 0x0061, 0x2061, 0x00FB, 0x00FD, 0x0053, 0x0055)
_SKIPS = {0x0029: Skip.APPLETALK, 0x002B: Skip.IPX, 0x0201: Skip.STP} | dict.fromkeys(
    _CLOSED, Skip.PPP_COMPRESSED
)
_BRIDGED, _MULTILINK = 0x0031, 0x003D
# From here on: link control, network control, authentication.
_FIRST_CONTROL = 0x8000
_ADDRESS_AND_CONTROL = 0xFF03
_WHOLE = 0xC0  # a multilink packet that is both the first and the last piece
_CISCO_ADDRESSES = {0x0F00, 0x8F00}  # of one, of all; with the control byte
_KEEPALIVE = 0x8035
_VERSION_AND_TYPE = 0x11


def ppp(layer: Layer) -> Next | Skip:
    """Read PPP (RFC 1661): address and control may be left out, the protocol be one byte."""
    if layer.number(0, 2) == _ADDRESS_AND_CONTROL:
        layer = layer.after(2)
    lack = layer.lacks(1)
    if lack:
        return lack
    size = 1 if layer.byte(0) & 1 else 2
    return layer.lacks(size) or _protocol(layer.number(0, size), layer.after(size))


def _protocol(protocol: int, rest: Layer) -> Next | Skip:
    if protocol in _KINDS:
        return Next(_KINDS[protocol], rest)
    if protocol >= _FIRST_CONTROL:
        return Skip.PPP_CONTROL
    if protocol == _BRIDGED:
        return _bridged(rest)
    if protocol == _MULTILINK:
        return _multilink(rest)
    return _SKIPS.get(protocol, Skip.NOT_IP)


def _bridged(layer: Layer) -> Next | Skip:
    """Read a bridged Ethernet frame (RFC 3518): flags, then the kind of the frame."""
    lack = layer.lacks(2)
    if lack:
        return lack
    if layer.byte(1) != 1:
        return Skip.NOT_IP
    rest = layer.after(2)
    return Next(FRAME, rest.first(rest.size - 4) if layer.byte(0) & 0x80 else rest)


def _multilink(layer: Layer) -> Next | Skip:
    """Read a multilink header (RFC 1990) with a whole packet behind it; a piece is not read."""
    lack = layer.lacks(4)
    if lack:
        return lack
    return Next(PPP, layer.after(4)) if layer.byte(0) == _WHOLE else Skip.PPP_FRAGMENT


def hdlc(layer: Layer) -> Next | Skip:
    """Read HDLC framing: PPP's (RFC 1662) or Cisco's, whose address is 0x0F or 0x8F."""
    lack = layer.lacks(2)
    if lack:
        return lack
    if layer.word(0) not in _CISCO_ADDRESSES:
        return Next(PPP, layer)
    lack = layer.lacks(4)
    if lack:
        return lack
    kind = layer.word(2)
    # Cisco keeps its lines alive with the number that reverse ARP has elsewhere.
    return Skip.PPP_CONTROL if kind == _KEEPALIVE else Next(kind, layer.after(4))


def after_direction(layer: Layer) -> Next | Skip:
    """Read a byte that says which way the packet went."""
    return layer.lacks(1) or Next(PPP, layer.after(1))


def pppoe(layer: Layer) -> Next | Skip:
    """Read a session packet of PPP over Ethernet (RFC 2516)."""
    lack = layer.lacks(6)
    if lack:
        return lack
    if layer.byte(0) != _VERSION_AND_TYPE:
        return Skip.BAD_LINK
    if layer.byte(1):
        return Skip.PPPOE_DISCOVERY
    return Next(PPP, layer.after(6).first(layer.word(4)).through("pppoe"))
