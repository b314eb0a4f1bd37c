"""Labels between a link and what it carries: MPLS, and the header of service chains."""

from __future__ import annotations

from auditor.packets._layer import FRAME, IP, IPV4, IPV6, MPLS, V4, V6, Layer, Next
from auditor.packets.skips import Skip


def mpls(layer: Layer) -> Next | Skip:
    """Read a stack of labels (RFC 3032); what is below it only its first four bits tell."""
    for _label in range(_MOST_LABELS):
        lack = layer.lacks(4)
        if lack:
            return lack
        bottom = layer.byte(2) & 1
        layer = layer.after(4)
        if bottom:
            return _labelled(layer.through("mpls"))
    return Skip.TOO_DEEP


_MOST_LABELS = 64


def _labelled(layer: Layer) -> Next | Skip:
    """Return what is below labels: IP, or a pseudowire with or without its word (RFC 4448)."""
    lack = layer.lacks(1)
    if lack:
        return lack
    if _is_frame(layer):
        return Next(FRAME, layer)
    version = layer.byte(0) >> 4
    if version in {V4, V6}:
        return Next(IP, layer)
    return Next(FRAME, layer.after(4)) if version == 0 else Skip.NOT_IP


def _is_frame(layer: Layer) -> bool:
    """Whether an Ethernet header begins, before an IP header, a tag or ARP."""
    if not layer.holds(15) or layer.byte(0) in {0x45, 0x60}:
        return False
    kind = layer.word(12)
    version = layer.byte(14) >> 4
    return (kind, version) in {(IPV4, V4), (IPV6, V6)} or kind in {0x8100, 0x0806}


def service_header(layer: Layer) -> Next | Skip:
    """Read a network service header (RFC 8300)."""
    lack = layer.lacks(8)
    if lack:
        return lack
    size = max((layer.word(0) & 63) * 4, 8)
    kind = SERVICE_NEXT.get(layer.byte(3))
    if layer.byte(0) >> 6:
        return Skip.BAD_LINK
    if kind is None:
        return Skip.NOT_IP
    return layer.lacks(size) or Next(kind, layer.after(size).through("nsh"))


# Next protocols of NSH (RFC 8300) and of VXLAN-GPE, which are the same.
SERVICE_NEXT = {1: IPV4, 2: IPV6, 3: FRAME, 4: 0x894F, 5: MPLS}
