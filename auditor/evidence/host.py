"""What a machine is and what runs on it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence.base import Record


class OperatingSystem(Record, frozen=True, kw_only=True):
    """The distribution, as `/etc/os-release` tells it; `arch` as the kernel names it."""

    name: str
    version: str
    platform: str
    platform_like: tuple[str, ...]
    arch: str

    @property
    def label(self) -> str:
        """Return name and version."""
        return f"{self.name} {self.version}".strip()


class KernelInfo(Record, frozen=True, kw_only=True):
    """The running kernel. `firmware` is `uefi` or `bios`; `lockdown` the active mode."""

    version: str
    arguments: tuple[str, ...] | None
    lockdown: Literal["none", "integrity", "confidentiality"] | None
    secure_boot: bool | None
    firmware: Literal["uefi", "bios"] | None
    tainted: int | None

    @property
    def label(self) -> str:
        """Return the kernel release."""
        return f"kernel {self.version}"


class Virtualization(Record, frozen=True, kw_only=True):
    """What the machine runs in: `hypervisor` and `container` are empty on bare metal."""

    hypervisor: str
    container: str

    @property
    def label(self) -> str:
        """Return the hypervisor or container, or `bare metal`."""
        return self.container or self.hypervisor or "bare metal"


class TimeSynchronization(Record, frozen=True, kw_only=True):
    """Whether the kernel believes its clock, and the services found that keep it."""

    synchronized: bool | None
    services: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the services, or `clock`."""
        return ", ".join(self.services) or "clock"


class Process(Record, frozen=True, kw_only=True):
    """One process; `cmdline` is redacted. A kernel thread has an empty command line.

    `start_time` is in clock ticks after boot (proc(5) `starttime`); with `pid` it names the
    process for good. `runtime` is the AI runtime recognised, or empty.
    """

    pid: int
    parent: int | None
    name: str
    path: str | None
    cmdline: tuple[str, ...] | None
    uid: int | None
    username: str
    start_time: int | None
    container: str | None
    network_namespace: str | None
    runtime: str

    @property
    def label(self) -> str:
        """Return name and pid."""
        return f"{self.name} (pid {self.pid})"


class Variable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and a value, set in the environment of a service; `value` is redacted.

    `value` is `None` where it comes from something that could not be resolved (a Secret).
    """

    name: str
    value: str | None


class AiService(Record, frozen=True, kw_only=True):
    """A model server or AI tool: a process or unit of a host, or a container of a manifest.

    `runtime` is the catalogue's key (`vllm`), `workload` what listening ports and settings are
    joined by (`pid:4121`, `ai/Deployment/llm`; of a unit that does not run `unit:vllm.service`),
    `environment` the variables known to the catalogues, `api_key` whether the API asks for one.
    `confidence` is how sure the recognition is: `high` by executable or module, `medium` by
    image or argument, `low` by name alone.
    `cors` is `any` where web pages of every origin may call it, `limited` where only some may,
    `untold` where the catalogue does not know. `tunnel` names what leads to it from a relay
    outside (a switch of its own, or a program beside it), empty for none.
    """

    runtime: str
    title: str
    role: Literal["model-server", "training", "tool", "vector-store", "tracker"]
    subject: str
    workload: str
    source_world: Literal["host", "manifest"]
    image: str
    arguments: tuple[str, ...] | None
    environment: tuple[Variable, ...] | None
    bind_address: str | None
    port: int | None
    api_key: bool | None
    tls: bool | None
    remote_code: bool | None
    confidence: Literal["high", "medium", "low"]
    cors: Literal["any", "limited", "untold"] | None = "untold"
    tunnel: str | None = ""

    @property
    def label(self) -> str:
        """Return title and subject."""
        return f"{self.title}: {self.subject}"


class ModelSource(Record, frozen=True, kw_only=True):
    """Where a service is told to take a model from.

    `scheme`: `hub-id` (`Qwen/Qwen2.5-7B`, fetched from a hub by that name), `uri` (leads to
    `host`), `path` (a local folder), `volume` (`pvc://`), `unknown`.
    """

    subject: str
    workload: str
    reference: str
    scheme: Literal["hub-id", "uri", "path", "volume", "unknown"]
    host: str

    @property
    def label(self) -> str:
        """Return reference and subject."""
        return f"{self.reference} ({self.subject})"


class EnvironmentVariable(Record, frozen=True, kw_only=True):
    """A variable that matters here: a catalogued setting, an address, a credential's name.

    `scope` tells where it is set. `secret` means that the name says credential: the value is
    then never kept (`value` is empty), `literal` tells whether the value stands there in clear.
    Of a value that is a URL only scheme, host and port are kept.
    """

    scope: Literal["process", "container", "system", "user", "service"]
    subject: str
    name: str
    value: str | None
    secret: bool
    literal: bool

    @property
    def label(self) -> str:
        """Return name and subject."""
        return f"{self.name} ({self.subject})"


class Account(Record, frozen=True, kw_only=True):
    """A login of `/etc/passwd`. `password` needs root to be known; `authorized_keys` counts.

    `administrator` is uid 0 or membership of a group that sudo or polkit trusts by default.
    """

    username: str
    uid: int
    gid: int
    directory: str
    shell: str
    login: bool
    password: Literal["set", "locked", "empty"] | None
    administrator: bool | None
    authorized_keys: int | None

    @property
    def label(self) -> str:
        """Return the user name."""
        return self.username


class SshServer(Record, frozen=True, kw_only=True):
    """The SSH daemon's settings as its files give them, with OpenSSH's defaults where unset.

    `match_blocks` counts the `Match` blocks that could override them. `keyboard_interactive` is
    the other way that passwords are asked for (through PAM): without it off, passwords work.
    """

    permit_root_login: str | None
    password_authentication: bool | None
    permit_empty_passwords: bool | None
    allow_tcp_forwarding: str | None
    gateway_ports: str | None
    x11_forwarding: bool | None
    permit_tunnel: str | None
    ports: tuple[int, ...]
    match_blocks: int
    keyboard_interactive: bool | None = None

    @property
    def label(self) -> str:
        """Return `sshd`."""
        return "sshd"


class Accelerator(Record, frozen=True, kw_only=True):
    """A GPU, NPU or other accelerator; `address` is its PCI address or device name."""

    vendor: str
    model: str
    device_type: Literal["gpu", "npu", "other"]
    driver: str
    driver_version: str
    address: str

    @property
    def label(self) -> str:
        """Return vendor, model and address."""
        return f"{self.vendor} {self.model} ({self.address})"


class AcceleratorUse(Record, frozen=True, kw_only=True):
    """A program that has the device files of accelerators open: `devices`, named below `/dev`.

    `process` is its name, `path` its executable (`None` where that could not be seen), `runtime`
    the AI runtime that it is or was started by, empty for none known, `None` where a command line
    could not be read. The processes that one program forked are told as one, by the first.
    """

    pid: int
    process: str
    path: str | None
    username: str
    container: str | None
    devices: tuple[str, ...]
    runtime: str | None

    @property
    def label(self) -> str:
        """Return the program, its pid and the devices."""
        return f"{self.process} (pid {self.pid}): {', '.join(self.devices)}"
