"""The part of CycloneDX 1.6 and 1.7 (ECMA-424) that the toolkit writes, as types."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

SpecVersion = Literal["1.6", "1.7"]
ComponentType = Literal["application", "device", "file", "machine-learning-model", "data"]
Aggregate = Literal["complete", "incomplete", "unknown"]


class _Node(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A CycloneDX object: what is not set is not written."""


class Property(_Node, frozen=True, kw_only=True):
    """A fact that CycloneDX has no place for; names begin with `auditor:`."""

    name: str
    value: str


class Hash(_Node, frozen=True, kw_only=True):
    """A digest of the content, in hex."""

    alg: str
    content: str


class LicenseName(_Node, frozen=True, kw_only=True):
    """A licence by its SPDX identifier or by a name: exactly one of the two is set."""

    id: str | None = None
    name: str | None = None
    acknowledgement: Literal["declared"] | None = None


class LicenseChoice(_Node, frozen=True, kw_only=True):
    """A licence, or an SPDX expression of several."""

    license: LicenseName | None = None
    expression: str | None = None
    acknowledgement: Literal["declared"] | None = None


class ExternalReference(_Node, frozen=True, kw_only=True):
    """Where more is to be found: only what a store recorded."""

    type: Literal["distribution"]
    url: str


class Occurrence(_Node, frozen=True, kw_only=True):
    """Where a component lies."""

    location: str
    additional_context: str | None = None


class IdentityMethod(_Node, frozen=True, kw_only=True):
    """How an identity was established; `confidence` is a share of one."""

    technique: Literal["hash-comparison"]
    confidence: int
    value: str | None = None


class Identity(_Node, frozen=True, kw_only=True):
    """What a component was taken for."""

    field: Literal["name", "purl", "hash"]
    concluded_value: str
    methods: tuple[IdentityMethod, ...] = ()


class Evidence(_Node, frozen=True, kw_only=True):
    """Where a component was seen, and what it was taken for."""

    identity: tuple[Identity, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()


class Data(_Node, frozen=True, kw_only=True):
    """What a data component, or a data set that a model names, is; or a `ref` to one."""

    type: Literal["dataset", "configuration"] | None = None
    name: str | None = None
    ref: str | None = None


class ModelParameters(_Node, frozen=True, kw_only=True):
    """What a model was built as and from."""

    task: str | None = None
    model_architecture: str | None = None
    datasets: tuple[Data, ...] = ()


class ModelCard(_Node, frozen=True, kw_only=True):
    """What is known of a model itself."""

    model_parameters: ModelParameters


class Pedigree(_Node, frozen=True, kw_only=True):
    """What a component was made from."""

    ancestors: tuple[Component, ...]


class Component(_Node, frozen=True, kw_only=True):
    """A model, a data set, a file of one of them, or what the bill is about."""

    type: ComponentType
    bom_ref: str | None = field(name="bom-ref", default=None)
    group: str | None = None
    name: str
    version: str | None = None
    hashes: tuple[Hash, ...] = ()
    licenses: tuple[LicenseChoice, ...] = ()
    purl: str | None = None
    pedigree: Pedigree | None = None
    external_references: tuple[ExternalReference, ...] = ()
    components: tuple[Component, ...] = ()
    evidence: Evidence | None = None
    model_card: ModelCard | None = None
    data: tuple[Data, ...] = ()
    properties: tuple[Property, ...] = ()


class Lifecycle(_Node, frozen=True, kw_only=True):
    """The time of a product's life that a bill is of."""

    phase: Literal["discovery"]


class Tools(_Node, frozen=True, kw_only=True):
    """What made the bill."""

    components: tuple[Component, ...]


class Metadata(_Node, frozen=True, kw_only=True):
    """When, by what and of what a bill was made."""

    timestamp: str
    lifecycles: tuple[Lifecycle, ...]
    tools: Tools
    component: Component
    properties: tuple[Property, ...] = ()


class Dependency(_Node, frozen=True, kw_only=True):
    """What a component directly needs."""

    ref: str
    depends_on: tuple[str, ...] = ()


class Composition(_Node, frozen=True, kw_only=True):
    """How far the parts (`assemblies`) or the needs (`dependencies`) of components are listed."""

    aggregate: Aggregate
    assemblies: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()


class Bill(_Node, frozen=True, kw_only=True):
    """The document."""

    schema: str = field(name="$schema")
    bom_format: Literal["CycloneDX"]
    spec_version: SpecVersion
    serial_number: str
    version: int
    metadata: Metadata
    components: tuple[Component, ...]
    dependencies: tuple[Dependency, ...]
    compositions: tuple[Composition, ...]
