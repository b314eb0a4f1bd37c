"""Puts the files of model stores together to the models and data sets that they make up."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Literal

from msgspec import Struct

from auditor.evidence.models import Role
from auditor.report._models import Artifact

Kind = Literal["model", "dataset", "configuration"]

_MODEL_ROLES: tuple[Role, ...] = (
    "weights", "adapter", "graph", "engine", "pipeline", "object", "archive", "optimizer",
    "unknown",
)  # fmt: skip
_DATA_ROLES: tuple[Role, ...] = ("dataset", "index")
# llama.cpp and transformers name the parts of one model `…-00001-of-00003.gguf`.
_SHARD = re.compile(r"(?P<stem>.+?)-(?P<part>\d{5})-of-\d{5}(?P<end>\.[\w.]+)")
_DATASETS = "datasets/"
# One blob may be a file of several revisions (links of a hub's cache) or of several models
# (Ollama's manifests): the record tells one of them, the paths that lead to it tell all.
_SNAPSHOT = re.compile(r"/snapshots/(?P<commit>[0-9a-f]{40})/")
_MANIFEST = re.compile(r"/manifests/(?P<registry>[^/]+)/(?P<model>[^/]+/[^/]+)/(?P<tag>[^/]+)")


class Bundle(Struct, frozen=True, kw_only=True):
    """A model, data set or folder of settings: a repository at a revision, a folder, or a file.

    `folder` is where it lies; `ref` names it in the bill, the same in every run that finds it
    there. `artifacts` are in the order of their paths.
    """

    ref: str
    kind: Kind
    store: str
    registry: str
    repository: str
    revision: str
    folder: str
    name: str
    artifacts: tuple[Artifact, ...]

    @property
    def is_adapter(self) -> bool:
        """Return whether its weights are worth nothing without a base model."""
        return any(artifact.file.role == "adapter" for artifact in self.artifacts)

    @property
    def base_models(self) -> tuple[str, ...]:
        """Return what it says that it was made from."""
        return _all(name for a in self.artifacts for name in a.file.base_model.split(", ") if name)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the data sets that it names."""
        return _all(name for artifact in self._own for name in artifact.file.datasets)

    @property
    def licenses(self) -> tuple[str, ...]:
        """Return the licences that its files have."""
        return _all(a.file.license for a in self._own if a.file.license)

    @property
    def _own(self) -> tuple[Artifact, ...]:
        """Return the files whose records tell of this one: others share nothing but content."""
        mine = (self.repository, self.revision)
        return tuple(
            a
            for a in self.artifacts
            if not self.repository or (a.file.repository, a.file.revision) == mine
        )

    @property
    def weights(self) -> tuple[Artifact, ...]:
        """Return the files that hold the model itself."""
        return tuple(
            a for a in self.artifacts if a.file.role in ("weights", "adapter", "graph", "engine")
        )

    def first(self, field: Literal["architecture", "name"]) -> str:
        """Return what the first file that says something says, those with weights first."""
        files = self._own if field == "name" else (*self.weights, *self.artifacts)
        told = (str(getattr(artifact.file, field)) for artifact in files)
        return next((text for text in told if text), "")

    def parameters(self) -> int | None:
        """Return how many parameters it has, `None` where that is not told by every part.

        Of several weights that are no parts of one (a repository of quantisations) it is not.
        """
        counts = [artifact.file.parameters for artifact in self.weights]
        names = [name_in(self.folder, self.revision, artifact) for artifact in self.weights]
        stems = {_family(name) for name in names}
        whole = len(counts) == 1 or (len(stems) == 1 and all(map(_SHARD.fullmatch, names)))
        if not whole or not all(counts):
            return None
        return sum(count for count in counts if count is not None)


def reference(kind: str, *parts: str) -> str:
    """Return a name within the bill that depends on `parts` alone."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"{kind}-{sha256(text).hexdigest()[:32]}"


def name_in(folder: str, revision: str, artifact: Artifact) -> str:
    """Return what a file is called in its model: its link's name where the store keeps blobs."""
    for link in artifact.file.links:
        _, found, name = link.partition(f"/snapshots/{revision}/")
        if revision and found:
            return name
    path = artifact.file.path
    inside = path.removeprefix(folder.rstrip("/") + "/")
    return inside if inside != path else posixpath.basename(path)


def bundles(artifacts: Iterable[Artifact]) -> tuple[Bundle, ...]:
    """Return what the files make up, in the order of stores and names.

    Files of one repository and revision are one; of no repository, the files of a folder. Each
    GGUF there is a model of its own, as that format holds all that one needs. Settings without
    weights belong to the nearest folder above that has some.
    """
    groups: dict[tuple[str, ...], list[Artifact]] = {}
    for artifact in artifacts:
        for key in dict.fromkeys((_key(artifact), *_other_keys(artifact))):
            groups.setdefault(key, []).append(artifact)
    _adopt(groups)
    made = [_bundle(key, found) for key, found in groups.items()]
    return tuple(sorted(made, key=lambda b: (b.store, b.folder, b.name, b.revision, b.ref)))


def _key(artifact: Artifact) -> tuple[str, ...]:
    file = artifact.file
    if file.repository:
        return ("repository", file.store, file.registry, file.repository, file.revision)
    folder, _, name = file.path.rpartition("/")
    if file.path == file.store or file.model_format == "gguf":
        return ("file", file.store, folder, _family(name))
    return ("folder", file.store, folder)


def _other_keys(artifact: Artifact) -> Iterator[tuple[str, ...]]:
    """Yield the other revisions and models that a file belongs to."""
    file = artifact.file
    if not file.repository or "/blobs/" not in file.path:
        return
    for link in file.links:
        snapshot, manifest = _SNAPSHOT.search(link), _MANIFEST.search(link)
        if snapshot is not None:
            yield "repository", file.store, file.registry, file.repository, snapshot["commit"]
        elif manifest is not None and link.endswith(manifest[0]):
            yield "repository", file.store, *manifest.group("registry", "model", "tag")


def _family(name: str) -> str:
    match = _SHARD.fullmatch(name)
    return match["stem"] + match["end"] if match else name


def _adopt(groups: dict[tuple[str, ...], list[Artifact]]) -> None:
    """Give the settings of a folder without weights to the nearest model in a folder above."""
    for key in [key for key in groups if key[0] == "folder" and _kind(groups[key]) != "model"]:
        if _kind(groups[key]) == "dataset":
            continue
        _, store, folder = key
        while folder.startswith(store) and folder != store:
            folder = folder.rpartition("/")[0]
            above = ("folder", store, folder)
            if above in groups and _kind(groups[above]) == "model":
                groups[above] += groups.pop(key)
                break


def _kind(artifacts: list[Artifact]) -> Kind:
    if artifacts[0].file.repository.startswith(_DATASETS):
        return "dataset"
    roles = {artifact.file.role for artifact in artifacts}
    if roles & set(_MODEL_ROLES):
        return "model"
    return "dataset" if roles & set(_DATA_ROLES) else "configuration"


def _bundle(key: tuple[str, ...], found: list[Artifact]) -> Bundle:
    first = found[0].file
    folder = _folder(key, found)
    registry, repository, revision = key[2:] if key[0] == "repository" else ("", "", "")
    name = repository or (key[3] if key[0] == "file" else posixpath.basename(folder))
    return Bundle(
        ref=reference("model", *key),
        kind=_kind(found),
        store=first.store,
        registry=registry,
        repository=repository,
        revision=revision,
        folder=folder,
        name=name or folder,
        artifacts=tuple(sorted(found, key=lambda artifact: artifact.file.path)),
    )


def _folder(key: tuple[str, ...], found: list[Artifact]) -> str:
    """Return where it lies; in a cache of blobs that is the folder of the revision's links."""
    if key[0] != "repository":
        return key[2] or "/"
    revision = key[4]
    for link in (link for artifact in found for link in artifact.file.links):
        above, there, _ = link.partition(f"/snapshots/{revision}/")
        if revision and there:
            return f"{above}/snapshots/{revision}"
    folders = [posixpath.dirname(artifact.file.path) for artifact in found]
    absolute = {folder.startswith("/") for folder in folders}
    return posixpath.commonpath(folders) if len(absolute) == 1 else folders[0]


def _all(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
