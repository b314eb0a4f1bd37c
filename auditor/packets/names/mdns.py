"""Multicast DNS: names that hosts of a network ask one another for."""

from __future__ import annotations

from auditor.packets.names._dns_hearer import DnsHearer
from auditor.packets.names._reader import NameReader


def _begin() -> DnsHearer:
    return DnsHearer(port=5353, application="mdns", source="mdns", answer="mdns", grouped=True)


READER = NameReader(title="multicast DNS", specification="RFC 6762", begin=_begin)
