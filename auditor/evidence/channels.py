"""Ways out of a machine beside its cables: radios, ports, raw sockets, agents, jobs that call."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record
from auditor.evidence.network import holder


class Channel(Record, frozen=True, kw_only=True):
    """A piece of hardware that something could leave by, or a console that somebody could use.

    `active` tells whether it could carry something now: a radio is switched on (not blocked by
    rfkill), a link is up, a gadget is plugged in. `state` says so in the kernel's words.
    `driver` is the kernel driver's name, empty where none is told.
    """

    channel_type: Literal[
        "wifi", "wwan", "bluetooth", "usb-network", "usb-gadget", "thunderbolt", "rdma", "bmc",
        "bmc-network", "serial-console",
    ]  # fmt: skip
    name: str
    active: bool | None
    state: str
    driver: str

    @property
    def label(self) -> str:
        """Return name and type."""
        return f"{self.name} ({self.channel_type})"


class UsbStoragePolicy(Record, frozen=True, kw_only=True):
    """What happens when somebody plugs in a USB disk.

    `usb`: there is a USB bus. `driver_blocked`: the storage drivers cannot be loaded
    (modprobe.d(5)). `authorized_by_default`: new devices work at once (the kernel's
    `authorized_default`). `guarded`: USBGuard starts with the machine and blocks what it does
    not know. `mountable` sums up: a disk that is plugged in can be used.
    """

    usb: bool | None
    driver_blocked: bool | None
    authorized_by_default: bool | None
    guarded: bool | None
    mountable: bool | None

    @property
    def label(self) -> str:
        """Return what it is about."""
        return "USB storage"


class SecurityChip(Record, frozen=True, kw_only=True):
    """The TPM that the kernel drives: `version` is `2.0` or `1.2`, empty where there is none."""

    present: bool
    version: str | None

    @property
    def label(self) -> str:
        """Return `TPM`."""
        return "TPM"


class RawSocket(Record, frozen=True, kw_only=True):
    """A socket that bypasses TCP and UDP.

    `socket_type`: `packet` (AF_PACKET, sees and sends whole frames), `raw` (IP), or `icmp` (the
    ping of ordinary users). `protocol` is the EtherType of a packet socket (3 is every frame),
    else the IP protocol number. `interface` is the interface's index, 0 for every one. `process`
    and `pid` as in `ListeningPort`.
    """

    socket_type: Literal["packet", "raw", "icmp"]
    family: Literal["packet", "ipv4", "ipv6"]
    protocol: int
    interface: int
    pid: int | None
    process: str | None
    namespace: str

    @property
    def label(self) -> str:
        """Return process, type and protocol."""
        where = f" in {self.namespace}" if self.namespace else ""
        number = f"0x{self.protocol:04x}" if self.family == "packet" else str(self.protocol)
        return f"{holder(self.process)}: {self.socket_type} {self.family} {number}{where}"


class CapabilityHolder(Record, frozen=True, kw_only=True):
    """Like processes whose effective capabilities let them see or shape traffic (capabilities(7)).

    `capabilities` are those of `CAP_NET_ADMIN`, `CAP_NET_RAW`, `CAP_SYS_ADMIN` and `CAP_BPF`
    that are held, without `CAP_`. `own_user_namespace`: they count only within a user namespace
    of the process's own. `count` is the number of such processes.
    """

    process: str
    path: str | None
    uid: int | None
    unit: str
    container: str | None
    capabilities: tuple[str, ...]
    own_user_namespace: bool | None
    count: int

    @property
    def label(self) -> str:
        """Return the process, where it runs, and its user id."""
        place = self.container or self.unit
        uid = "?" if self.uid is None else self.uid
        return f"{self.process} ({place}, uid {uid})" if place else f"{self.process} (uid {uid})"


class BpfProgram(Record, frozen=True, kw_only=True):
    """A program loaded into the kernel (bpf(2)) that a process holds or that is pinned.

    `program_type` is the kernel's name of its type (`xdp`, `sched_cls`), `None` for a pinned
    object, whose type no file tells; `network` whether programs of that type see or shape
    traffic. `pinned` is the path where it is pinned, else empty. What is attached and neither
    held nor pinned is told by netlink alone, and not recorded. `count` counts like ones.
    """

    program_type: str | None
    network: bool | None
    process: str
    pinned: str
    count: int

    @property
    def label(self) -> str:
        """Return type, and holder or path."""
        return f"{self.program_type or 'pinned object'}: {self.pinned or self.process}"


class NetworkNamespace(Record, frozen=True, kw_only=True):
    """A network namespace beside the machine's own (network_namespaces(7)).

    `name` is that of ip-netns(8), `process` the first process in it, `container` its container;
    they are empty where there is none. `interfaces` are those beside the loopback, `listeners`
    counts its listening TCP ports; both are `None` where no process shows them.
    """

    name: str
    process: str
    container: str | None
    interfaces: tuple[str, ...] | None
    listeners: int | None

    @property
    def label(self) -> str:
        """Return the name, the container or the process."""
        return self.name or self.container or self.process


class InterfacePolicy(Record, frozen=True, kw_only=True):
    """How the kernel treats packets at an interface, as its sysctls work together.

    `interface` is its name, or `all`. See ip-sysctl.rst of the kernel: `reverse_path` is the
    larger of the interface's and that of `all` (0 off, 1 strict, 2 loose), the switches are
    on where both or either must be on. `router_advertisements`: an announced router is believed.
    `global_addresses` are its addresses beyond link and private ranges (IPv6 alone).
    """

    interface: str
    family: Literal["ipv4", "ipv6"]
    forwarding: bool | None
    redirects: bool | None
    source_routing: bool | None
    router_advertisements: bool | None
    proxy_arp: bool | None
    reverse_path: int | None
    global_addresses: tuple[str, ...] | None

    @property
    def label(self) -> str:
        """Return interface and family."""
        return f"{self.interface} ({self.family})"


class Agent(Record, frozen=True, kw_only=True):
    """Software that ships, calls, or lets somebody in from outside, known to the catalogue.

    `running`: a process of it is seen; `enabled`: it starts with the machine or on a timer.
    `active` is true where one of the two is. `domain` is where it goes unless told otherwise,
    empty where it goes only where it is told. `found_by` says what it was recognised by,
    `verified` whether its names were seen in a package or in the project's own files.
    """

    agent: str
    title: str
    category: Literal[
        "tunnel", "remote-support", "shipper", "monitoring", "backup", "management",
        "distribution", "sync",
    ]  # fmt: skip
    running: bool | None
    enabled: bool | None
    active: bool | None
    found_by: tuple[str, ...]
    domain: str
    verified: bool

    @property
    def label(self) -> str:
        """Return the title."""
        return self.title


class OutboundTarget(Record, frozen=True, kw_only=True):
    """Where a job, a log shipper, a mailer or a tunnel is told to go.

    `subject` is the job or service, `tool` the program that goes there. `host` is `None` where
    only a shell or another file would tell, empty with `explicit` false where the tool's public
    default applies. `encrypted` tells whether the transport is. `command` is the redacted
    command of a job, else empty.
    """

    purpose: Literal["scheduled", "shipping", "backup", "mail", "trap", "tunnel", "connectivity"]
    subject: str
    tool: str
    host: str | None
    port: int
    url: str
    explicit: bool
    encrypted: bool | None
    command: str

    @property
    def label(self) -> str:
        """Return subject, tool and host."""
        place = "?" if self.host is None else self.host or "public default"
        port = f":{self.port}" if self.port else ""
        return f"{self.subject}: {self.tool} → {place}{port}"
