"""Makes the records of one container, of a pod or of a Compose service alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from auditor.catalogues import images
from auditor.catalogues.runtimes import (
    ModelReference,
    Recognition,
    by_key,
    model_reference,
    recognise,
    service_facts,
)
from auditor.catalogues.settings import known_variable, settings_of
from auditor.evidence import Record
from auditor.evidence.host import AiService, EnvironmentVariable, ModelSource, Variable
from auditor.evidence.network import Proxy
from auditor.evidence.workload import ContainerImage
from auditor.manifests import _addresses, _programs, _references, _shell
from auditor.manifests._environment import Environment, Setting
from auditor.manifests._reading import Cursor, Texts
from auditor.redaction import is_secret_name, redact_arguments, redact_value

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "socks_proxy")
_LONGEST_VALUE = 1000


class Container(Struct, frozen=True, kw_only=True):
    """A container, normalised: `arguments` are command and arguments, each with its place.

    `hooks` are further commands run in it (probes, lifecycle hooks, health checks). `serves` is
    false for one that ends before the others start: its image alone then makes no server of it.

    `workload` is the label of its workload, `subject` its own. `image` is `` where the manifest
    names none. `assumed` is the runtime that it is where nothing tells (`kserve` for a model of
    an InferenceService), `references` are models that the manifest names beside the arguments.
    """

    workload: str
    subject: str
    image: str
    image_cursor: Cursor
    arguments: Texts
    environment: Environment
    cursor: Cursor
    assumed: str = ""
    references: Texts = ()
    hooks: tuple[Texts, ...] = ()
    serves: bool = True


def records(container: Container) -> Iterator[Record]:
    """Yield the image, the AI service and its model, variables, addresses and proxies."""
    if container.image:
        yield from image(container.subject, container.image, container.image_cursor)
    environment = _shell.environment_after(container.environment, container.arguments)
    container = structs.replace(container, environment=environment)
    yield from service(container)
    for setting in container.environment.settings:
        yield from _variable(container, setting)
        yield from _of_setting(container, setting)
    for texts in (container.arguments, *container.hooks):
        yield from _references.of_arguments(container.subject, texts)
        yield from _programs.leads(_run(container, texts))
    for source in container.environment.unresolved:
        for kind in ("environment_variable", "remote_reference", "proxy"):
            what = f"what {source} sets is not in the manifests"
            container.cursor.problems.add(kind, "not-collected", what, container.cursor)


def image(subject: str, reference: str, cursor: Cursor) -> Iterator[ContainerImage]:
    """Yield the record of an image reference; a gap for what is none."""
    parsed = images.parse(reference)
    if parsed is None:
        cursor.malformed("container_image", "this is no image reference")
        return
    yield ContainerImage(
        origin=cursor.origin,
        subject=subject,
        reference=reference,
        registry=parsed.registry,
        explicit_registry=bool(parsed.registry),
        repository=parsed.repository,
        tag=parsed.tag,
        digest=parsed.digest,
    )


def service(container: Container) -> Iterator[Record]:
    """Yield the AI service that a container is, and the models that it is told to load."""
    texts = tuple(text for _, text in container.arguments)
    settings = container.environment.settings
    told = container.image if container.serves else ""
    found = recognise(texts, told, tuple(setting.name for setting in settings))
    assumed = by_key(container.assumed) if container.assumed else None
    if found is None and assumed is not None:
        found = Recognition(runtime=assumed, confidence="low", arguments=texts)
    yield from _models(container, container.references)
    if found is None:
        return
    environment = _effective(found, container.environment)
    facts = service_facts(
        found.runtime, found.arguments, environment | _supplied(container.environment)
    )
    yield AiService(
        origin=container.cursor.origin,
        runtime=found.runtime.key,
        title=found.runtime.title,
        role=found.runtime.role,
        subject=container.subject,
        workload=container.workload,
        source_world="manifest",
        image=container.image,
        arguments=redact_arguments(texts),
        environment=_kept(found, environment),
        bind_address=facts.bind_address,
        port=facts.port,
        api_key=facts.api_key,
        tls=facts.tls,
        remote_code=facts.remote_code,
        confidence=found.confidence,
        cors=facts.cors,
        tunnel=facts.tunnel,
    )
    for model in facts.models:
        yield _model(container, container.cursor, model)


def _models(container: Container, named: Iterable[tuple[Cursor, str]]) -> Iterator[ModelSource]:
    for cursor, text in named:
        yield _model(container, cursor, model_reference(text))


def _model(container: Container, cursor: Cursor, model: ModelReference) -> ModelSource:
    return ModelSource(
        origin=cursor.origin,
        subject=container.subject,
        workload=container.workload,
        reference=model.reference,
        scheme=model.scheme,
        host=model.host,
    )


def _effective(found: Recognition, environment: Environment) -> dict[str, str | None]:
    """Return the environment by name; what something unknown may set is there as `None`."""
    effective = {setting.name: setting.value for setting in environment.settings}
    if environment.unresolved:
        for name in sorted(_decisive(found)):
            effective.setdefault(name, None)
    return effective


def _supplied(environment: Environment) -> dict[str, str]:
    """Return credentials that a Secret must supply: set for certain, to what is not known."""
    return {
        setting.name: "from a Secret"
        for setting in environment.settings
        if setting.required and setting.value is None and is_secret_name(setting.name)
    }


def _decisive(found: Recognition) -> set[str]:
    """Return the variables that decide how a runtime behaves."""
    runtime = found.runtime
    names = {name for setting in runtime.switches for name in setting.variables}
    for setting in settings_of(runtime.key):
        if runtime.key in setting.runtimes:
            names.update(switch.variable for switch in setting.switches)
    return names - {""}


def _kept(found: Recognition, environment: dict[str, str | None]) -> tuple[Variable, ...]:
    """Return the variables that a catalogue knows, without secrets."""
    decisive = _decisive(found)
    return tuple(
        Variable(name=name, value=None if value is None else _safe(name, value))
        for name, value in environment.items()
        if name in decisive or known_variable(name) or name in found.runtime.environment
    )


def _safe(name: str, value: str) -> str:
    """Return a value as it may be stored: of a URL scheme, host and port; cut where long."""
    if is_secret_name(name):
        return ""
    if "://" in value:
        addresses = _addresses.find(name, value).addresses
        if addresses and addresses[0].host:
            return addresses[0].url
    return redact_value(name, value)[:_LONGEST_VALUE]


def _variable(container: Container, setting: Setting) -> Iterator[EnvironmentVariable]:
    """Yield a variable that matters: known, a credential, or an address."""
    value = setting.value if setting.value is not None else setting.written
    secret = is_secret_name(setting.name)
    is_address = _addresses.names_an_address(setting.name) or "://" in value
    if not (secret or is_address or known_variable(setting.name)):
        return
    shown = None if setting.value is None else _safe(setting.name, setting.value)
    yield EnvironmentVariable(
        origin=setting.origin,
        scope="container",
        subject=container.subject,
        name=setting.name,
        value="" if secret else shown,
        secret=secret,
        # A ConfigMap is in clear as much as the manifest itself is.
        literal=setting.source in ("literal", "config-map") and bool(value),
    )


def _of_setting(container: Container, setting: Setting) -> Iterator[Record]:
    """Yield where a variable leads: a proxy, or an address."""
    is_proxy = setting.name.lower() in _PROXIES
    text = setting.value if setting.value is not None else setting.written
    if not text:
        if setting.source == "unresolved" and (is_proxy or _leads(setting.name)):
            kind = "proxy" if is_proxy else "remote_reference"
            what = "an address comes from what is not in the manifests"
            setting.cursor.problems.add(kind, "not-collected", what, setting.cursor)
        return
    if is_proxy:
        yield from _proxy(container, setting, text)
    elif not setting.name.lower().endswith("no_proxy"):
        yield from _references.references(setting.cursor, container.subject, setting.name, text)


def _run(container: Container, texts: Texts) -> _programs.Run:
    return _programs.Run(
        subject=container.subject,
        image=container.image if texts is container.arguments else "",
        texts=texts,
        environment=container.environment,
        cursor=container.cursor,
    )


def _leads(name: str) -> bool:
    return _addresses.names_an_address(name) and not is_secret_name(name)


def _proxy(container: Container, setting: Setting, text: str) -> Iterator[Proxy]:
    found = _addresses.find("PROXY", text)
    bypass = next(
        (s.value for s in container.environment.settings if s.name.lower() == "no_proxy"), ""
    )
    if found.unclear or not found.addresses:
        what = "the address of a proxy is not clear"
        setting.cursor.problems.add("proxy", "not-collected", what, setting.cursor)
    for address in found.addresses:
        yield Proxy(
            origin=setting.origin,
            subject=container.subject,
            protocol=setting.name.lower().removesuffix("_proxy"),
            url=address.url,
            host=address.host,
            port=address.port,
            bypass=tuple(part.strip() for part in (bypass or "").split(",") if part.strip()),
        )
