"""Reads where Docker, containerd, k3s and podman take images from."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from auditor.collect._environment import HOST
from auditor.collect._homes import Home
from auditor.collect._mirror_records import Mirrors, Place
from auditor.collect._reading import Reading
from auditor.collect._structured import (
    Settings,
    json_settings,
    strings,
    table,
    tables,
    toml_settings,
    yaml_settings,
)

_DOCKER = "/etc/docker/daemon.json"
_DOCKER_PROGRAMS = (
    "/usr/bin/dockerd",
    "/usr/sbin/dockerd",
    "/usr/local/bin/dockerd",
    "/etc/docker",
)
_CONTAINERD = "/etc/containerd/config.toml"
_CERTIFICATES = "/etc/containerd/certs.d"
_CONTAINERD_PROGRAMS = ("/usr/bin/containerd", "/usr/local/bin/containerd", _CONTAINERD)
_RANCHER = ("/etc/rancher/k3s/registries.yaml", "/etc/rancher/rke2/registries.yaml")
_PODMAN = ("/usr/share/containers/registries.conf", "/etc/containers/registries.conf")
_PODMAN_FOLDER = "/etc/containers/registries.conf.d"
_PODMAN_HOME_FILE = ".config/containers/registries.conf"
_IMPORTS_LIMIT = 16
# The registry of short names, and what stands for every registry: who configures hosts for
# these replaces the default; the hosts of other namespaces leave it in place.
_EVERYTHING = frozenset({"docker.io", "_default", "*"})

READS = (
    _DOCKER,
    _CONTAINERD,
    "files that containerd's imports name",
    f"{_CERTIFICATES}/*/hosts.toml",
    *_RANCHER,
    *_PODMAN,
    f"{_PODMAN_FOLDER}/*.conf",
    f"~/{_PODMAN_HOME_FILE}",
)


def docker(reading: Reading, mirrors: Mirrors) -> None:
    """Keep the registry mirrors of the Docker daemon, and the registries it may ask in clear."""
    settings = json_settings(reading, _DOCKER)
    place = Place(ecosystem="docker", subject=HOST, path=_DOCKER)
    for address in strings(settings.get("registry-mirrors")):
        mirrors.configure(place, address)
    for address in strings(settings.get("insecure-registries")):
        mirrors.configure_range(place, address)
    mirrors.default_where_present("docker", *_DOCKER_PROGRAMS)


def containerd(reading: Reading, mirrors: Mirrors) -> None:
    """Keep the registry hosts of containerd's CRI plug-in, in its old and its new form."""
    folders = [_CERTIFICATES]
    serves_kubernetes = True
    for path, settings in _containerd_files(reading):
        if "cri" in "".join(strings(settings.get("disabled_plugins"))):
            serves_kubernetes = False
        for _, plugin in sorted(table(settings, "plugins").items()):
            registry = table(plugin, "registry")
            folders += [
                part for value in strings(registry.get("config_path")) for part in value.split(":")
            ]
            _endpoints(mirrors, "containerd", path, table(registry, "mirrors"))
    for folder in sorted({folder.rstrip("/") for folder in folders if folder.startswith("/")}):
        for namespace in reading.folder(folder):
            _hosts_file(mirrors, f"{namespace}/hosts.toml", reading)
    if serves_kubernetes:
        # Without the CRI plug-in containerd takes full names only and has no default.
        mirrors.default_where_present("containerd", *_CONTAINERD_PROGRAMS)


def _containerd_files(reading: Reading) -> Iterator[tuple[str, Settings]]:
    """Yield containerd's configuration and the files that it imports."""
    waiting = [_CONTAINERD]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        if len(seen) == _IMPORTS_LIMIT:
            reading.miss(path, "limit", f"more than {_IMPORTS_LIMIT} imported files")
            return
        seen.add(path)
        settings = toml_settings(reading, path)
        yield path, settings
        for pattern in strings(settings.get("imports")):
            folder, _, name = pattern.rpartition("/")
            waiting += [
                found
                for found in (reading.folder(folder) if folder.startswith("/") else ())
                if fnmatchcase(found.rpartition("/")[2], name)
            ]


def _endpoints(mirrors: Mirrors, ecosystem: str, path: str, registries: Settings) -> None:
    """Keep the addresses in `mirrors."NAME".endpoint`."""
    place = Place(ecosystem=ecosystem, subject=HOST, path=path)
    for namespace, registry in sorted(registries.items()):
        for address in strings(table(registry).get("endpoint")):
            mirrors.configure(place, address, settles=namespace in _EVERYTHING)


def _hosts_file(mirrors: Mirrors, path: str, reading: Reading) -> None:
    """Keep the hosts of one registry namespace (containerd's hosts.toml)."""
    settings = toml_settings(reading, path)
    place = Place(ecosystem="containerd", subject=HOST, path=path)
    namespace = path.split("/")[-2]
    for address in (*strings(settings.get("server")), *sorted(table(settings, "host"))):
        mirrors.configure(place, address, settles=namespace in _EVERYTHING)


def rancher(reading: Reading, mirrors: Mirrors) -> None:
    """Keep the registry mirrors of k3s and RKE2 (registries.yaml)."""
    for path in _RANCHER:
        settings = yaml_settings(reading, path)
        _endpoints(mirrors, path.split("/")[3], path, table(settings, "mirrors"))


def podman(reading: Reading, mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep the registries of podman, buildah and CRI-O (containers-registries.conf(5)).

    They have no default of their own: a short name needs a search list or an alias.
    """
    for path in (*_PODMAN, *reading.folder(_PODMAN_FOLDER, ".conf")):
        _podman_settings(mirrors, HOST, path, toml_settings(reading, path))
    for home in accounts:
        path = f"{home.path}/{_PODMAN_HOME_FILE}"
        settings = toml_settings(reading, path)
        _podman_settings(mirrors, f"user {home.username}", path, settings)


def _podman_settings(mirrors: Mirrors, subject: str, path: str, settings: Settings) -> None:
    place = Place(ecosystem="podman", subject=subject, path=path)
    for address in _podman_addresses(settings):
        # `*.example.org` is a prefix for every host below: the suffix stands for them.
        mirrors.configure(place, address.removeprefix("*."))


def _podman_addresses(settings: Settings) -> Iterator[str]:
    yield from strings(settings.get("unqualified-search-registries"))
    for kind in ("search", "insecure"):
        yield from strings(table(settings, "registries", kind).get("registries"))
    for registry in tables(settings.get("registry")):
        if registry.get("blocked") is True:
            continue
        yield from strings(registry.get("location") or registry.get("prefix"))
        for mirror in tables(registry.get("mirror")):
            yield from strings(mirror.get("location"))
    # An alias leads to a registry: its host is what counts, and each host once.
    aliases = table(settings, "aliases")
    hosts = {
        text.partition("/")[0] for _, value in sorted(aliases.items()) for text in strings(value)
    }
    yield from sorted(hosts)
