"""Collects from the network records of a host or manifest everything that leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Literal

from msgspec import Struct

from auditor.derive._filesystems import is_remote
from auditor.derive._verdict import Place, Question
from auditor.evidence import Evidence, Record
from auditor.evidence.network import (
    Connection,
    DnsResolver,
    Mirror,
    Proxy,
    RemoteReference,
    Route,
    TimeServer,
)
from auditor.evidence.storage import Mount
from auditor.evidence.transit import Tunnel
from auditor.site import THIS_HOST

_PURPOSES = {"unknown": "variable"}
_TIME_PORT = 123
_SCHEME_PORTS = {"http": 80, "https": 443, "ftp": 21, "ssh": 22, "redis": 6379, "postgres": 5432}
_REGISTRY_ECOSYSTEMS = frozenset({"docker", "containerd", "podman", "k3s", "rke2"})
# The public service that a tool's default goes by, where it is one of an AI or image hub.
DEFAULT_HUB = "huggingface.co"
DEFAULT_REGISTRY = "docker.io"
_KNOWN_DEFAULTS = {
    "huggingface": DEFAULT_HUB,
    "docker": DEFAULT_REGISTRY,
    "containerd": DEFAULT_REGISTRY,
}
_NO_GATEWAY = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, nothing is bound
_NETWORK_FILESYSTEMS = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "glusterfs", "fuse.glusterfs", "fuse.sshfs",
    "fuse.ceph", "afs", "beegfs",
})  # fmt: skip


class Lead(Struct, frozen=True, kw_only=True):
    """Something that leads somewhere: from which record, for whom, and what is asked of it."""

    record: Record
    subject: str
    question: Question
    basis: Literal["configured", "observed"] = "configured"


def network_leads(evidence: Evidence) -> Iterator[Lead]:
    """Yield where connections, routes and the settings of the network lead."""
    for record in evidence.records:
        match record:
            case Connection():
                yield from _connection(record)
            case Route():
                yield from _route(record)
            case DnsResolver():
                yield _lead(record, record.subject, record.address, record.port, "resolver")
            case Proxy():
                yield _lead(record, record.subject, record.host, record.port, "proxy")
            case TimeServer():
                yield _time_server(record)
            case Mirror():
                yield _mirror(record)
            case RemoteReference():
                use = _PURPOSES.get(record.purpose, record.purpose)
                port = record.port or scheme_port(record.url)
                yield _lead(record, record.subject, record.host, port, use)
            case Mount() | Tunnel():
                yield from _mount(record) if isinstance(record, Mount) else _tunnel(record)
            case _:
                pass


def _connection(record: Connection) -> Iterator[Lead]:
    """Yield where an outgoing connection leads; an incoming one is an exposure, not a way out."""
    if record.direction == "out":
        subject = record.process or "unknown process"
        question = Question(target=record.remote_address, port=record.remote_port, use="connection")
        yield Lead(record=record, subject=subject, question=question, basis="observed")


def _route(record: Route) -> Iterator[Lead]:
    """Yield the gateway of a route; without one, the range where it leads is on the link itself.

    A range of private addresses on the link is no way out. A public one, or the default, is.
    """
    subject = f"route {record.destination} dev {record.interface}"
    if record.gateway not in _NO_GATEWAY:
        yield _lead(record, subject, record.gateway, 0, "route")
    elif record.interface != "lo" and _leaves(record.destination):
        yield _lead(record, subject, record.destination, 0, "route")


def _leaves(destination: str) -> bool:
    """Return whether a range on the link holds addresses that are not private to somebody."""
    try:
        prefix = ip_network(destination, strict=False)
    except ValueError:
        return True
    if prefix.is_multicast:
        return False
    ends = (prefix.network_address, prefix.broadcast_address)
    return prefix.prefixlen == 0 or any(end.is_global for end in ends)


def _time_server(record: TimeServer) -> Lead:
    if record.address:
        return _lead(record, record.service, record.address, _TIME_PORT, "time")
    question = _public_default(record.service, "time", _TIME_PORT)
    return Lead(record=record, subject=record.service, question=question)


def _mirror(record: Mirror) -> Lead:
    """Return where a mirror leads: a public default is outside, a local path stays here."""
    use = "package-mirror"
    if record.ecosystem == "huggingface":
        use = "model-mirror"
    elif record.ecosystem in _REGISTRY_ECOSYSTEMS:
        use = "container-registry"
    subject = f"{record.ecosystem} ({record.subject})"
    if record.host:
        name, port = host_and_port(record.host)
        port = port or _port_of(record.url) or scheme_port(record.url)
        return _lead(record, subject, name, port, use)
    question = _public_default(record.ecosystem, use, scheme_port("https:"))
    if record.explicit:
        place = Place(inside=True, zone=THIS_HOST, how=f"{record.url} is a path of this host")
        question = Question(target=record.url, port=0, use=use, place=place)
    return Lead(record=record, subject=subject, question=question)


def _public_default(tool: str, use: str, port: int) -> Question:
    """Return the question for a tool that nobody configured: it goes where its makers chose."""
    place = Place(
        inside=False, zone="", how=f"nothing is configured for {tool}: its public default applies"
    )
    return Question(
        target=f"{tool} public default",
        port=port,
        use=use,
        place=place,
        known_as=_KNOWN_DEFAULTS.get(tool, ""),
    )


def _mount(record: Mount) -> Iterator[Lead]:
    """Yield the servers of a network file system: what is written there leaves this host.

    A name is not all: the kernel tells the address that was mounted (`addr=`, nfs(5)). A program
    that serves a file system from afar does not tell where its servers are.
    """
    subject = f"mount {record.path}"
    if record.filesystem in _NETWORK_FILESYSTEMS:
        options = (option.partition("=") for option in record.super_options)
        addresses = {value for name, _, value in options if name == "addr"}
        for server in sorted({*_servers(record.device), *addresses}):
            yield _lead(record, subject, server, 0, "storage")
    elif record.filesystem == "davfs":
        yield _lead(record, subject, _host_of(record.device), scheme_port(record.device), "storage")
    elif record.filesystem.startswith("fuse.") and is_remote(record):
        how = f"{record.filesystem} does not tell where its servers are"
        place = Place(inside=None, zone="", how=how)
        target = record.device or record.filesystem
        question = Question(target=target, port=0, use="storage", place=place)
        yield Lead(record=record, subject=subject, question=question)


def _tunnel(record: Tunnel) -> Iterator[Lead]:
    """Yield the peers of a tunnel: what goes into it comes out there."""
    for peer in record.endpoints or ():
        yield _lead(record, record.label, peer, 0, "tunnel")


def _servers(device: str) -> tuple[str, ...]:
    """Return the servers in a mount's device: `host:/path`, `//host/share`, `a,b:6789:/`."""
    if device.startswith("//"):
        return (device[2:].partition("/")[0].rpartition("@")[2],)
    if device.startswith("["):
        return (device[1:].partition("]")[0],)
    hosts = device.partition(":/")[0] or device
    # sshfs writes `user@host`, Lustre `address@network`: an address is known by its digits.
    found = [host.rpartition("@")[2] if not host[:1].isdigit() else host.partition("@")[0]
             for host in hosts.split(",")]  # fmt: skip
    return tuple(sorted({host_and_port(host)[0] for host in found}))


def _lead(record: Record, subject: str, target: str, port: int, use: str) -> Lead:
    # A manifest's subject begins with its namespace, under which its bare names are looked up.
    namespaced = isinstance(record, DnsResolver | Proxy | RemoteReference) and "/" in subject
    namespace = subject.partition("/")[0] if namespaced else ""
    question = Question(target=target, port=port, use=use, namespace=namespace)
    return Lead(record=record, subject=subject, question=question)


def host_and_port(text: str) -> tuple[str, int]:
    """Return `host:port` apart; an IPv6 address without brackets is all host."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        return text, 0
    return host, int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0  # noqa: PLR2004


def scheme_port(url: str) -> int:
    """Return the port that a URL's scheme stands for, 0 where it stands for none."""
    return _SCHEME_PORTS.get(url.partition(":")[0].lower(), 0)


def _port_of(url: str) -> int:
    return host_and_port(_authority(url))[1]


def _host_of(url: str) -> str:
    return host_and_port(_authority(url))[0]


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


SOURCES: tuple[type[Record], ...] = (
    Connection,
    Route,
    DnsResolver,
    Proxy,
    TimeServer,
    Mirror,
    RemoteReference,
    Mount,
    Tunnel,
)
