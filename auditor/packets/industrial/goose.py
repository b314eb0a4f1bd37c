"""GOOSE: events of protection devices, multicast on the link."""

from __future__ import annotations

from auditor.packets.industrial import _iec_61850
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, does

_TAG = 0x61


def _matches(packet: Packet) -> Likeness:
    return _iec_61850.likeness(packet, _TAG)


def _detail(packet: Packet) -> Detail:
    del packet
    return does("report")


SIGNATURE = Signature(
    title="GOOSE",
    application="goose",
    specification="IEC 61850-8-1, 18 (GOOSE), Annex C (header)",
    matches=_matches,
    detail=_detail,
    told_by=(8,),
    ether_types=(0x88B8,),
)
