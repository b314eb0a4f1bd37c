"""Finds what forwards ports of a host into a container's network namespace."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from auditor.evidence import Evidence
from auditor.evidence.containers import RunningContainer
from auditor.evidence.host import Process
from auditor.evidence.network import ListeningPort

_PROGRAM = "docker-proxy"


class Forward(Struct, frozen=True, order=True, kw_only=True):
    """A port of the host, and the port of a container that it leads to.

    The container is told by its address, or by `container_id` where its engine's state tells it.
    """

    program: str
    protocol: str
    address: str
    port: int
    to_address: str
    to_port: int
    container_id: str = ""

    def leads_to(self, port: ListeningPort) -> bool:
        """Return whether it leads to a socket in a namespace apart.

        Of a namespace only the IPv4 addresses are known: an IPv6 one could be anybody's.
        """
        same = self.protocol == port.protocol and self.to_port == port.port
        if self.container_id:
            return same and (port.container or "").endswith(f":{self.container_id}")
        return same and (":" in self.to_address or self.to_address in port.namespace_addresses)


def forwards(evidence: Evidence) -> tuple[Forward, ...]:
    """Return what leads into containers, sorted: Docker's userland proxies, and rules alone.

    Where a proxy runs it stands for the port; rules of the kernel are seen by the engine's state.
    """
    proxies = {
        forward
        for record in evidence.records
        if isinstance(record, Process) and record.cmdline
        for forward in [_of(record.cmdline)]
        if forward is not None
    }
    proxied = {(forward.protocol, forward.address, forward.port) for forward in proxies}
    ruled = {
        Forward(
            program=record.engine,
            protocol=port.protocol,
            address=port.address,
            port=port.port,
            to_address="",
            to_port=port.to_port,
            container_id=record.container_id,
        )
        for record in evidence.records
        if isinstance(record, RunningContainer)
        for port in record.published or ()
        if (port.protocol, port.address, port.port) not in proxied
    }
    return tuple(sorted(proxies | ruled))


def _of(arguments: tuple[str, ...]) -> Forward | None:
    """Return what a command line of docker-proxy forwards, `None` for any other."""
    if arguments[0].rpartition("/")[2] != _PROGRAM:
        return None
    values = dict(pairwise(arguments))
    port, to_port = _port(values.get("-host-port")), _port(values.get("-container-port"))
    if not port or not to_port:
        return None
    return Forward(
        program=_PROGRAM,
        protocol=values.get("-proto", "tcp"),
        address=values.get("-host-ip", ""),
        port=port,
        to_address=values.get("-container-ip", ""),
        to_port=to_port,
    )


def _port(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004
