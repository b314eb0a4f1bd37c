"""Ollama's models: manifests by registry, name and tag, and blobs named by their SHA-256."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from msgspec import Struct

from auditor.evidence.models import Role
from auditor.stores import Facts, Folder, Found, Leads, Odd, Store, StoreLayout, Told, joined, odd
from auditor.stores._documents import Document, json_of, malformed, mapping, text
from auditor.stores._licenses import license_of

# ollama: manifest/ and server/create.go; the media types are docker's with its own names.
_DIGEST = re.compile(r"sha256[:-](?P<hex>[0-9a-f]{64})")
_KIND = re.compile(r"application/vnd\.ollama\.image\.(?P<kind>[a-z]+)")
_ROLES: dict[str, Role] = {
    "model": "weights", "tensor": "weights", "projector": "weights", "draft": "weights",
    "adapter": "adapter",
}  # fmt: skip
_PARTS = 4  # registry, namespace, model, tag
_SMALL = 64 * 1024
_MOST_LAYERS = 10_000
_KEY = "id_ed25519"


class _Layer(Struct, frozen=True, kw_only=True):
    """A layer of a manifest; `path` is where its blob is to lie, `` for no digest."""

    kind: str
    path: str
    size: int


def _recognises(folder: Folder) -> bool:
    return {"manifests", "blobs"} <= set(folder.folders)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    above = folder.path.rpartition("/")[0]
    mode = store.beside(joined(above, _KEY)) if folder.path == store.contents.root else None
    if mode is not None:
        yield odd(joined(above, _KEY), "credential", f"Ollama's own key lies here, mode {mode:04o}")
    top = joined(folder.path, "manifests")
    used: set[str] = set()
    for below in store.contents.below(top):
        for file in below.files:
            yield from _manifest(folder, store, file.path, used)
    yield from _unused(folder, store, used)


def _manifest(folder: Folder, store: Store, path: str, used: set[str]) -> Iterator[Found]:
    named = path.removeprefix(joined(folder.path, "manifests") + "/").split("/")
    document = json_of(store, path)
    if isinstance(document, Odd):
        yield document
    if len(named) != _PARTS:
        yield malformed(path, "a manifest lies at registry/namespace/model/tag")
    if not isinstance(document, dict) or len(named) != _PARTS:
        return
    registry, namespace, model, tag = named
    facts = Facts(
        registry=registry,
        repository=f"{namespace}/{model}",
        revision=tag,
        name=f"{model}:{tag}" if namespace == "library" else f"{namespace}/{model}:{tag}",
    )
    document = _folded(document)
    layers = list(_layers(folder, document))
    for layer in layers:
        used.add(layer.path)
        yield from _blob(store, path, layer)
    if not layers:
        yield malformed(path, "it names no layers")
    configuration = _configuration(store, layers)
    if isinstance(configuration, Odd):
        yield configuration
    elif configuration is not None:
        yield from _cloud(path, configuration)
        facts = _configured(configuration).over(facts)
    facts = facts.over(
        Facts(license=_license(store, layers), chat_template=_template(store, layers))
    )
    for layer in layers:
        if layer.kind in _ROLES and layer.path:
            yield Told(path=layer.path, facts=Facts(role=_ROLES[layer.kind]).over(facts))
            yield Leads(path=path, to=layer.path)


def _configuration(store: Store, layers: list[_Layer]) -> Document | Odd | None:
    path = next((layer.path for layer in layers if layer.kind == "config"), "")
    found = json_of(store, path, _SMALL * 16) if path else None
    return _folded(found) if isinstance(found, dict) else found


def _layers(folder: Folder, document: Document) -> Iterator[_Layer]:
    listed = document.get("layers")
    layers = listed if isinstance(listed, list) else []
    for layer in (*layers[:_MOST_LAYERS], document.get("config")):
        if layer is None:
            continue
        fields = _folded(mapping(layer))
        kind = _KIND.match(text(fields.get("mediatype")))
        digest = _DIGEST.fullmatch(text(fields.get("digest")))
        size = fields.get("size")
        yield _Layer(
            kind="config" if layer is document.get("config") else kind["kind"] if kind else "",
            path=f"{folder.path}/blobs/sha256-{digest['hex']}" if digest else "",
            size=size if isinstance(size, int) and size >= 0 else -1,
        )


def _blob(store: Store, manifest: str, layer: _Layer) -> Iterator[Odd]:
    if not layer.path or layer.size < 0:
        yield malformed(manifest, "a layer has no digest or no size that is one")
    if not layer.path:
        return
    file = store.contents.at(layer.path)
    if file is None:
        yield odd(layer.path, "blob-missing", f"{manifest} needs it")
    elif layer.size not in (-1, file.size):
        detail = f"{manifest} says {layer.size} bytes, it has {file.size}"
        yield odd(layer.path, "blob-size", detail)


def _cloud(manifest: str, configuration: Document) -> Iterator[Odd]:
    """Yield that a model is none of this machine: what is asked of it goes to another host."""
    host, model = text(configuration.get("remote_host")), text(configuration.get("remote_model"))
    if host or model:
        yield odd(manifest, "cloud-model", f"it is run by {host or 'another host'} ({model})")


def _configured(configuration: Document) -> Facts:
    return Facts(
        architecture=text(configuration.get("model_family")),
        quantization=text(configuration.get("file_type")),
    )


def _license(store: Store, layers: list[_Layer]) -> str:
    texts = (license_of(data) for data in _texts(store, layers, "license"))
    return next((text for text in texts if text), "")


def _template(store: Store, layers: list[_Layer]) -> str:
    """Return the digest of the template: Go's, which reaches nothing but what it is given."""
    texts = (sha256(data).hexdigest() for data in _texts(store, layers, "template"))
    return next(texts, "")


def _texts(store: Store, layers: list[_Layer], kind: str) -> Iterator[bytes]:
    for layer in layers:
        data = store.read(layer.path, _SMALL * 16) if layer.kind == kind and layer.path else None
        if data is not None:
            yield data


def _unused(folder: Folder, store: Store, used: set[str]) -> Iterator[Odd]:
    held = store.contents.folder(joined(folder.path, "blobs"))
    for file in held.files if held is not None else ():
        if "-partial" in file.name:
            yield odd(file.path, "download-unfinished", f"{file.size} bytes of a blob have come")
        elif file.path not in used:
            yield odd(file.path, "blob-orphan", "no manifest names this blob")


def _folded(document: Document) -> Document:
    """Return a document with its keys in lower case: Go's reader takes them in any."""
    return {key.lower(): value for key, value in document.items()}


def digest_named(path: str) -> str:
    """Return the digest that a blob is named by (`sha256:<hex>`), `` for none."""
    folder, _, name = path.rpartition("/")
    named = _DIGEST.fullmatch(name)
    return f"sha256:{named['hex']}" if named and folder.endswith("/blobs") else ""


LAYOUT = StoreLayout(
    title="Ollama models",
    tool="ollama",
    rank=0,
    recognises=_recognises,
    look=_look,
    named_by_digest=digest_named,
)
