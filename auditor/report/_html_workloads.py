"""Arranges what deployment manifests ask for."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence import Evidence, Record
from auditor.evidence.bundle import Input
from auditor.evidence.derived import NamespaceEgress
from auditor.evidence.workload import (
    Container,
    Ingress,
    KubernetesService,
    NetworkPolicy,
    Workload,
)

MAX_ROWS = 300


class AskedWorkload(Struct, frozen=True, kw_only=True):
    """A workload with its containers."""

    workload: Workload
    containers: tuple[Container, ...]


class Manifests(Struct, frozen=True, kw_only=True):
    """The section on manifests; `hidden` counts workloads that are not shown."""

    inputs: tuple[Input, ...]
    inputs_hidden: int
    workloads: tuple[AskedWorkload, ...]
    hidden: int
    namespaces: tuple[NamespaceEgress, ...]
    policies: tuple[NetworkPolicy, ...]
    services: tuple[KubernetesService, ...]
    ingresses: tuple[Ingress, ...]


def manifests(evidence: Evidence, derived: tuple[Record, ...]) -> Manifests:
    """Return what there is to say of manifests; inputs that were not read come first."""
    containers: dict[str, list[Container]] = {}
    for record in evidence.records:
        if isinstance(record, Container):
            containers.setdefault(record.workload, []).append(record)
    workloads = [record for record in evidence.records if isinstance(record, Workload)]
    inputs = sorted(evidence.inputs, key=lambda item: (item.status != "gap", item.path))
    return Manifests(
        inputs=tuple(inputs[:MAX_ROWS]),
        inputs_hidden=max(0, len(inputs) - MAX_ROWS),
        workloads=tuple(
            AskedWorkload(workload=w, containers=tuple(containers.get(w.label, ())))
            for w in workloads[:MAX_ROWS]
        ),
        hidden=max(0, len(workloads) - MAX_ROWS),
        namespaces=tuple(r for r in derived if isinstance(r, NamespaceEgress))[:MAX_ROWS],
        policies=tuple(r for r in evidence.records if isinstance(r, NetworkPolicy))[:MAX_ROWS],
        services=tuple(r for r in evidence.records if isinstance(r, KubernetesService))[:MAX_ROWS],
        ingresses=tuple(r for r in evidence.records if isinstance(r, Ingress))[:MAX_ROWS],
    )
