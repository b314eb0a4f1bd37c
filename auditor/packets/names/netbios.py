"""The NetBIOS name service: names asked of everyone on a network, or of a WINS server."""

from __future__ import annotations

from auditor.packets.names._dns_hearer import DnsHearer
from auditor.packets.names._reader import NameReader


def _begin() -> DnsHearer:
    return DnsHearer(
        port=137,
        application="netbios",
        source="netbios",
        answer="netbios",
        grouped=True,
        netbios=True,
    )


READER = NameReader(title="NetBIOS name service", specification="RFC 1001, RFC 1002", begin=_begin)
