"""What a deployment manifest asks a cluster or engine to run."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record


class Workload(Record, frozen=True, kw_only=True):
    """A pod template wherever it is embedded, or a Compose service.

    `resource` is the manifest's kind (`Deployment`, `RayCluster`, `ComposeService`), `path` the
    place of the pod specification in it (`spec.template.spec`), `name` as the manifest gives it.
    `template` is the path again where a document holds several templates, else empty.
    `network_isolated` is for Compose: every network of the service is internal.
    """

    resource: str
    api_version: str
    namespace: str
    name: str
    path: str
    containers: int
    host_network: bool
    host_pid: bool
    service_account_token: bool
    dns_policy: str
    network_isolated: bool
    labels: tuple[str, ...]
    template: str = ""

    @property
    def label(self) -> str:
        """Return `namespace/resource/name`, and the path where it tells templates apart."""
        label = f"{self.namespace}/{self.resource}/{self.name}"
        return f"{label} ({self.template})" if self.template else label


class Container(Record, frozen=True, kw_only=True):
    """A container of a workload, its security context resolved against the pod's.

    `run_as_root` is `None` where the image decides; `kept_from_root` tells whether the manifest
    itself keeps it from root, whatever the image says.
    """

    workload: str
    name: str
    image: str
    init: bool
    privileged: bool
    run_as_root: bool | None
    read_only_root: bool
    added_capabilities: tuple[str, ...]
    pull_policy: str
    kept_from_root: bool = False

    @property
    def label(self) -> str:
        """Return workload and container name."""
        return f"{self.workload}:{self.name}"


class ContainerImage(Record, frozen=True, kw_only=True):
    """An image reference, parsed (OCI distribution reference grammar).

    `explicit_registry` is false where the reference names no registry, so that the engine's
    public default applies; `registry` is then empty. `tag` and `digest` may be empty.
    """

    subject: str
    reference: str
    registry: str
    explicit_registry: bool
    repository: str
    tag: str
    digest: str

    @property
    def label(self) -> str:
        """Return the reference and whose image it is."""
        return f"{self.reference} ({self.subject})"


class VolumeMount(Record, frozen=True, kw_only=True):
    """A volume as a container sees it; `source` is the host path, claim, or address behind it."""

    subject: str
    path: str
    volume_type: str
    source: str
    read_only: bool

    @property
    def label(self) -> str:
        """Return subject, path and source."""
        return f"{self.subject} {self.path} ← {self.volume_type} {self.source}".strip()


class NetworkPolicy(Record, frozen=True, kw_only=True):
    """A Kubernetes NetworkPolicy's say on egress.

    `covers_egress`: `Egress` is among its (effective) policy types; `selects_all`: its pod
    selector is empty; `allows_anywhere`: an egress rule has no peer, or a peer of every address.
    `egress_cidrs` are the ranges it lets out to.
    """

    namespace: str
    name: str
    covers_egress: bool
    selects_all: bool
    allows_anywhere: bool
    egress_cidrs: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return namespace and name."""
        return f"{self.namespace}/NetworkPolicy/{self.name}"


class KubernetesService(Record, frozen=True, kw_only=True):
    """A Service: how it is reached from outside the cluster, and whether it leads outside."""

    namespace: str
    name: str
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] | None
    external_name: str
    external_ips: tuple[str, ...]
    source_ranges: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return namespace and name."""
        return f"{self.namespace}/Service/{self.name}"


class Ingress(Record, frozen=True, kw_only=True):
    """An Ingress, Gateway or route: hosts served, and whether every one is under TLS."""

    namespace: str
    name: str
    resource: str
    hosts: tuple[str, ...]
    tls: bool

    @property
    def label(self) -> str:
        """Return namespace, resource and name."""
        return f"{self.namespace}/{self.resource}/{self.name}"
