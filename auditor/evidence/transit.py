"""How data is protected on its way: certificates, TLS settings, endpoints, tunnels, fabrics."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record


def endpoint_name(address: str, port: int) -> str:
    """Return `address:port`, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Certificate(Record, frozen=True, kw_only=True):
    """An X.509 certificate (RFC 5280) in a file, or as a listener of this host showed it.

    `path` is the file, or `address:port` of the listener. `position` is its place there: 0 is
    the holder's own, the others are what issued it. `purpose` is who names it (`nginx`, `vllm`),
    or the folder's owner. Times are RFC 3339 in UTC. `key_algorithm` is `rsa`, `ec`, `sm2`,
    `ed25519` …; `signature_hash` is `sha256`, or `` where the signature has no hash of its own.
    `names` are the DNS names and addresses that it is for. `self_signed` means that its own key
    signed it; `chain_complete` whether the file leads up to a self-signed one (`None` where the
    issuer may lie elsewhere). `key_path` is the private key beside it, empty where none was
    found; `key_readers` who besides the owner may read that: ``, `group` or `everyone`.
    """

    path: str
    position: int
    purpose: str
    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key_algorithm: str
    key_bits: int | None
    signature_hash: str | None
    names: tuple[str, ...]
    is_ca: bool
    self_signed: bool | None
    chain_complete: bool | None
    key_path: str
    key_readers: Literal["", "group", "everyone"] | None

    @property
    def label(self) -> str:
        """Return path and subject."""
        place = f"{self.path}#{self.position + 1}" if self.position else self.path
        return f"{place} ({self.subject or 'no subject'})"


class TlsSetting(Record, frozen=True, kw_only=True):
    """How a service is set to speak on one listener, as its files or arguments say.

    `listener` is the address as written, `loopback` whether it is this host's alone, `port` 0
    where none is written. `control` is true for an interface that commands the machine (a
    container engine, a cluster store). `tls` is whether talk on it is encrypted (for `sshd`
    always), `redirects` whether all that it answers in clear is a redirection to TLS.
    `protocols` are the versions that are switched on, `()` where none is named and the default
    of the build decides. `weak` are weak algorithms switched on by name. `peers_verified` tells
    whether a peer must show a certificate.
    """

    service: str
    listener: str
    port: int
    loopback: bool | None
    control: bool
    tls: bool | None
    redirects: bool
    protocols: tuple[str, ...] | None
    weak: tuple[str, ...] | None
    peers_verified: bool | None
    certificates: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return service and listener."""
        return f"{self.service} {self.listener}".strip()


class TlsEndpoint(Record, frozen=True, kw_only=True):
    """What a listener of this host answered over loopback (`--probe-loopback`).

    `address` and `port` are the socket's own, `asked` the loopback address that it was asked on.
    `speaks`: `tls`, `tlcp` (GB/T 38636), `ssh`, `clear`, `silent` (it waits for a client that
    knows its protocol), or `None` where it cannot be told, with the `reason`. `versions` are
    the TLS versions that it agreed to, lowest first; `certificates` counts those it showed.
    """

    address: str
    port: int
    asked: str
    speaks: Literal["tls", "tlcp", "ssh", "clear", "silent"] | None
    reason: str
    versions: tuple[str, ...] | None
    cipher: str
    banner: str
    certificates: int
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return address and port."""
        return endpoint_name(self.address, self.port)


class Tunnel(Record, frozen=True, kw_only=True):
    """A link that carries other traffic: its interface, or what configures it.

    `encrypted` is what its kind does: `False` for GRE, VXLAN and their like, `None` where it
    depends (a tun device). `state` is `up`, `down` or `configured`; `None` where it cannot be
    told without asking the kernel by netlink. `endpoints` are the peers as written, `None` where
    they cannot be read; `weak` are weak algorithms named.
    """

    tunnel_type: Literal[
        "wireguard", "ipsec", "macsec", "openvpn", "tun", "ppp", "vxlan", "geneve", "gre", "ipip"
    ]
    name: str
    encrypted: bool | None
    state: Literal["up", "down", "configured"] | None
    endpoints: tuple[str, ...] | None
    weak: tuple[str, ...] | None

    @property
    def label(self) -> str:
        """Return kind and name."""
        return f"{self.tunnel_type} {self.name}"


class Fabric(Record, frozen=True, kw_only=True):
    """A fast path between machines: an RDMA port, or the collective of a training process.

    `name` is the device and port (`mlx5_0/1`) or the process. `interfaces` are the network
    interfaces that carry it, as far as they are named. `active` is whether it is in use;
    `leaves_host` whether it goes beyond this machine. No such fabric encrypts by itself:
    `encrypted` is true only where every interface named is an encrypted tunnel that is up.
    """

    fabric_type: Literal["infiniband", "roce", "rdma", "nccl", "gloo"]
    name: str
    interfaces: tuple[str, ...]
    active: bool | None
    leaves_host: bool | None
    encrypted: bool | None

    @property
    def label(self) -> str:
        """Return kind and name."""
        return f"{self.fabric_type} {self.name}"


class CertificateValidity(Record, frozen=True, kw_only=True):
    """A certificate held against the time of the judgement.

    `state` is `valid`, `expired` or `not-yet-valid`; `days_left` counts whole days until it
    ends (negative: since), `lifetime_days` from its beginning to its end.
    """

    source_kind: str
    path: str
    purpose: str
    subject: str
    not_before: str
    not_after: str
    is_ca: bool
    state: Literal["valid", "expired", "not-yet-valid"] | None
    days_left: int | None
    lifetime_days: int | None

    @property
    def label(self) -> str:
        """Return path and subject."""
        return f"{self.path} ({self.subject or 'no subject'})"


class EndpointTransport(Record, frozen=True, kw_only=True):
    """What a listener answered, joined with who listens there and from where it is reached.

    `service` is the title of the AI service, empty where it is none; `loopback` whether the
    socket is this host's alone. `names_match` tells whether the certificate shown is for a name
    or address of this host or site; `None` where it showed none.
    """

    source_kind: str
    subject: str
    service: str | None
    address: str
    port: int
    loopback: bool
    speaks: Literal["tls", "tlcp", "ssh", "clear", "silent"] | None
    reason: str
    versions: tuple[str, ...] | None
    cipher: str
    names: tuple[str, ...]
    names_match: bool | None

    @property
    def label(self) -> str:
        """Return who listens, and where."""
        return f"{self.subject} on {endpoint_name(self.address, self.port)}"
