"""Tells for each namespace of the manifests whether egress is denied by default in it."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.derive import Derivation
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.derived import NamespaceEgress
from auditor.evidence.host import AiService
from auditor.evidence.workload import NetworkPolicy, Workload

_COMPOSE = "ComposeService"


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a record for each namespace with a workload, in order of names.

    Compose services have no namespace and no policies: their networks are judged instead. The
    policies for pods that run on a host are the cluster's, and not there to be read.
    """
    if evidence.mode != "manifests":
        return
    workloads: dict[str, list[Workload]] = {}
    policies: dict[str, list[NetworkPolicy]] = {}
    serving: set[str] = set()
    for record in evidence.records:
        match record:
            case Workload() if record.resource != _COMPOSE:
                workloads.setdefault(record.namespace, []).append(record)
            case NetworkPolicy():
                policies.setdefault(record.namespace, []).append(record)
            case AiService():
                serving.add(record.workload)
            case _:
                pass
    for namespace, found in sorted(workloads.items()):
        yield NamespaceEgress(
            origin=min(workload.origin for workload in found),
            source_kind=kind_of(Workload),
            namespace=namespace,
            workloads=len(found),
            ai_workloads=sum(workload.label in serving for workload in found),
            default_deny=_denies(policies.get(namespace, [])),
            policies=tuple(sorted({policy.name for policy in policies.get(namespace, [])})),
        )


def _denies(policies: list[NetworkPolicy]) -> bool:
    """Return whether egress of every pod is denied unless a policy allows it.

    Policies add up: a second one that selects every pod and allows everything undoes the first.
    """
    of_all = [policy for policy in policies if policy.selects_all and policy.covers_egress]
    return bool(of_all) and not any(policy.allows_anywhere for policy in of_all)


DERIVATION = Derivation(
    title="Default egress of namespaces",
    yields=NamespaceEgress,
    sources=(Workload, NetworkPolicy, AiService),
    derive=_derive,
)
