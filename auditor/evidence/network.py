"""What a machine or workload listens on, talks to, and is configured to reach."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record


def holder(process: str | None) -> str:
    """Return a socket's process as a reader says it."""
    return "unknown process" if process is None else process or "no process"


class ListeningPort(Record, frozen=True, kw_only=True):
    """A port that accepts connections: a socket of a host, or a port that a manifest publishes.

    `protocol` is `tcp` or `udp`; `address` is `0.0.0.0` or `::` for every address. `process` is
    `None` where the owner could not be read, and `pid` is then `None` too; it is empty, with pid
    0, where no process holds the socket (the kernel's own, or outlived); for a manifest it is
    the workload's name and pid 0. `workload` joins with `AiService.workload`.
    `published_by` is `socket` on a host, or `namespace` where the socket lies in a network
    namespace apart from the host's, as a container's does: what is let through to it is then
    decided elsewhere, and `namespace_addresses` are the addresses that it is let through to.
    `engine` is a port that a container engine leads to a container by rules of the kernel alone.
    In a manifest it is `host-port`, `node-port`, `load-balancer`, `ingress`, `compose` or
    `host-network`.
    """

    protocol: Literal["tcp", "udp"]
    family: Literal["ipv4", "ipv6"]
    address: str
    port: int
    pid: int | None
    process: str | None
    workload: str | None
    container: str | None
    published_by: str
    namespace_addresses: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return `process tcp address:port`."""
        address = f"[{self.address}]" if self.family == "ipv6" else self.address
        return f"{holder(self.process)} {self.protocol} {address}:{self.port}"


class Connection(Record, frozen=True, kw_only=True):
    """A connected socket, under the names of osquery's `process_open_sockets`.

    `direction` is `in` where the local port is one that the host listens on.
    """

    protocol: Literal["tcp", "udp"]
    family: Literal["ipv4", "ipv6"]
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    state: str
    direction: Literal["in", "out"]
    pid: int | None
    process: str | None

    @property
    def label(self) -> str:
        """Return `process → remote`."""
        remote = f"[{self.remote_address}]" if self.family == "ipv6" else self.remote_address
        arrow = "→" if self.direction == "out" else "←"
        return f"{holder(self.process)} {arrow} {remote}:{self.remote_port}"


class Route(Record, frozen=True, kw_only=True):
    """A route: `destination` in CIDR form (`0.0.0.0/0` is the default), `gateway` may be empty."""

    family: Literal["ipv4", "ipv6"]
    destination: str
    gateway: str
    interface: str
    metric: int

    @property
    def label(self) -> str:
        """Return `destination via gateway dev interface`."""
        via = f" via {self.gateway}" if self.gateway else ""
        return f"{self.destination}{via} dev {self.interface}"


class Interface(Record, frozen=True, kw_only=True):
    """A network interface; `link_type` as `ethernet`, `wireless`, `wireguard`, `infiniband` ….

    `physical` is true where a bus device stands behind it.
    """

    interface: str
    link_type: str
    mac: str
    addresses: tuple[str, ...]
    state: str
    mtu: int
    driver: str
    physical: bool

    @property
    def label(self) -> str:
        """Return the interface's name and kind."""
        return f"{self.interface} ({self.link_type})"


class DnsResolver(Record, frozen=True, kw_only=True):
    """A name server that this host or workload asks. `stub` is a local forwarder (loopback)."""

    subject: str
    address: str
    port: int
    stub: bool

    @property
    def label(self) -> str:
        """Return the address, and whose resolver it is."""
        return f"{self.address} ({self.subject})"


class SearchDomain(Record, frozen=True, kw_only=True):
    """A search suffix: every short name asked is asked under it too."""

    subject: str
    domain: str

    @property
    def label(self) -> str:
        """Return the domain, and whose it is."""
        return f"{self.domain} ({self.subject})"


class Proxy(Record, frozen=True, kw_only=True):
    """A configured proxy: `url` without credentials, `bypass` the no-proxy list."""

    subject: str
    protocol: str
    url: str
    host: str
    port: int
    bypass: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return url and subject."""
        return f"{self.url} ({self.subject})"


class TimeServer(Record, frozen=True, kw_only=True):
    """A configured time source. `explicit` is false for a build's own default pool."""

    service: str
    address: str
    explicit: bool

    @property
    def label(self) -> str:
        """Return address and service."""
        return f"{self.address} ({self.service})"


class Mirror(Record, frozen=True, kw_only=True):
    """Where a tool takes packages, models or images from.

    `explicit` is false where nothing is configured, so that the tool's public default applies:
    `url` and `host` are then empty, and the default is known by the name in `ecosystem`.
    """

    ecosystem: str
    subject: str
    url: str
    host: str
    explicit: bool

    @property
    def label(self) -> str:
        """Return ecosystem and host."""
        return f"{self.ecosystem}: {self.host or self.url or 'public default'}"


class RemoteReference(Record, frozen=True, kw_only=True):
    """An address in an argument, a variable or a configuration value: `host` as written.

    `setting` is the variable's, flag's or key's name; `purpose` what the catalogue knows of it.
    """

    subject: str
    setting: str
    url: str
    host: str
    port: int
    purpose: Literal["api", "telemetry", "tracing", "model-hub", "storage", "repository", "unknown"]

    @property
    def label(self) -> str:
        """Return setting, host and subject."""
        return f"{self.setting} {self.host} ({self.subject})"
