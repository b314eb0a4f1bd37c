"""What runs in containers on a machine, as the container engines keep it on disk."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence.base import Record
from auditor.evidence.host import Variable


class PublishedPort(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """A port of the host that an engine leads to a port `to_port` of a container."""

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    to_port: int


class RunningContainer(Record, frozen=True, kw_only=True):
    """A container that runs; what it asks for besides is in `Container`, `VolumeMount` ….

    `container_id` is the first twelve digits of its id, which end `Process.container`.
    `workload` is the label of its `Workload` (a pod, or the container itself). `image` is the
    reference as the engine was given it, empty where it was given an image's id alone;
    `image_digest` is the digest in the registry, empty where the engine keeps none (an image
    built or loaded here). `network_mode` is `host`, `none`, `shared` (another container's) or
    `own`. `published` are the ports that the engine leads to it, `None` where the engine keeps
    them elsewhere. `restart` is the restart policy, `user` whom it is set to run as, empty where
    nobody is named. `namespace` and `pod` are Kubernetes' own, empty outside it. `environment`
    are the variables known to the catalogues; `processes` counts those seen in it.
    """

    engine: Literal["docker", "containerd", "podman", "cri-o"]
    container_id: str
    name: str
    workload: str
    image: str
    image_digest: str
    privileged: bool | None
    network_mode: Literal["host", "none", "shared", "own"] | None
    host_pid: bool | None
    published: tuple[PublishedPort, ...] | None
    restart: str
    user: str | None
    namespace: str
    pod: str
    environment: tuple[Variable, ...] | None
    processes: int | None

    @property
    def label(self) -> str:
        """Return the engine and the container's name."""
        return f"{self.name} ({self.engine}:{self.container_id})"
