"""Reads Compose files: services, what they publish, resolve, mount and are told."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.host import AiService, EnvironmentVariable, ModelSource
from auditor.evidence.network import (
    DnsResolver,
    ListeningPort,
    Proxy,
    RemoteReference,
    SearchDomain,
)
from auditor.evidence.workload import Container, ContainerImage, VolumeMount, Workload
from auditor.manifests import Document, Fact, Reader, _compose_service, _references
from auditor.manifests._compose_merge import Merger
from auditor.manifests._reading import Cursor, Problems
from auditor.yamldoc import Mapping, Node

_NAME = "compose"


def recognises(node: Node) -> bool:
    """Return whether a document is a Compose file: services or models, and no object's kind."""
    if not isinstance(node, Mapping) or node.get("apiVersion") or node.get("kind"):
        return False
    services = node.get("services")
    if isinstance(services, Mapping):
        return any(isinstance(service, Mapping) for _, service in services.entries)
    return False


def read(documents: tuple[Document, ...]) -> Iterator[Fact]:
    """Yield the records of the services of each file by itself."""
    problems = Problems(_NAME)
    for document in documents:
        root = Cursor(node=document.node, source=document.source, path="", problems=problems)
        if root.get("include") is not None:
            what = "included files are not read: name them"
            problems.add("workload", "unsupported", what, root)
        services = root.mapping("services", "workload")
        merger = Merger(services) if services else None
        for name, service in services.entries() if services else ():
            if not service.is_mapping:
                service.malformed("workload", "a mapping is expected here")
                continue
            whole = merger.merged(service) if merger else service
            yield from _compose_service.records(root, name, whole)
        yield from _models(root)
        yield from _configs(root)
    yield from problems.gaps()


def _models(root: Cursor) -> Iterator[ModelSource]:
    """Yield the models that the engine pulls for its services (Compose `models`)."""
    models = root.mapping("models", "model_source")
    for name, model in models.entries() if models else ():
        reference = model.string("model", "model_source")
        yield ModelSource(
            origin=model.origin,
            subject=f"compose/Model/{name}",
            workload=f"compose/Model/{name}",
            reference=reference,
            scheme="hub-id" if reference else "unknown",
            host="",
        )


def _configs(root: Cursor) -> Iterator[RemoteReference]:
    """Yield the addresses in configuration that is written into the file."""
    configs = root.mapping("configs", "remote_reference")
    for name, config in configs.entries() if configs else ():
        content = config.string("content", "remote_reference")
        yield from _references.references(config, f"compose/Config/{name}", "content", content)
    volumes = root.mapping("volumes", "volume_mount")
    for name, volume in volumes.entries() if volumes else ():
        options = volume.mapping("driver_opts", "remote_reference")
        for key, cursor in options.entries() if options else ():
            text = (cursor.text() or "").replace("addr=", "nfs://")
            yield from _references.references(cursor, f"compose/Volume/{name}", key, text)


READER = Reader(
    title="Compose files",
    yields=(
        AiService,
        Container,
        ContainerImage,
        DnsResolver,
        EnvironmentVariable,
        ListeningPort,
        ModelSource,
        Proxy,
        RemoteReference,
        SearchDomain,
        VolumeMount,
        Workload,
    ),
    recognises=recognises,
    read=read,
)
