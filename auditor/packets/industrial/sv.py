"""Sampled values: currents and voltages of merging units, multicast on the link."""

from __future__ import annotations

from auditor.packets.industrial import _iec_61850
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, does

_TAG = 0x60


def _matches(packet: Packet) -> Likeness:
    return _iec_61850.likeness(packet, _TAG)


def _detail(packet: Packet) -> Detail:
    del packet
    return does("report")


SIGNATURE = Signature(
    title="Sampled values",
    application="sv",
    specification="IEC 61850-9-2, 8.5 (savPdu), 5.3 (header)",
    matches=_matches,
    detail=_detail,
    told_by=(8,),
    ether_types=(0x88BA,),
)
