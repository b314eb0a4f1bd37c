"""Says whose the far end of a flow is by the names that were said of it, and whether it names."""

from __future__ import annotations

from msgspec import Struct

from auditor.catalogues.operators import Operator, operator_of
from auditor.evidence.traffic import Flow

# What a client itself says that it wants, and what a name server said that it would find there.
CLAIMED = frozenset({"tls_sni", "quic_sni", "http_host"})
ANSWERED = frozenset({"dns_answer"})
# Where name servers listen (IANA): in the clear, and by TLS or QUIC (RFC 7858, 9250).
_DNS_PORT = 53
_DNS_ENCRYPTED_PORT = 853


class Whose(Struct, frozen=True):
    """Who operates what was reached or asked for, under whose law; empty where nobody knows."""

    operator: str = ""
    country: str = ""
    category: str = ""


def operator(flow: Flow) -> Operator | None:
    """Return who operates the far end: by what the client asked for, then by what was answered.

    `None` where the names speak for different operators: nobody can tell then.
    """
    found = operator_of(flow.dst)
    if found or not flow.names:
        return found
    for sources in (CLAIMED, ANSWERED):
        names = {n.name for n in flow.names if n.source in sources}
        operators = [one for one in map(operator_of, sorted(names)) if one]
        if operators:
            return operators[0] if len({one.operator for one in operators}) == 1 else None
    return None


def names_of(flow: Flow) -> tuple[str, ...]:
    """Return the candidate names of a flow's far end with their sources, sorted."""
    return tuple(sorted({f"{name.name} ({name.source})" for name in flow.names}))


def is_resolver(flow: Flow) -> bool:
    """Return whether a flow asks a name server, by what is spoken or where."""
    if flow.application == "dns":
        return True
    if flow.dst_port == _DNS_ENCRYPTED_PORT:
        return flow.application in ("", "tls", "quic", "dtls")
    return flow.dst_port == _DNS_PORT and not flow.application
