"""What follows from the evidence and the declared site: made by `derive`, never collected."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record
from auditor.evidence.site import StorePurpose


class Destination(Record, frozen=True, kw_only=True):
    """An address or name that data could go to or went to, judged against the site.

    `basis`: egress is `configured` or `observed`. `use` says what for (`connection`, `resolver`,
    `scheduled` for a job, `shipping` for logs and metrics, `agent` …). `target` is the name or
    address as written, `address` the IP where one is known, `inside` whether the site holds it
    (`None`: cannot be told), `zone` its zone. `country` is the *registered* country of the
    address (RIR), `operator` and `operator_country` from the catalogue, each with `how` known.
    `exception` names the owner and expiry of the site's egress exception that covers it; an
    excepted destination stays outside. `source_kind` is the record kind that it comes from.
    """

    source_kind: str
    basis: Literal["configured", "observed"]
    use: str
    subject: str
    target: str
    address: str
    port: int
    inside: bool | None
    approved: bool | None
    zone: str
    country: str
    operator: str
    operator_country: str
    category: str
    exception: str
    how: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return subject and target."""
        port = f":{self.port}" if self.port else ""
        return f"{self.subject} → {self.target}{port}"


class ServiceExposure(Record, frozen=True, kw_only=True):
    """An AI service and one port it can be reached on.

    `reach`: `loopback`, `inside` (an address that the site holds), `everywhere` (a wildcard
    address, or published by the cluster's edge), `outside` (an address not of the site), or
    `None` where the owner of the socket or the address cannot be told. `published_by` is as of a
    listening port, or `unit` where a unit would listen there once it is started.
    """

    source_kind: str
    runtime: str
    title: str
    role: str
    subject: str
    protocol: str
    address: str
    port: int
    reach: Literal["loopback", "inside", "everywhere", "outside"] | None
    api_key: bool | None
    tls: bool | None
    published_by: str

    @property
    def label(self) -> str:
        """Return title and address."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.title}: {self.subject} on {address}:{self.port}"


class ServiceSetting(Record, frozen=True, kw_only=True):
    """A setting of an AI service that decides whether something leaves, and its effective state.

    `state` is `safe`, `unsafe` (set so that it leaves), `unset` (and the default lets it leave)
    or `None` where the environment or arguments could not be read. `effect` is `telemetry`,
    `fetch`, `tracing`, `update` or `exposure`; `leaves` says in words what goes out. `how` tells
    where an unset one is set all the same, in a place that no service reads; empty for nowhere.
    """

    source_kind: str
    setting: str
    runtime: str
    subject: str
    effect: Literal["telemetry", "fetch", "tracing", "update", "exposure"]
    state: Literal["safe", "unsafe", "unset"] | None
    value: str
    safe_value: str
    leaves: str
    verified: bool
    how: str = ""

    @property
    def label(self) -> str:
        """Return setting and subject."""
        return f"{self.setting} ({self.subject})"


class StoreEncryption(Record, frozen=True, kw_only=True):
    """Whether what lies under a path is encrypted at rest, with the chain of layers in words.

    `verified` (the kernel's own table says so), `claimed` (a name says so: no proof),
    `memory-only`, `plaintext`, `mixed` (a part of it is plaintext), `remote` (another machine
    decides), `declared` (the site says so), or `None` where it cannot be told.
    """

    source_kind: str
    path: str
    holds: StorePurpose
    mount: str
    encryption: (
        Literal["verified", "claimed", "memory-only", "plaintext", "mixed", "remote", "declared"]
        | None
    )
    chain: tuple[str, ...]
    cipher: str
    reason: str

    @property
    def label(self) -> str:
        """Return the path and what it holds."""
        return f"{self.path} ({self.holds})"


class NamespaceEgress(Record, frozen=True, kw_only=True):
    """A namespace of the manifests, and whether a policy denies egress by default in it."""

    source_kind: str
    namespace: str
    workloads: int
    ai_workloads: int
    default_deny: bool
    policies: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the namespace."""
        return f"namespace {self.namespace}"
