"""The part of SARIF 2.1.0 (OASIS standard, errata 01) that the toolkit writes, as types."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

VERSION = "2.1.0"
SCHEMA_URI = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

Level = Literal["none", "note", "warning", "error"]
# Names and values of a property bag: SARIF leaves their meaning to the tool.
Properties = dict[str, str | int | bool | tuple[str, ...]]


class _Node(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A SARIF object: what is not set is not written."""


class Message(_Node, frozen=True, kw_only=True):
    """A plain-text message."""

    text: str


class ArtifactLocation(_Node, frozen=True, kw_only=True):
    """A file: `uri` is percent-encoded (RFC 3986)."""

    uri: str
    index: int | None = None


class Region(_Node, frozen=True, kw_only=True):
    """A place in a file: lines and columns count from 1."""

    start_line: int
    start_column: int | None = None


class PhysicalLocation(_Node, frozen=True, kw_only=True):
    """A file and the place in it."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(_Node, frozen=True, kw_only=True):
    """The thing itself: a workload, a process, a setting."""

    fully_qualified_name: str
    kind: str


class Location(_Node, frozen=True, kw_only=True):
    """Where a result or notification points."""

    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...] = ()


class Suppression(_Node, frozen=True, kw_only=True):
    """A waiver: accepted outside the file judged."""

    kind: Literal["external"]
    status: Literal["accepted"]
    justification: str


class Result(_Node, frozen=True, kw_only=True):
    """A finding. `level` is `none` unless `kind` is `fail` (section 3.27.10)."""

    rule_id: str
    rule_index: int | None = None
    kind: Literal["fail", "open"]
    level: Level
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    suppressions: tuple[Suppression, ...] = ()
    properties: Properties


class Configuration(_Node, frozen=True, kw_only=True):
    """A rule's level where a result does not say."""

    level: Level


class Rule(_Node, frozen=True, kw_only=True):
    """A rule (reportingDescriptor)."""

    id: str
    short_description: Message
    help: Message
    default_configuration: Configuration
    properties: Properties


class Driver(_Node, frozen=True, kw_only=True):
    """The tool."""

    name: str
    version: str
    rules: tuple[Rule, ...]


class ToolComponent(_Node, frozen=True, kw_only=True):
    """The tool's place in a run."""

    driver: Driver


class Reference(_Node, frozen=True, kw_only=True):
    """A reference to a rule, or to a kind of notification."""

    id: str
    index: int | None = None


class Notification(_Node, frozen=True, kw_only=True):
    """Something about the run itself: a gap, or a rule that broke."""

    descriptor: Reference
    associated_rule: Reference | None = None
    level: Level
    message: Message
    locations: tuple[Location, ...] = ()
    properties: Properties = field(default_factory=dict)


class Invocation(_Node, frozen=True, kw_only=True):
    """The run. `execution_successful` is false where a rule broke."""

    execution_successful: bool
    exit_code: int
    exit_code_description: str
    tool_execution_notifications: tuple[Notification, ...]


class Artifact(_Node, frozen=True, kw_only=True):
    """A file that was given to be judged."""

    location: ArtifactLocation
    properties: Properties


class AutomationDetails(_Node, frozen=True, kw_only=True):
    """What tells runs of one kind from those of another."""

    id: str


class Run(_Node, frozen=True, kw_only=True):
    """One run of the tool."""

    tool: ToolComponent
    automation_details: AutomationDetails
    language: str
    column_kind: Literal["unicodeCodePoints"]
    invocations: tuple[Invocation, ...]
    artifacts: tuple[Artifact, ...] = ()
    results: tuple[Result, ...]
    properties: Properties


class Log(Struct, frozen=True, kw_only=True):
    """The file."""

    schema_uri: str = field(name="$schema")
    version: str
    runs: tuple[Run, ...]
