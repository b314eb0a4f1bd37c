"""Reads Kubernetes objects: every pod specification, and what leads in and out of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence import Record
from auditor.evidence.host import AiService, EnvironmentVariable, ModelSource
from auditor.evidence.network import (
    DnsResolver,
    ListeningPort,
    Proxy,
    RemoteReference,
    SearchDomain,
)
from auditor.evidence.workload import (
    Container,
    ContainerImage,
    Ingress,
    KubernetesService,
    NetworkPolicy,
    VolumeMount,
    Workload,
)
from auditor.manifests import Document, Fact, Reader, _objects, _policies, _services, _workloads
from auditor.manifests._environment import Configuration
from auditor.manifests._pods import Pod, holds_pod, pods
from auditor.manifests._reading import Cursor, Problems
from auditor.yamldoc import Mapping, Node, Sequence

_NAME = "kubernetes"
# A few hundred services that select the same pods make more ports than anybody can read.
_MOST_PORTS = 50_000


def recognises(node: Node) -> bool:
    """Return whether a document is an object, a list of objects, or holds a pod at all."""
    if isinstance(node, Sequence):
        return any(recognises(item) for item in node.items if isinstance(item, Mapping))
    if not isinstance(node, Mapping):
        return False
    if node.get("apiVersion") is not None and node.get("kind") is not None:
        return True
    return holds_pod(Cursor(node=node, source="", path="", problems=Problems(_NAME)))


def read(documents: tuple[Document, ...]) -> Iterator[Fact]:
    """Yield the records of the objects, read together: names lead from one to another."""
    problems = Problems(_NAME)
    objects = [found for document in documents for found in _objects_in(document, problems)]
    configuration = Configuration(objects)
    found = [(document, pods(document)) for document in objects]
    workloads = _services.Workloads(pod for _, here in found for pod in here)
    backends = {
        (backend.namespace, backend.name): backend
        for document in objects
        if (backend := _services.backend_of(document)) is not None
    }
    ports = 0
    for document, here in found:
        yield from _object(document, here, configuration)
        for record in _published(document, backends, workloads):
            ports += isinstance(record, ListeningPort)
            if ports > _MOST_PORTS:
                what = f"more than {_MOST_PORTS} published ports"
                problems.add("listening_port", "limit", what, document)
                break
            yield record
    yield from problems.gaps()


def _published(
    document: Cursor, backends: _services.Backends, workloads: _services.Workloads
) -> Iterator[Record]:
    """Yield what an object publishes of the workloads behind it."""
    yield from _services.service(document, workloads)
    yield from _services.routes(document, backends, workloads)


def _object(
    document: Cursor, here: tuple[Pod, ...], configuration: Configuration
) -> Iterator[Record]:
    """Yield what an object tells by itself."""
    for pod in here:
        yield from _workloads.records(document, pod, configuration)
    yield from _policies.read(document)
    yield from _objects.references(document)
    _objects.deploys_others(document)


def _objects_in(document: Document, problems: Problems) -> Iterator[Cursor]:
    """Yield the objects of a document: itself, or the items of a list (`kind: List`)."""
    waiting = [Cursor(node=document.node, source=document.source, path="", problems=problems)]
    while waiting:
        here = waiting.pop()
        items = here.get("items")
        kind = here.get("kind")
        is_list = kind is not None and (kind.text() or "").endswith("List")
        if here.is_list:
            below = [_root(item) for item in here.items() if item.is_mapping]
            waiting += reversed(below)
        elif is_list and items is not None and items.is_list:
            waiting += reversed([_root(item) for item in here.mappings("items", "workload")])
        elif here.is_mapping:
            yield here


def _root(item: Cursor) -> Cursor:
    """Return an item of a list as an object of its own: its paths begin anew."""
    return Cursor(node=item.node, source=item.source, path="", problems=item.problems)


READER = Reader(
    title="Kubernetes objects",
    yields=(
        AiService,
        Container,
        ContainerImage,
        DnsResolver,
        EnvironmentVariable,
        Ingress,
        KubernetesService,
        ListeningPort,
        ModelSource,
        NetworkPolicy,
        Proxy,
        RemoteReference,
        SearchDomain,
        VolumeMount,
        Workload,
    ),
    recognises=recognises,
    read=read,
)
