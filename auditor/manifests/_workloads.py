"""Makes the records of a pod specification: itself, its containers, volumes, ports and names."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence import Record
from auditor.evidence.host import AiService
from auditor.evidence.network import DnsResolver, ListeningPort, RemoteReference, SearchDomain
from auditor.hostnames import address_of
from auditor.manifests import _container, _elsewhere, _pod_security, _volumes
from auditor.manifests._environment import (
    Configuration,
    Environment,
    expand,
    own_addresses,
    resolve,
)
from auditor.manifests._pods import FRAMEWORKS, LISTS, SINGLE, Pod, containers, is_llm_service
from auditor.manifests._reading import Cursor, Texts
from auditor.manifests._services import EVERYWHERE, Exposed, protocol_of, published

_MODEL_CONTAINER = "kserve-container"
_LLM_CONTAINER = "main"
_LONGEST_VARIABLE = 4096
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
# What of a container, and of a pod, has a reader of its own.
_OF_CONTAINER = frozenset({
    "name", "image", "command", "args", "env", "envFrom", "ports", "volumeMounts", "source",
    "storageUri", "resources", "exec",
})  # fmt: skip
_OF_POD = frozenset({*LISTS, *SINGLE, *FRAMEWORKS, "dnsConfig", "hostAliases"})


def records(document: Cursor, pod: Pod, configuration: Configuration) -> Iterator[Record]:
    """Yield every record of a pod specification."""
    yield pod.workload
    volumes = _volumes.declared(pod.spec)
    for volume in volumes.values():
        yield from _volumes.image(pod.workload.label, volume)
    for number, (container, init) in enumerate(containers(pod.spec)):
        for record in _container_records(document, pod, container, configuration, number):
            yield record
            if isinstance(record, AiService):
                yield from _on_node(pod, container, record)
        yield _pod_security.security(pod, container, _name(container), init=init)
        yield from _volumes.mounts(_subject(pod, container), container, volumes)
        yield from _ports(pod, container)
        yield from _elsewhere.addresses(
            container, _subject(pod, container), passed_over=_OF_CONTAINER
        )
    if is_llm_service(document):
        yield from _llm_model(document, pod, configuration)
    yield from _names(pod)
    yield from _elsewhere.addresses(pod.spec, pod.workload.label, passed_over=_OF_POD)


def _name(container: Cursor) -> str:
    name = container.get("name")
    if name is not None and name.text():
        return name.text() or ""
    return _MODEL_CONTAINER if _framework(container) else "container"


def _is_init(container: Cursor) -> bool:
    """Return whether a container ends before the others start (a sidecar is restarted)."""
    listed = container.path.rpartition(".")[2].startswith("initContainers[")
    return listed and container.string("restartPolicy", "container") != "Always"


def _subject(pod: Pod, container: Cursor) -> str:
    return f"{pod.workload.label}:{_name(container)}"


def _framework(container: Cursor) -> str:
    """Return the framework that a model of an InferenceService stands under, or ``."""
    key = container.path.rpartition(".")[2]
    return key if key in FRAMEWORKS and "[" not in key else ""


def _container_records(
    document: Cursor,
    pod: Pod,
    container: Cursor,
    configuration: Configuration,
    number: int,
) -> Iterator[Record]:
    image = container.string("image", "container_image")
    if not image:
        _imageless(document, container)
    environment = resolve(container, pod.workload.namespace, configuration)
    if not image and (_framework(container) or is_llm_service(document)):
        unresolved = (*environment.unresolved, "the serving runtime")
        environment = Environment(settings=environment.settings, unresolved=unresolved)
    known = {setting.name: setting.value for setting in environment.settings}
    own = own_addresses(environment.settings)
    texts = [
        (cursor, _expanded(text, known | own if "://" in text else known))
        for key in ("command", "args")
        for cursor, text in container.texts_with_place(key, "ai_service")
    ]
    script = container.get("source")
    if script is not None and script.text():
        texts += [(script, text) for text in ("sh", "-c", script.text() or "")]
    if not texts and number == 0:
        texts = _ray_start(pod)
    yield from _container.records(
        _container.Container(
            workload=pod.workload.label,
            subject=_subject(pod, container),
            image=image,
            image_cursor=container.get("image") or container,
            arguments=tuple(texts),
            environment=environment,
            cursor=container,
            assumed=_assumed(document, container),
            references=tuple(_references(container)),
            hooks=tuple(_hooks(container)),
            serves=not (_is_init(container) and container.get("command")),
        )
    )


def _expanded(text: str, known: dict[str, str | None]) -> str:
    """Return an argument with its variables; as written where one is not known, or too long."""
    expanded = expand(text, known)
    is_short = expanded is not None and len(expanded) <= len(text) + _LONGEST_VARIABLE
    return expanded if expanded is not None and is_short else text


def _assumed(document: Cursor, container: Cursor) -> str:
    """Return the runtime that a container is where nothing in it tells."""
    framework = _framework(container)
    if framework:
        model_format = container.down("modelFormat", "name")
        named = (model_format.text() if model_format else None) or framework
        return FRAMEWORKS.get(named, "kserve")
    is_main = is_llm_service(document) and _name(container) == _LLM_CONTAINER
    # KServe serves an LLMInferenceService with vLLM unless its template says otherwise.
    return "vllm" if is_main and container.path.startswith("spec.template") else ""


def _hooks(container: Cursor) -> Iterator[Texts]:
    """Yield the commands of a container's probes and lifecycle hooks."""
    places = [(name,) for name in _PROBES]
    for place in (*places, ("lifecycle", "postStart"), ("lifecycle", "preStop")):
        action = container.down(*place, "exec")
        if action is not None:
            yield action.texts_with_place("command", "remote_reference")


def _references(container: Cursor) -> Iterator[tuple[Cursor, str]]:
    """Yield the model of a KServe component."""
    if _framework(container):
        found = container.get("storageUri")
        if found is not None and found.text():
            yield found, found.text() or ""
        elif container.get("storage") is not None:
            what = "where the model is stored is not in the manifests"
            container.problems.add("model_source", "not-collected", what, container)


def _imageless(document: Cursor, container: Cursor) -> None:
    """Note that a container has no image: who supplies it is not in the manifests."""
    if _framework(container) or is_llm_service(document):
        what = "the serving runtime chooses the image: it is not in the manifests"
        container.problems.add("container_image", "not-collected", what, container)
    else:
        container.malformed("container_image", "a container without an image")


def _ray_start(pod: Pod) -> list[tuple[Cursor, str]]:
    """Return the command that KubeRay makes from a group's parameters."""
    parameters = pod.ray_parameters
    if parameters is None:
        return []
    words = ["ray", "start", *(["--head"] if pod.is_head else [])]
    words += [f"--{key}={value.text() or ''}" for key, value in parameters.entries()]
    return [(parameters, word) for word in words]


def _llm_model(document: Cursor, pod: Pod, configuration: Configuration) -> Iterator[Record]:
    """Yield the model of an LLMInferenceService, and its server where no container is written."""
    uri = document.down("spec", "model", "uri")
    is_first = pod.spec.path in ("spec", "spec.template")
    if uri is None or not uri.text() or not is_first:
        return
    bare = pod.spec.path == "spec"
    named = _container.Container(
        workload=pod.workload.label,
        subject=f"{pod.workload.label}:{_LLM_CONTAINER}",
        image="",
        image_cursor=uri,
        arguments=(),
        environment=resolve(pod.spec, pod.workload.namespace, configuration),
        cursor=uri,
        assumed="vllm" if bare else "",
        references=((uri, uri.text() or ""),),
    )
    if bare:
        _imageless(document, uri)
    yield from _container.service(named)


def _ports(pod: Pod, container: Cursor) -> Iterator[ListeningPort]:
    """Yield the ports that a container opens on its node."""
    for port in container.mappings("ports", "listening_port"):
        number = port.number("containerPort", "listening_port") or 0
        host_port = port.number("hostPort", "listening_port")
        if not host_port and not pod.workload.host_network:
            continue
        written = port.string("hostIP", "listening_port")
        if written and address_of(written) is None:
            port.malformed("listening_port", "a host IP that is no address")
        exposed = Exposed(
            address=written or EVERYWHERE,
            port=host_port or number,
            protocol=protocol_of(port),
            published_by="host-port" if host_port else "host-network",
        )
        yield from published(port, (pod.workload,), exposed)


def _on_node(pod: Pod, container: Cursor, service: AiService) -> Iterator[ListeningPort]:
    """Yield a service's own port on the node's network, also where the manifest lists none."""
    listed = {
        port.number("containerPort", "listening_port")
        for port in container.mappings("ports", "listening_port")
    }
    if pod.workload.host_network and service.port and service.port not in listed:
        exposed = Exposed(
            address=service.bind_address or EVERYWHERE,
            port=service.port,
            protocol="tcp",
            published_by="host-network",
        )
        yield from published(container, (pod.workload,), exposed)


def _names(pod: Pod) -> Iterator[Record]:
    """Yield the resolvers, search domains and host aliases of a pod."""
    subject = pod.workload.label
    settings = pod.spec.mapping("dnsConfig", "dns_resolver")
    for cursor, address in (
        settings.texts_with_place("nameservers", "dns_resolver") if settings else ()
    ):
        found = address_of(address)
        if found is None:
            cursor.malformed("dns_resolver", "an address is expected here")
            continue
        yield DnsResolver(
            origin=cursor.origin, subject=subject, address=address, port=53, stub=found.is_loopback
        )
    for cursor, domain in (
        settings.texts_with_place("searches", "search_domain") if settings else ()
    ):
        yield SearchDomain(origin=cursor.origin, subject=subject, domain=domain)
    for alias in pod.spec.mappings("hostAliases", "remote_reference"):
        address = alias.string("ip", "remote_reference")
        names = ", ".join(alias.texts("hostnames", "remote_reference"))
        yield RemoteReference(
            origin=alias.origin,
            subject=subject,
            setting=f"hostAliases {names}".strip(),
            url=address,
            host=address,
            port=0,
            purpose="unknown",
        )
