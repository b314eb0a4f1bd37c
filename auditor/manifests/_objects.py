"""Reads the addresses in configuration: ConfigMaps, endpoints, and custom resources of any kind."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from auditor.evidence.network import RemoteReference
from auditor.evidence.workload import ContainerImage
from auditor.manifests import _elsewhere, _references
from auditor.manifests._environment import namespace_of
from auditor.manifests._pods import (
    COMPONENTS,
    describes_only,
    is_llm_service,
    looks_like_pod,
    name_of,
)
from auditor.manifests._reading import Cursor

_KIND = "remote_reference"
# Objects whose addresses lead in, or are read as what they are.
_OWN_READER = frozenset({"NetworkPolicy", "Secret", "CustomResourceDefinition"})
# The parts of a Service, Ingress or Gateway besides its annotations are read elsewhere.
_LEADS_IN = frozenset({"Service", "Ingress"})
_MAX_BINARY = 1024 * 1024
# Objects that have somebody else deploy what is not in the manifests.
_DEPLOYS_OTHERS = frozenset({
    "HelmRelease", "HelmChart", "Application", "ApplicationSet", "Kustomization", "Bundle",
})  # fmt: skip


def references(document: Cursor) -> Iterator[RemoteReference | ContainerImage]:
    """Yield every address that an object holds outside the pods in it."""
    kind = document.string("kind", _KIND)
    subject = f"{namespace_of(document)}/{kind or 'Object'}/{name_of(document)}"
    if kind in ("ConfigMap", "Secret"):
        yield from _configuration(document, subject, kind)
    elif kind in ("Endpoints", "EndpointSlice"):
        yield from _endpoints(document, subject)
    elif kind == "ServiceEntry":
        yield from _service_entry(document, subject)
    elif kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        yield from _elsewhere.addresses(document, subject)
    elif not describes_only(document) and kind not in _OWN_READER:
        yield from _elsewhere.addresses(
            document,
            subject,
            passed_over=frozenset({"spec"}) if _is_built_in_edge(document, kind) else frozenset(),
            read_elsewhere=lambda cursor: looks_like_pod(cursor) or _is_model(document, cursor),
        )


def _is_built_in_edge(document: Cursor, kind: str) -> bool:
    group = document.string("apiVersion", _KIND).partition("/")[0]
    return kind in _LEADS_IN and group in ("v1", "networking.k8s.io")


def _configuration(document: Cursor, subject: str, kind: str) -> Iterator[RemoteReference]:
    """Yield the addresses in the files and values of a ConfigMap or Secret."""
    encoded = {"binaryData"} | ({"data"} if kind == "Secret" else set())
    for part in ("data", "stringData", "binaryData"):
        values = document.mapping(part, _KIND)
        for key, cursor in values.entries() if values else ():
            text = cursor.text() or ""
            yield from _references.references(
                cursor, subject, key, _decoded(text) if part in encoded else text
            )


def _decoded(text: str) -> str:
    """Return what is encoded in base64 as text; `` for what is none (a certificate, an image)."""
    try:
        return base64.b64decode(text[:_MAX_BINARY], validate=True).decode()
    except ValueError:
        return ""


def deploys_others(document: Cursor) -> None:
    """Note an object by which something is deployed that is not in the manifests."""
    kind = document.string("kind", "workload")
    group = document.string("apiVersion", "workload").partition("/")[0]
    if kind in _DEPLOYS_OTHERS and "." in group and group != "app.k8s.io":
        what = f"what a {kind} deploys is not in the manifests"
        document.problems.add("workload", "not-collected", what, document)


def _endpoints(document: Cursor, subject: str) -> Iterator[RemoteReference]:
    for subset in document.mappings("subsets", _KIND):
        for key in ("addresses", "notReadyAddresses"):
            for address in subset.mappings(key, _KIND):
                yield _address(address, subject, address.string("ip", _KIND))
    for endpoint in document.mappings("endpoints", _KIND):
        for cursor, text in endpoint.texts_with_place("addresses", _KIND):
            yield _address(cursor, subject, text)


def _service_entry(document: Cursor, subject: str) -> Iterator[RemoteReference]:
    """Yield the hosts that a mesh is told of (Istio); those inside the mesh are its own."""
    spec = document.mapping("spec", _KIND)
    if spec is None:
        return
    for endpoint in spec.mappings("endpoints", _KIND):
        address = endpoint.string("address", _KIND)
        if address and not address.startswith("unix:"):
            yield _address(endpoint, subject, address)
    if spec.string("location", _KIND) != "MESH_INTERNAL":
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


def _is_model(document: Cursor, cursor: Cursor) -> bool:
    """Return whether the place of a model, which is a record of its own, stands here."""
    parts = cursor.path.split(".")
    of_component = parts[-1] == "storageUri" and parts[-3:-2] and parts[-3] in COMPONENTS
    return bool(of_component) or (cursor.path == "spec.model.uri" and is_llm_service(document))
