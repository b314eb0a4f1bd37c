"""Reads the addresses in configuration: ConfigMaps, endpoints, and custom resources of any kind."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.network import RemoteReference
from auditor.manifests import _container
from auditor.manifests._environment import namespace_of
from auditor.manifests._pods import describes_only, is_llm_service, looks_like_pod, name_of
from auditor.manifests._reading import Cursor

_KIND = "remote_reference"
# Groups whose objects hold no addresses beyond what is read of them elsewhere.
_BUILT_IN = frozenset({
    "v1", "apps", "batch", "autoscaling", "policy", "rbac.authorization.k8s.io", "events.k8s.io",
    "networking.k8s.io", "gateway.networking.k8s.io", "scheduling.k8s.io", "discovery.k8s.io",
    "coordination.k8s.io", "node.k8s.io", "certificates.k8s.io", "apiregistration.k8s.io",
})  # fmt: skip
# Links for readers, and names that lead in: nothing goes out to them.
_NOT_OUTWARD = frozenset({
    "host", "hosts", "hostname", "hostnames", "domain", "domains", "description", "runbook_url",
    "documentation", "homepage", "icon", "$schema", "metadata", "status", "externaldocs",
})  # fmt: skip
# Objects that have somebody else deploy what is not in the manifests.
_DEPLOYS_OTHERS = frozenset({
    "HelmRelease", "HelmChart", "Application", "ApplicationSet", "Kustomization", "Bundle",
})  # fmt: skip


def references(document: Cursor) -> Iterator[RemoteReference]:
    """Yield every address that an object holds outside the pods in it."""
    kind = document.string("kind", _KIND)
    subject = f"{namespace_of(document)}/{kind or 'Object'}/{name_of(document)}"
    if kind == "ConfigMap":
        data = document.mapping("data", _KIND)
        for key, cursor in data.entries() if data else ():
            text = cursor.text()
            if text:
                yield from _container.references(cursor, subject, key, text)
    elif kind in ("Endpoints", "EndpointSlice"):
        yield from _endpoints(document, subject)
    elif kind == "ServiceEntry":
        yield from _service_entry(document, subject)
    elif not _is_built_in(document) and not describes_only(document):
        yield from _custom(document, subject)


def deploys_others(document: Cursor) -> None:
    """Note an object by which something is deployed that is not in the manifests."""
    kind = document.string("kind", "workload")
    group = document.string("apiVersion", "workload").partition("/")[0]
    if kind in _DEPLOYS_OTHERS and "." in group and group != "app.k8s.io":
        what = f"what a {kind} deploys is not in the manifests"
        document.problems.add("workload", "not-collected", what, document)


def _is_built_in(document: Cursor) -> bool:
    return document.string("apiVersion", _KIND).partition("/")[0] in _BUILT_IN


def _endpoints(document: Cursor, subject: str) -> Iterator[RemoteReference]:
    for subset in document.mappings("subsets", _KIND):
        for address in subset.mappings("addresses", _KIND):
            yield _address(address, subject, address.string("ip", _KIND))
    for endpoint in document.mappings("endpoints", _KIND):
        for cursor, text in endpoint.texts_with_place("addresses", _KIND):
            yield _address(cursor, subject, text)


def _service_entry(document: Cursor, subject: str) -> Iterator[RemoteReference]:
    """Yield the hosts that a mesh is told of (Istio); those inside the mesh are its own."""
    spec = document.mapping("spec", _KIND)
    if spec is not None and spec.string("location", _KIND) != "MESH_INTERNAL":
        for cursor, text in spec.texts_with_place("hosts", _KIND):
            yield _address(cursor, subject, text)


def _address(cursor: Cursor, subject: str, host: str) -> RemoteReference:
    return RemoteReference(
        origin=cursor.origin,
        subject=subject,
        setting=cursor.path,
        url=host,
        host=host,
        port=0,
        purpose="unknown",
    )


def _custom(document: Cursor, subject: str) -> Iterator[RemoteReference]:
    """Yield the addresses in a custom resource, wherever they stand."""
    waiting = [document]
    while waiting:
        here = waiting.pop()
        for key, cursor in here.entries():
            if key.lower() in _NOT_OUTWARD or looks_like_pod(cursor) or _is_model(document, cursor):
                continue
            yield from _told(cursor, subject, key)
            waiting.append(cursor)
        for item in here.items():
            yield from _told(item, subject, here.path.rpartition(".")[2])
            if not looks_like_pod(item):
                waiting.append(item)


def _told(cursor: Cursor, subject: str, key: str) -> Iterator[RemoteReference]:
    text = cursor.text()
    if text:
        yield from _container.references(cursor, subject, key, text)


def _is_model(document: Cursor, cursor: Cursor) -> bool:
    """Return whether the place of a model, which is a record of its own, stands here."""
    last = cursor.path.rpartition(".")[2]
    return last == "storageUri" or (cursor.path == "spec.model.uri" and is_llm_service(document))
