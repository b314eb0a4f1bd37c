"""Knows the service names of a set of manifests, as cluster and Compose DNS resolve them."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence import Evidence
from auditor.evidence.workload import KubernetesService, Workload
from auditor.hostnames import ascii_name

_DOMAIN = ("cluster", "local")
_SERVICE_ZONE = "svc"


class Cluster(Struct, frozen=True, kw_only=True):
    """The names inside: `services` by `name.namespace` with the outside name they stand for.

    A service of type ExternalName leads to that name; every other has ``. `compose` are the
    names of Compose services. `manifests` is false on a host, where none of this holds.
    """

    manifests: bool
    services: dict[str, str]
    compose: frozenset[str]

    def alias_of(self, target: str, namespace: str) -> str:
        """Return the outside name that an ExternalName service of this name leads to, or ``."""
        if not self.services:
            return ""
        return self.services.get(self._qualified(target, namespace), "")

    def holds(self, target: str, namespace: str) -> bool:
        """Return whether cluster DNS answers for the name by itself.

        A known service by any of its names (a pod asks `qdrant.ai` under the search domains
        first), and every name in the zone `svc`; a bare name that no manifest has is not known.
        """
        if not self.manifests:
            return False
        name = ascii_name(target)
        if not name:
            return False
        known = self.knows(target, namespace)
        return known or _in_service_zone(_below_domain(name.split(".")))

    def knows(self, target: str, namespace: str) -> bool:
        """Return whether the service of this name is itself among the manifests."""
        return (
            self._qualified(target, namespace) in self.services
            or ascii_name(target) in self.compose
        )

    def _qualified(self, target: str, namespace: str) -> str:
        """Return `name.namespace` for a service name in any of its forms, else ``."""
        name = ascii_name(target)
        labels = _below_domain(name.split(".")) if name and self.manifests else []
        if _in_service_zone(labels):
            # `pod.service.namespace.svc` names a pod of a headless service.
            return ".".join(labels[-3:-1])
        if len(labels) == 1:
            return f"{labels[0]}.{namespace}"
        return ".".join(labels) if len(labels) == 2 else ""  # noqa: PLR2004 - name.namespace


def _below_domain(labels: list[str]) -> list[str]:
    """Return the labels without `cluster.local` where they stand behind `svc`."""
    if tuple(labels[-2:]) == _DOMAIN and labels[-3:-2] == [_SERVICE_ZONE]:
        return labels[:-2]
    return labels


def _in_service_zone(labels: list[str]) -> bool:
    return len(labels) >= 3 and labels[-1] == _SERVICE_ZONE  # noqa: PLR2004 - name.namespace.svc


def cluster_of(evidence: Evidence) -> Cluster:
    """Return the names that the manifests of the evidence bring along; none for a host."""
    if evidence.mode != "manifests":
        return Cluster(manifests=False, services={}, compose=frozenset())
    services = {
        f"{service.name}.{service.namespace}".lower(): service.external_name
        if service.service_type == "ExternalName"
        else ""
        for service in evidence.records
        if isinstance(service, KubernetesService) and service.service_type is not None
    }
    compose = frozenset(
        workload.name.lower()
        for workload in evidence.records
        if isinstance(workload, Workload) and workload.resource == "ComposeService"
    )
    return Cluster(manifests=True, services=services, compose=compose)
