"""Collects from services and manifests where models, images and Kubernetes services lead."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.derive._leads import (
    DEFAULT_HUB,
    DEFAULT_REGISTRY,
    Lead,
    host_and_port,
    scheme_port,
)
from auditor.derive._verdict import Place, Question
from auditor.evidence import Evidence, Record
from auditor.evidence.host import AiService, ModelSource
from auditor.evidence.workload import ContainerImage, KubernetesService, Workload

_TRUE = frozenset({"1", "true", "yes", "on"})
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_MODELSCOPE = ("VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE", "USE_MODELSCOPE")
_MODELSCOPE_HUB = "www.modelscope.cn"
_OLLAMA_HUB = "registry.ollama.ai"
_HTTPS = 443
# Buckets: the scheme, the variables that name another endpoint, and the public one.
_BUCKETS: dict[str, tuple[tuple[str, ...], str]] = {
    "s3": (("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT", "AWS_ENDPOINT"),
           "s3.amazonaws.com"),
    "gs": (("STORAGE_EMULATOR_HOST",), "storage.googleapis.com"),
    "gcs": (("STORAGE_EMULATOR_HOST",), "storage.googleapis.com"),
    "oss": (("OSS_ENDPOINT",), "aliyuncs.com"),
    "azure": ((), "blob.core.windows.net"),
    "abfs": ((), "dfs.core.windows.net"),
    "abfss": ((), "dfs.core.windows.net"),
    "wasbs": ((), "blob.core.windows.net"),
}  # fmt: skip
_HUB_SCHEMES = frozenset({"hf", "huggingface"})
_LOCAL_SCHEMES = frozenset({"path", "volume"})

SOURCES: tuple[type[Record], ...] = (
    ModelSource,
    AiService,
    ContainerImage,
    KubernetesService,
    Workload,
)


class _Environment(Struct, frozen=True, kw_only=True):
    """What is known of a service's variables: `values` is `None` where they are not known."""

    runtime: str
    values: dict[str, str | None] | None


def workload_leads(evidence: Evidence) -> Iterator[Lead]:
    """Yield where model references, images and services of the evidence lead."""
    services = [record for record in evidence.records if isinstance(record, AiService)]
    for record in evidence.records:
        match record:
            case ModelSource():
                for environment in _environments(record, services):
                    yield from _model_source(record, environment)
            case ContainerImage():
                yield _image(record)
            case KubernetesService():
                yield from _kubernetes_service(record)
            case _:
                pass


def _environments(source: ModelSource, services: list[AiService]) -> tuple[_Environment, ...]:
    """Return the environments of the services that a model reference belongs to.

    Several containers of a workload count each; where no service is known, neither is one.
    """
    siblings = [service for service in services if service.workload == source.workload]
    same = [service for service in siblings if service.subject == source.subject] or siblings
    if not same:
        return (_Environment(runtime="", values=None),)
    return tuple(
        _Environment(
            runtime=service.runtime,
            values=None
            if service.environment is None
            else {variable.name: variable.value for variable in service.environment},
        )
        for service in same
    )


def _model_source(record: ModelSource, environment: _Environment) -> Iterator[Lead]:
    """Yield where a model comes from; a local path or volume leads nowhere."""
    scheme = record.reference.partition("://")[0].lower() if "://" in record.reference else ""
    if record.scheme in _LOCAL_SCHEMES or (scheme in {"file", "pvc"} and not record.host):
        return
    if record.scheme == "hub-id" or scheme in _HUB_SCHEMES:
        question = _hub(record, environment)
    elif scheme in _BUCKETS:
        question = _bucket(scheme, environment)
    elif record.host:
        name, port = host_and_port(record.host)
        question = _question(name, port or scheme_port(record.reference) or _HTTPS)
    else:
        question = _unknown(record.reference, "what this reference leads to cannot be told")
    namespaced = Question(
        target=question.target,
        port=question.port,
        use=question.use,
        namespace=_namespace(record.workload),
        place=question.place,
        known_as=question.known_as,
    )
    yield Lead(record=record, subject=record.subject, question=namespaced)


def _hub(record: ModelSource, environment: _Environment) -> Question:
    """Return where a hub's id leads: nowhere when offline, to the mirror, or to the public hub."""
    named = _named_host(record.reference)
    if environment.runtime == "ollama" or named:
        return _question(named or _OLLAMA_HUB, _HTTPS)
    if environment.values is None:
        return _unknown(DEFAULT_HUB, "the service's variables could not be read, and they decide")
    if any(_is_true(environment.values.get(name, "")) for name in _MODELSCOPE):
        return _endpoint_question(environment.values, "MODELSCOPE_DOMAIN", _MODELSCOPE_HUB)
    offline = [name for name in _OFFLINE if _is_true(environment.values.get(name, ""))]
    if offline:
        how = f"{offline[0]} is set: the hub is not asked, the model comes from the local cache"
        place = Place(inside=True, zone="offline", how=how)
        return Question(target=DEFAULT_HUB, port=_HTTPS, use="model-source", place=place)
    unread = [name for name in _OFFLINE if environment.values.get(name, "") is None]
    if unread:
        return _unknown(DEFAULT_HUB, f"{unread[0]} is set to something that could not be resolved")
    return _endpoint_question(environment.values, "HF_ENDPOINT", DEFAULT_HUB)


def _bucket(scheme: str, environment: _Environment) -> Question:
    """Return where a bucket is served: at a configured endpoint, or by the public cloud."""
    names, public = _BUCKETS[scheme]
    if not names:
        return _question(public, _HTTPS)
    if environment.values is None:
        return _unknown(public, "the service's variables could not be read, and they decide")
    for name in names:
        if name in environment.values:
            return _endpoint_question(environment.values, name, public)
    return _question(public, _HTTPS)


def _endpoint_question(values: dict[str, str | None], name: str, public: str) -> Question:
    """Return where a variable leads, or the public service where it is not set."""
    value = values.get(name, "")
    if value is None:
        return _unknown(public, f"{name} is set to something that could not be resolved")
    if not value:
        return _question(public, _HTTPS)
    authority = (value.partition("://")[2] or value).partition("/")[0].rpartition("@")[2]
    host, port = host_and_port(authority)
    return _question(host, port or scheme_port(value) or _HTTPS)


def _named_host(reference: str) -> str:
    """Return the host that an id itself begins with (`registry.corp.example/library/m`), or ``."""
    head, slash, _ = reference.partition("/")
    if not slash or not ("." in head or ":" in head) or "://" in reference:
        return ""
    # A hub's organisation may hold a dot; a model id has two parts, an image-like one three.
    return host_and_port(head)[0] if reference.count("/") > 1 else ""


def _image(record: ContainerImage) -> Lead:
    """Return the registry of an image; without one, the engine goes to its public default."""
    if record.explicit_registry:
        name, port = host_and_port(record.registry)
        question = Question(
            target=name, port=port or _HTTPS, use="image", namespace=_namespace(record.subject)
        )
    else:
        question = Question(
            target="container engine public default",
            port=_HTTPS,
            use="image",
            place=Place(
                inside=False,
                zone="",
                how=f"{record.reference} names no registry: the engine's public default applies",
            ),
            known_as=DEFAULT_REGISTRY,
        )
    return Lead(record=record, subject=record.subject, question=question)


def _kubernetes_service(record: KubernetesService) -> Iterator[Lead]:
    """Yield the outside name that a Service stands for, and the addresses that it claims."""
    name = record.external_name if record.service_type == "ExternalName" else ""
    for target in (name, *record.external_ips):
        if target:
            question = Question(target=target, port=0, use="service", namespace=record.namespace)
            yield Lead(record=record, subject=record.label, question=question)


def _question(target: str, port: int) -> Question:
    return Question(target=target, port=port, use="model-source")


def _unknown(target: str, how: str) -> Question:
    place = Place(inside=None, zone="", how=how)
    return Question(target=target, port=_HTTPS, use="model-source", place=place)


def _namespace(workload: str) -> str:
    return workload.partition("/")[0] if "/" in workload else ""


def _is_true(value: str | None) -> bool:
    return value is not None and value.strip().lower() in _TRUE
