"""Makes the records of one Compose service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from auditor.evidence import Record
from auditor.evidence import workload as kinds
from auditor.evidence.host import AiService, ModelSource
from auditor.evidence.network import ListeningPort
from auditor.hostnames import address_of
from auditor.manifests import _compose_hooks, _compose_names, _container, _elsewhere
from auditor.manifests import _compose_syntax as syntax
from auditor.manifests._environment import Environment, Setting, Source
from auditor.manifests._reading import Cursor
from auditor.manifests._services import EVERYWHERE, Exposed, published

_SOCKET = "/var/run/docker.sock"
# What of a service has a reader of its own, or names nothing that it calls.
_OWN_READER = frozenset({
    "image", "entrypoint", "command", "environment", "env_file", "ports", "volumes", "dns",
    "dns_search", "extra_hosts", "provider", "labels", "networks", "hostname", "container_name",
})  # fmt: skip
_PULL = {"always": "Always", "never": "Never"}


def records(root: Cursor, name: str, service: Cursor) -> Iterator[Record]:
    """Yield every record of the service `name` of the file `root`."""
    workload = _workload(root, name, service)
    yield workload
    for record in _container.records(_described(workload, name, service)):
        yield record
        if isinstance(record, AiService):
            yield from _on_host(workload, service, record)
    yield _security(workload, name, service)
    yield from _mounts(workload, name, service)
    yield from _ports(workload, service)
    yield from _compose_names.records(workload, service)
    yield from _provider(workload, service)
    yield from _elsewhere.addresses(
        service, workload.label, passed_over=_OWN_READER, read_elsewhere=_compose_hooks.is_hook
    )


def _workload(root: Cursor, name: str, service: Cursor) -> kinds.Workload:
    labels = service.get("labels")
    pairs = [f"{key}={value.text() or ''}" for key, value in labels.entries()] if labels else []
    pairs += [text for item in (labels.items() if labels else ()) if (text := item.text())]
    mode = service.string("network_mode", "workload")
    return kinds.Workload(
        origin=service.origin,
        resource="ComposeService",
        api_version="",
        namespace="compose",
        name=name,
        path=service.path,
        containers=1,
        host_network=mode == "host",
        host_pid=service.string("pid", "workload") == "host",
        service_account_token=False,
        dns_policy="",
        network_isolated=mode == "none" or (not mode and _is_isolated(root, service)),
        labels=tuple(sorted(pairs)),
    )


def _is_isolated(root: Cursor, service: Cursor) -> bool:
    """Return whether every network of the service is internal, as its own file defines it."""
    networks = service.get("networks")
    names = [key for key, _ in networks.entries()] if networks else []
    names += [text for item in (networks.items() if networks else ()) if (text := item.text())]
    defined = root.mapping("networks", "workload")
    internal = [
        bool(network and network.flag("internal", "workload") and not network.get("external"))
        for name in names or ["default"]
        for network in [defined.get(name) if defined else None]
    ]
    return all(internal)


def _described(workload: kinds.Workload, name: str, service: Cursor) -> _container.Container:
    image = service.get("image")
    written = image.text() if image else None
    reference = syntax.interpolate(written) if written else ""
    if reference is None or (not reference and not _pulls_model(service)):
        what = "the image is named by a variable" if written else "the image is built elsewhere"
        service.problems.add("container_image", "not-collected", what, image or service)
    return _container.Container(
        workload=workload.label,
        subject=f"{workload.label}:{name}",
        image=reference or "",
        image_cursor=image or service,
        arguments=(*_command(service, "entrypoint"), *_command(service, "command")),
        environment=_environment(service),
        cursor=service,
        hooks=tuple(_compose_hooks.hooks(service)),
    )


def _command(service: Cursor, key: str) -> Iterator[tuple[Cursor, str]]:
    """Yield the words of a command; what a variable without default gives stays as written."""
    found = service.get(key)
    if found is None:
        return
    text = found.text()
    if text is not None:
        for word in syntax.words(syntax.interpolate(text) or text):
            yield found, word
        return
    for cursor, word in service.texts_with_place(key, "ai_service"):
        yield cursor, syntax.interpolate(word) or word


def _environment(service: Cursor) -> Environment:
    settings: dict[str, Setting] = {}
    found = service.get("environment")
    for name, cursor in found.entries() if found else ():
        settings[name] = _setting(name, cursor, None if cursor.is_null else cursor.text())
    for item in found.items() if found else ():
        name, separator, value = (item.text() or "").partition("=")
        if name:
            settings[name] = _setting(name, item, value if separator else None)
    if found is not None and not found.is_mapping and not found.is_list:
        found.malformed("environment_variable", "a mapping or a list is expected here")
    files = service.get("env_file")
    unresolved = ("env_file",) if files is not None else ()
    return Environment(settings=tuple(settings.values()), unresolved=unresolved)


def _setting(name: str, cursor: Cursor, written: str | None) -> Setting:
    """Return a variable; one without a value is taken from the shell, which is not read."""
    value = None if written is None else syntax.interpolate(written)
    source: Source = "unresolved" if value is None else "literal"
    return Setting(
        name=name,
        value=value,
        source=source,
        written=written or "",
        origin=cursor.origin,
        cursor=cursor,
    )


def _security(workload: kinds.Workload, name: str, service: Cursor) -> kinds.Container:
    user = (syntax.interpolate(service.string("user", "container")) or "").partition(":")[0]
    as_root = (user == "root" or set(user) == {"0"}) if user else None
    image = service.string("image", "container_image")
    return kinds.Container(
        origin=service.origin,
        workload=workload.label,
        name=name,
        image=syntax.interpolate(image) or "",
        init=False,
        privileged=bool(service.flag("privileged", "container")),
        run_as_root=as_root,
        kept_from_root=as_root is False,
        read_only_root=bool(service.flag("read_only", "container")),
        added_capabilities=service.texts("cap_add", "container"),
        pull_policy=_PULL.get(service.string("pull_policy", "container"), "IfNotPresent"),
    )


def _mounts(workload: kinds.Workload, name: str, service: Cursor) -> Iterator[kinds.VolumeMount]:
    found = service.get("volumes")
    if found is not None and not found.is_list:
        found.malformed("volume_mount", "a list is expected here")
    for item in found.items() if found else ():
        text = item.text()
        if text is not None:
            source, target, read_only = syntax.volume(syntax.interpolate(text) or text)
            is_path = source.startswith(("/", ".", "~", "$"))
            volume_type = "bind" if is_path else "volume"
        else:
            source, target = (
                item.string("source", "volume_mount"),
                item.string("target", "volume_mount"),
            )
            read_only = bool(item.flag("read_only", "volume_mount"))
            volume_type = item.string("type", "volume_mount", "volume")
        yield kinds.VolumeMount(
            origin=item.origin,
            subject=f"{workload.label}:{name}",
            path=target,
            # A bind mount is what Kubernetes calls a hostPath: one rule judges both.
            volume_type="hostPath" if volume_type == "bind" else volume_type,
            source=syntax.path(source) if volume_type == "bind" else source,
            read_only=read_only,
        )
    if service.flag("use_api_socket", "volume_mount"):
        yield kinds.VolumeMount(
            origin=service.origin,
            subject=f"{workload.label}:{name}",
            path=_SOCKET,
            volume_type="hostPath",
            source=_SOCKET,
            read_only=False,
        )


def _ports(workload: kinds.Workload, service: Cursor) -> Iterator[ListeningPort]:
    """Yield what the engine publishes; on the host's network it publishes nothing."""
    found = service.get("ports")
    if found is None or workload.host_network:
        return
    if not found.is_list:
        found.malformed("listening_port", "a list is expected here")
    for item in found.items():
        text = item.text()
        ports = (_long_port(item),) if text is None else syntax.port(syntax.interpolate(text) or "")
        if text is not None and syntax.interpolate(text) is None:
            what = "a published port is named by a variable"
            service.problems.add("listening_port", "not-collected", what, item)
        elif not ports or (ports[0].address and address_of(ports[0].address) is None):
            item.malformed("listening_port", "a published port is expected here")
            continue
        for port in ports:
            exposed = Exposed(
                address=port.address or EVERYWHERE,
                port=port.published or port.target,
                protocol=port.protocol,
                published_by="compose",
            )
            yield from published(item, (workload,), exposed)


def _long_port(item: Cursor) -> syntax.Port:
    """Return a port in the long form; `published` may be text and a range."""
    target = item.number("target", "listening_port") or 0
    written = syntax.interpolate(item.string("published", "listening_port")) or ""
    first = written.partition("-")[0]
    protocol: Literal["tcp", "udp"] = (
        "udp" if item.string("protocol", "listening_port") == "udp" else "tcp"
    )
    return syntax.Port(
        address=item.string("host_ip", "listening_port"),
        published=int(first) if first.isascii() and first.isdecimal() and len(first) < 6 else 0,  # noqa: PLR2004
        target=target,
        protocol=protocol,
    )


def _on_host(
    workload: kinds.Workload, service: Cursor, ai_service: AiService
) -> Iterator[ListeningPort]:
    """Yield a service's own port on the host's network."""
    if workload.host_network and ai_service.port:
        exposed = Exposed(
            address=ai_service.bind_address or EVERYWHERE,
            port=ai_service.port,
            protocol="tcp",
            published_by="host-network",
        )
        yield from published(service, (workload,), exposed)


def _pulls_model(service: Cursor) -> bool:
    provider = service.get("provider")
    return provider is not None and provider.string("type", "model_source") == "model"


def _provider(workload: kinds.Workload, service: Cursor) -> Iterator[ModelSource]:
    """Yield the model that the engine's model runner pulls (Compose `provider`)."""
    provider = service.get("provider")
    model = provider.down("options", "model") if provider and _pulls_model(service) else None
    if model is not None and model.text():
        yield ModelSource(
            origin=model.origin,
            subject=workload.label,
            workload=workload.label,
            reference=model.text() or "",
            scheme="hub-id",
            host="",
        )
