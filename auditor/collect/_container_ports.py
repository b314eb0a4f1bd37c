"""Finds the published ports of containers that no socket of the host stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._container_state import State
from auditor.collect._reading import Reading
from auditor.collect._socket_table import Protocol, Socket, parse
from auditor.evidence.network import ListeningPort
from auditor.host import MIB, Host, Unreadable

_TABLES: tuple[tuple[str, Protocol], ...] = (
    ("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"),
)  # fmt: skip
READS = (*(f"/proc/net/{name}" for name, _ in _TABLES), *BYTE_ORDER)
_LIMIT = 32 * MIB
_EVERY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, nothing is bound


def unseen_ports(reading: Reading, states: Iterable[State]) -> Iterator[ListeningPort]:
    """Yield the ports that the kernel leads to a container by rules alone (no docker-proxy)."""
    publishing = [state for state in states if state.published]
    held = _held(reading.host) if publishing else frozenset()
    for state in publishing:
        for port in state.published or ():
            places = _EVERY | {port.address}
            if any((port.protocol, place, port.port) in held for place in places):
                continue
            yield ListeningPort(
                origin=reading.origin(state.source),
                protocol=port.protocol,
                family="ipv6" if ":" in port.address else "ipv4",
                address=port.address,
                port=port.port,
                pid=0,
                process=state.name,
                workload="",
                container=f"{state.engine}:{state.container_id[:12]}",
                published_by="engine",
            )


def _held(host: Host) -> frozenset[tuple[str, str, int]]:
    """Return what listens in the host's own network; a table not read tells of nothing.

    Then a port may be told twice, which is better than not at all.
    """
    order = byte_order(host)
    found: set[tuple[str, str, int]] = set()
    for name, protocol in _TABLES:
        try:
            text = host.read(f"/proc/net/{name}", limit=_LIMIT).decode("ascii", "replace")
        except Unreadable:
            continue  # the collector of sockets tells of that
        for socket in parse(text, protocol, order):
            if isinstance(socket, Socket) and socket.listens:
                found.add((protocol, socket.local, socket.local_port))
    return frozenset(found)
