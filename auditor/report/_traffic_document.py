"""Says what the JSON document about captured traffic holds: `auditor.traffic/1`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from auditor.errors import ExitCode
from auditor.evidence import Gap, Tool
from auditor.evidence.crossing import (
    AskedDomain,
    ControllerAccess,
    Direction,
    TrafficDestination,
    TrafficIndicator,
    ZoneTraffic,
)
from auditor.evidence.schema import schema_document
from auditor.evidence.traffic import (
    Application,
    Fact,
    NameSource,
    Operation,
    QueryTransport,
    TcpState,
    TunnelKind,
)
from auditor.policy.findings import Finding, Severity
from auditor.policy.summary import Outcome

SCHEMA = "auditor.traffic/1"

# RFC 3339 in UTC, to the nanosecond; null where there is no packet.
Instant = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")]
# An IANA keyword in lower case, or the EtherType of a frame without IP.
Keyword = Annotated[str, Meta(pattern=r"^(?:0x[0-9a-f]{4}|[a-z][a-z0-9.+-]*)$")]
Number = Annotated[int, Meta(ge=0, le=255)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class CaptureDocument(Struct, frozen=True, kw_only=True):
    """What was read of all captures, or of one: `packets` is `parsed` and the skipped ones.

    `bytes` are those of the packets on the wire. `snap_cut` counts packets that were captured in
    part, `dropped` those that the capturing machine lost (null: the file does not say).
    `complete` is false where `why` says what is missing: that nothing left cannot be said then.
    """

    packets: int
    parsed: int
    skipped: dict[str, int]
    bytes: int
    first: Instant | None
    last: Instant | None
    link_types: tuple[str, ...]
    truncated: bool
    snap_cut: int
    dropped: int | None
    complete: bool
    why: tuple[str, ...]


class FileDocument(CaptureDocument, frozen=True, kw_only=True):
    """One capture file."""

    path: str
    sha256: str | None
    file_format: str
    interfaces: tuple[str, ...]


class NameDocument(Struct, frozen=True, kw_only=True):
    """A candidate name of a flow, how it was known, and when it was said (null: not told)."""

    name: str
    source: NameSource
    first: Instant | None
    last: Instant | None


class CarrierDocument(Struct, frozen=True, kw_only=True):
    """The ends of a tunnel."""

    src: str
    dst: str


class FlowDocument(Struct, frozen=True, kw_only=True):
    """Packets between two ends; `src` is the initiator, `*_out` what it sent, in IP bytes.

    `inside`, `zone`, `country` and `operator` are those of `dst` (of the tunnel's far end, where
    that is outside and the flow's own ends are not): `inside` is null where the ends of a tunnel
    are not known, `zone` is null outside, `country` that of the address's registration.
    `src_inside` and `src_zone` are those of `src`. `crosses` tells how the flow crosses the
    perimeter, null where it stays inside; `operations` are what industrial messages did,
    `facts` what else was read of the flow; `approved` whether an exception covers it. `tunnel`,
    `carriers` and `vlan` are outer to inner.
    """

    capture: str
    src: str
    dst: str
    src_port: Port
    dst_port: Port
    protocol: Keyword | Number
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    first: Instant
    last: Instant
    names: tuple[NameDocument, ...]
    application: Application | None
    encrypted: bool | None
    encrypted_why: str | None
    hidden_name: bool
    tcp_state: TcpState | None
    initiator_known: bool
    inside: bool | None
    zone: str | None
    country: str | None
    operator: str | None
    src_inside: bool | None
    src_zone: str | None
    crosses: Direction | None
    approved: bool | None
    tunnel: tuple[TunnelKind, ...]
    carriers: tuple[CarrierDocument, ...]
    operations: tuple[Operation, ...]
    facts: tuple[Fact, ...]
    vlan: tuple[int, ...]


class QueryDocument(Struct, frozen=True, kw_only=True):
    """A name that a client asked a server for; `inside` is the name's, null: cannot be told.

    `response` is the code of the last answer (`NOERROR`, `NXDOMAIN` …), null where none came.
    """

    capture: str
    name: str
    type: str
    client: str
    server: str
    count: int
    transport: QueryTransport
    first: Instant
    last: Instant
    response: str | None
    answers: tuple[str, ...]
    inside: bool | None
    domain: str
    operator: str | None


class TrafficDocument(Struct, frozen=True, kw_only=True):
    """What packets showed, and how it was judged.

    `schema` changes its number when a field changes its meaning or goes; fields may be added,
    and words to its vocabularies. `capture` is the sum of `captures`. `destinations` are the
    addresses outside, those to which most bytes went first; `domains` the names asked for that
    are not inside, `zones` who spoke to whom, `controllers` who asked them for what (none where
    nothing was dissected), `indicators` what deserves a look and proves nothing. `findings` are
    those that did not pass; `exit_code` is the command's.
    """

    schema: str
    tool: Tool
    subject: str
    site: str
    taken_at: str
    judged_at: str
    evidence_sha256: str
    fail_on: Severity
    outcome: Outcome
    exit_code: ExitCode
    capture: CaptureDocument
    captures: tuple[FileDocument, ...]
    flows: tuple[FlowDocument, ...]
    queries: tuple[QueryDocument, ...]
    destinations: tuple[TrafficDestination, ...]
    domains: tuple[AskedDomain, ...]
    zones: tuple[ZoneTraffic, ...]
    controllers: tuple[ControllerAccess, ...]
    indicators: tuple[TrafficIndicator, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]


def traffic_schema() -> bytes:
    """Return the JSON Schema of the document, generated from its types."""
    return schema_document(msgspec.json.schema(TrafficDocument))
