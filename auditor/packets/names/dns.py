"""DNS over UDP and TCP: names that were asked for, and those that answers gave addresses."""

from __future__ import annotations

from auditor.packets.names._dns_hearer import DnsHearer
from auditor.packets.names._reader import NameReader


def _begin() -> DnsHearer:
    return DnsHearer(port=53, application="dns", source="dns_query", answer="dns_answer")


READER = NameReader(title="DNS", specification="RFC 1035, RFC 7766, RFC 9460", begin=_begin)
