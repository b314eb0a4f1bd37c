"""Finds the programs that forward ports of a host into a container's network namespace."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from auditor.evidence import Evidence
from auditor.evidence.host import Process
from auditor.evidence.network import ListeningPort

_PROGRAM = "docker-proxy"


class Forward(Struct, frozen=True, order=True, kw_only=True):
    """A port of the host, and the address and port of a container that it leads to."""

    program: str
    protocol: str
    address: str
    port: int
    to_address: str
    to_port: int

    def leads_to(self, port: ListeningPort) -> bool:
        """Return whether it leads to a socket in a namespace apart.

        Of a namespace only the IPv4 addresses are known: an IPv6 one could be anybody's.
        """
        same = self.protocol == port.protocol and self.to_port == port.port
        return same and (":" in self.to_address or self.to_address in port.namespace_addresses)


def forwards(evidence: Evidence) -> tuple[Forward, ...]:
    """Return what Docker's userland proxies among the processes forward, sorted."""
    found = {
        forward
        for record in evidence.records
        if isinstance(record, Process) and record.cmdline
        for forward in [_of(record.cmdline)]
        if forward is not None
    }
    return tuple(sorted(found))


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
