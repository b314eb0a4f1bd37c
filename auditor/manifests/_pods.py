"""Finds every pod specification in a document, wherever it is embedded, by its shape."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence.workload import Workload
from auditor.manifests._environment import namespace_of
from auditor.manifests._reading import Cursor

# Objects that describe pods without asking for any: schemas, and policies with patterns.
_DESCRIBING = (
    "apiextensions.k8s.io",
    "kyverno.io",
    "gatekeeper.sh",
    "admissionregistration.k8s.io",
)
# Where the built-in kinds keep their pod: what stands there must be one.
_PLACES: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        (
            "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController",
            "Job",
        ),
        ("spec", "template", "spec"),
    ),
}  # fmt: skip
# Lists of containers and single ones: Kubernetes, then Argo Workflows and Tekton.
LISTS = ("containers", "initContainers", "ephemeralContainers", "sidecars", "steps")
SINGLE = ("container", "script")
# Components of a KServe InferenceService that name a model instead of containers, and the
# runtime (of the catalogue) that serves each framework.
COMPONENTS = ("predictor", "transformer", "explainer")
FRAMEWORKS = {
    "model": "kserve", "huggingface": "kserve", "sklearn": "kserve", "xgboost": "kserve",
    "lightgbm": "kserve", "pmml": "kserve", "paddle": "kserve", "onnx": "kserve",
    "alibi": "kserve", "art": "kserve", "feast": "kserve", "spark": "kserve", "mlserver": "kserve",
    "tensorflow": "tf-serving", "pytorch": "torchserve", "triton": "triton",
}  # fmt: skip
_LLM = "LLMInferenceService"


class Pod(Struct, frozen=True, kw_only=True):
    """A pod specification: `spec` holds its containers, `workload` is its record.

    `labels` are those of its pods, for selectors. `ray_parameters` are those of the Ray group
    that it belongs to (KubeRay `rayStartParams`), `is_head` tells its head.
    """

    spec: Cursor
    workload: Workload
    labels: dict[str, str]
    ray_parameters: Cursor | None = None
    is_head: bool = False


class _Place(Struct, frozen=True, kw_only=True):
    """A pod specification and the mappings above it, nearest first."""

    spec: Cursor
    above: tuple[Cursor, ...]


def describes_only(document: Cursor) -> bool:
    """Return whether the object only describes other objects (a schema, a policy's pattern)."""
    group = document.string("apiVersion", "workload").partition("/")[0]
    return any(group == name or group.endswith(f".{name}") for name in _DESCRIBING)


def looks_like_pod(cursor: Cursor) -> bool:
    """Return whether a mapping has containers: `containers` named or with an image.

    Also the `container` and `script` of an Argo Workflows template, the `steps` of a Tekton task.
    """
    found = cursor.get("containers")
    if found is not None and any(item.get("name") or item.get("image") for item in found.items()):
        return True
    steps = cursor.get("steps")
    if steps is not None and any(item.get("image") for item in steps.items()):
        return True
    return any(cursor.down(name, "image") for name in SINGLE)


def containers(spec: Cursor) -> Iterator[tuple[Cursor, bool]]:
    """Yield the containers of a pod specification, and whether each runs before the others."""
    for name in LISTS:
        for container in spec.mappings(name, "container"):
            yield container, name == "initContainers"
    for name in SINGLE:
        single = spec.get(name)
        if single is not None and single.get("image"):
            yield single, False
    for model in framework_models(spec):
        yield model, False


def framework_models(spec: Cursor) -> Iterator[Cursor]:
    """Yield the models of a KServe component, which stand where containers could."""
    if spec.path.rpartition(".")[2] not in COMPONENTS:
        return
    for name, cursor in spec.entries():
        if name in FRAMEWORKS and cursor.is_mapping:
            yield cursor


def is_llm_service(document: Cursor) -> bool:
    """Return whether an object is a KServe LLMInferenceService (or its configuration)."""
    return document.string("kind", "workload") in (_LLM, f"{_LLM}Config")


def _is_pod(document: Cursor, here: Cursor) -> bool:
    """Return whether pods are made from a mapping, also where no container is written."""
    bare_llm = here.path == "spec" and is_llm_service(document) and not here.get("template")
    return looks_like_pod(here) or next(framework_models(here), None) is not None or bare_llm


def holds_pod(document: Cursor) -> bool:
    """Return whether there is a pod specification anywhere in the document."""
    return next(_find(document), None) is not None


def pods(document: Cursor) -> tuple[Pod, ...]:
    """Return every pod specification of an object, in the order of the file."""
    if describes_only(document):
        return ()
    places = list(_find(document))
    kind = document.string("kind", "workload")
    due = _PLACES.get(kind)
    if due and not places:
        _missing(document, due)
    return tuple(_pod(document, place, several=len(places) > 1) for place in places)


def _missing(document: Cursor, due: tuple[str, ...]) -> None:
    """Note that a built-in kind has no pod where it must have one."""
    spec = document.down(*due)
    found = spec.get("containers") if spec else None
    where = found or spec or document
    where.malformed("container", "a list of containers is expected here")


def _find(document: Cursor) -> Iterator[_Place]:
    """Yield the pod specifications below a cursor; `status` and a pod's inside are left out."""
    waiting: list[tuple[Cursor, tuple[Cursor, ...]]] = [(document, ())]
    while waiting:
        here, above = waiting.pop()
        if _is_pod(document, here):
            yield _Place(spec=here, above=above)
            continue
        _refuse_scalar(here)
        below = (
            [cursor for key, cursor in here.entries() if key not in ("status", "metadata")]
            if here.is_mapping
            else list(here.items())
        )
        nearest = (here, *above[:3]) if here.is_mapping else above
        waiting += [(cursor, nearest) for cursor in reversed(below)]


def _refuse_scalar(here: Cursor) -> None:
    """Note a pod whose containers are no list: whoever reads it leniently would see none."""
    found = here.get("containers")
    if found is not None and found.text() and not isinstance(found.value, (int, float)):
        found.malformed("container", "a list of containers is expected here")


def _pod(document: Cursor, place: _Place, *, several: bool) -> Pod:
    """Return a pod with its record; templates of one document are told apart by their path."""
    spec = place.spec
    holder = next((above for above in place.above if above.get("metadata")), document)
    if place.above and spec.path.endswith(".spec"):
        holder = place.above[0] if place.above[0].get("metadata") else holder
    group = next((above for above in place.above if above.get("rayStartParams")), None)
    labels = _labels(holder) or _labels(document)
    return Pod(
        spec=spec,
        workload=_workload(document, spec, labels, several=several),
        labels=labels,
        ray_parameters=group.get("rayStartParams") if group else None,
        is_head="headGroupSpec" in spec.path,
    )


def _labels(holder: Cursor) -> dict[str, str]:
    found = holder.down("metadata", "labels")
    if found is None:
        return {}
    return {key: cursor.text() or "" for key, cursor in found.entries()}


def name_of(document: Cursor) -> str:
    """Return an object's name; a generated one ends in `*`, none at all is `unnamed`."""
    name = document.down("metadata", "name")
    if name is not None and name.text():
        return name.text() or ""
    generated = document.down("metadata", "generateName")
    return f"{generated.text() or ''}*" if generated is not None else "unnamed"


def _workload(document: Cursor, spec: Cursor, labels: dict[str, str], *, several: bool) -> Workload:
    """Return the record of a pod specification, with Kubernetes' defaults where it is silent."""
    token = spec.flag("automountServiceAccountToken", "workload")
    return Workload(
        origin=spec.origin,
        resource=document.string("kind", "workload") or "Object",
        api_version=document.string("apiVersion", "workload"),
        namespace=namespace_of(document),
        name=name_of(document),
        path=spec.path,
        template=spec.path if several else "",
        containers=sum(1 for _ in containers(spec)),
        host_network=bool(spec.flag("hostNetwork", "workload")),
        host_pid=bool(spec.flag("hostPID", "workload")),
        service_account_token=True if token is None else token,
        dns_policy=spec.string("dnsPolicy", "workload", "ClusterFirst"),
        network_isolated=False,
        labels=tuple(sorted(f"{key}={value}" for key, value in labels.items())),
    )
