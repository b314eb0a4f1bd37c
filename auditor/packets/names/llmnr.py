"""Link-local multicast name resolution: names asked of everyone on a network."""

from __future__ import annotations

from auditor.packets.names._dns_hearer import DnsHearer
from auditor.packets.names._reader import NameReader


def _begin() -> DnsHearer:
    return DnsHearer(port=5355, application="llmnr", source="llmnr", answer="llmnr", grouped=True)


READER = NameReader(title="LLMNR", specification="RFC 4795", begin=_begin)
