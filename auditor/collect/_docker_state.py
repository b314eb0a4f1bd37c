"""Reads what Docker keeps of a container: config.v2.json, hostconfig.json and its image names."""

from __future__ import annotations

import posixpath
import re

from auditor.collect._container_state import (
    Mounted,
    NetworkMode,
    Rights,
    State,
    added,
    mounted,
    pairs,
)
from auditor.collect._reading import Reading
from auditor.collect._structured import Settings, json_settings, strings, table, tables
from auditor.evidence.containers import PublishedPort

DAEMON = "/etc/docker/daemon.json"
ROOTS = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
IN_HOMES = ".local/share/docker"
_IMAGES = "image/*/repositories.json"
READS = (DAEMON, *(f"{root}/{path}" for root in ROOTS
                   for path in ("containers/*/config.v2.json", "containers/*/hostconfig.json",
                                _IMAGES)),
         f"~/{IN_HOMES}/containers/*/config.v2.json")  # fmt: skip
_ID_ALONE = re.compile(r"^(?:sha256:)?[0-9a-f]{12,64}$")
_PORT = re.compile(r"^(\d{1,5})/(tcp|udp)$")
_USER = re.compile(r"^(?P<user>[^:]*)(?::.*)?$")
_NETWORKS: dict[str, NetworkMode] = {"host": "host", "none": "none"}


def docker_roots(reading: Reading) -> tuple[str, ...]:
    """Return where Docker keeps its state: as it is told, else its defaults."""
    told = json_settings(reading, DAEMON).get("data-root")
    return (told.rstrip("/"), *ROOTS) if isinstance(told, str) and told.startswith("/") else ROOTS


def docker_state(reading: Reading, root: str, container_id: str) -> State | None:
    """Return a container of Docker, `None` where it is none of that root's."""
    folder = posixpath.join(root, "containers", container_id)
    path = f"{folder}/config.v2.json"
    config = json_settings(reading, path)
    if not config:
        return None
    host = json_settings(reading, f"{folder}/hostconfig.json")
    if not host:
        reading.miss(f"{folder}/hostconfig.json", "absent", "what the container may do is not told")
    settings = table(config, "Config")
    labels = {key: str(value) for key, value in table(settings, "Labels").items()}
    name = _text(config, "Name").lstrip("/")
    image, digest = _image(reading, root, _text(settings, "Image"), _text(config, "Image"))
    return State(
        engine="docker",
        container_id=container_id,
        name=labels.get("io.kubernetes.container.name", name),
        source=path,
        image=image,
        image_digest=digest,
        namespace=labels.get("io.kubernetes.pod.namespace", ""),
        pod=labels.get("io.kubernetes.pod.name", ""),
        is_sandbox=labels.get("io.kubernetes.docker.type") == "podsandbox",
        rights=_rights(settings, host) if host else None,
        network_mode=_network_mode(_text(host, "NetworkMode")) if host else None,
        host_pid=_text(host, "PidMode") == "host" if host else None,
        published=_published(config),
        restart=_text(table(host, "RestartPolicy"), "Name"),
        mounts=_mounts(config, host),
        environment=pairs(tuple(strings(settings.get("Env")))),
        arguments=(_text(config, "Path"), *strings(config.get("Args"))),
    )


def _text(settings: Settings, key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""


def _rights(settings: Settings, host: Settings) -> Rights:
    privileged = host.get("Privileged") is True
    capabilities = tuple(strings(host.get("CapAdd")))
    user = _text(settings, "User")
    match = _USER.match(user)
    bare = match["user"] if match else user
    return Rights(
        privileged=privileged,
        added_capabilities=() if privileged else added(capabilities),
        read_only_root=host.get("ReadonlyRootfs") is True,
        uid=0 if bare in ("", "root") else int(bare) if bare.isdecimal() else None,
        user=user,
    )


def _network_mode(mode: str) -> NetworkMode:
    return "shared" if mode.startswith("container:") else _NETWORKS.get(mode, "own")


def _published(config: Settings) -> tuple[PublishedPort, ...]:
    """Return the ports as they were bound when the container started."""
    found = set()
    for key, bindings in table(config, "NetworkSettings", "Ports").items():
        match = _PORT.match(key)
        for binding in tables(bindings) if match else ():
            port = _text(binding, "HostPort")
            if match and port.isdecimal() and len(port) < 6:  # noqa: PLR2004 - a port number
                found.add(
                    PublishedPort(
                        protocol="udp" if match[2] == "udp" else "tcp",
                        address=_text(binding, "HostIp") or "0.0.0.0",  # noqa: S104 - read, not bound
                        port=int(port),
                        to_port=int(match[1]),
                    )
                )
    return tuple(sorted(found))


def _mounts(config: Settings, host: Settings) -> tuple[Mounted, ...]:
    found = []
    for path, point in sorted(table(config, "MountPoints").items()):
        values = table(point)
        read_only = values.get("RW") is False
        name = _text(values, "Name")
        if _text(values, "Type") == "volume" or name:
            found.append(Mounted(path=path, volume_type="volume", source=name, read_only=read_only))
            continue
        one = mounted(path, _text(values, "Source"), read_only=read_only)
        if one is not None:
            found.append(one)
    in_memory = (
        Mounted(path=path, volume_type="tmpfs", source="", read_only=False)
        for path in sorted(table(host, "Tmpfs"))
    )
    return (*found, *in_memory)


def _image(reading: Reading, root: str, named: str, image_id: str) -> tuple[str, str]:
    """Return the reference of an image and its digest in the registry, each empty if not known.

    A container may have been started by an image's id alone: then its names are looked up.
    """
    names = _names(reading, root, image_id)
    digests = sorted(name.partition("@")[2] for name in names if "@" in name)
    tags = sorted(name for name in names if "@" not in name)
    reference = named
    if not named or _ID_ALONE.match(named):
        reference = next(iter(tags), "")
    return reference, next(iter(digests), reference.partition("@")[2])


def _names(reading: Reading, root: str, image_id: str) -> tuple[str, ...]:
    found = []
    for driver in reading.folder(posixpath.join(root, "image")):
        repositories = table(json_settings(reading, f"{driver}/repositories.json"), "Repositories")
        for names in repositories.values():
            found += [name for name, value in table(names).items() if value == image_id]
    return tuple(found)
