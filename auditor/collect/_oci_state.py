"""Reads the OCI runtime specification of a container, as containerd, podman and CRI-O keep it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from auditor.collect._container_state import (
    Engine,
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

TASKS = tuple(
    f"{root}/io.containerd.runtime.v2.task"
    for root in ("/run/containerd", "/run/k3s/containerd", "/run/k0s/containerd",
                 "/var/snap/microk8s/common/run/containerd")
)  # fmt: skip
STORAGES = ("/var/lib/containers/storage", "/run/containers/storage")
IN_HOMES = ".local/share/containers/storage"
_DRIVERS = ("overlay", "vfs", "btrfs", "zfs")
READS = (*(f"{root}/*/*/config.json" for root in TASKS),
         *(f"{root}/*-containers/{path}" for root in (*STORAGES, f"~/{IN_HOMES}")
           for path in ("*/userdata/config.json", "containers.json")))  # fmt: skip
# Docker's own containers among containerd's tasks: Docker tells more of them.
MOBY = "moby"
_CRI = "io.kubernetes.cri."
_CRIO = "io.kubernetes.cri-o."
_PODMAN_PRIVILEGED = "io.podman.annotations.privileged"
_ALL_DEVICES = (None, "a")


def task_state(reading: Reading, root: str, container_id: str) -> State | None:
    """Return a container of containerd, `None` where it is none of that root's."""
    for folder in reading.folder(root):
        if posixpath.basename(folder) == MOBY:
            continue
        path = f"{folder}/{container_id}/config.json"
        specification = json_settings(reading, path)
        if specification:
            return _state(path, container_id, specification, "containerd", {})
    return None


def storage_state(reading: Reading, root: str, container_id: str) -> State | None:
    """Return a container of podman or CRI-O, `None` where it is none of that storage's."""
    for driver in _DRIVERS:
        folder = f"{root}/{driver}-containers"
        path = f"{folder}/{container_id}/userdata/config.json"
        specification = json_settings(reading, path)
        if specification:
            told = _listed(reading, f"{folder}/containers.json", container_id)
            is_crio = any(key.startswith(f"{_CRIO}Container") for key in _notes(specification))
            engine: Engine = "cri-o" if is_crio else "podman"
            return _state(path, container_id, specification, engine, told)
    return None


def _listed(reading: Reading, path: str, container_id: str) -> dict[str, str]:
    """Return what the storage's list says of a container: its name and its image's."""
    try:
        rows = msgspec.json.decode(reading.text(path) or "[]")
    except (ValueError, RecursionError) as error:
        reading.malformed(path, 0, f"this is not what its format wants ({type(error).__name__})")
        return {}
    for row in tables(rows):
        if row.get("id") == container_id:
            names = list(strings(row.get("names")))
            metadata = row.get("metadata")
            try:
                told = msgspec.json.decode(metadata) if isinstance(metadata, str) else {}
            except (ValueError, RecursionError):
                told = {}
            image = table(told).get("image-name")
            return {
                "name": names[0] if names else "",
                "image": image if isinstance(image, str) else "",
            }
    return {}


def _notes(specification: Settings) -> dict[str, str]:
    notes = table(specification, "annotations")
    return {key: value for key, value in notes.items() if isinstance(value, str)}


def _state(
    path: str, container_id: str, specification: Settings, engine: Engine, told: dict[str, str]
) -> State:
    notes = _notes(specification)
    process = table(specification, "process")
    privileged = _privileged(specification, notes)
    return State(
        engine=engine,
        container_id=container_id,
        name=_first(
            notes, f"{_CRI}container-name", "io.kubernetes.container.name", "nerdctl/name"
        )
        or told.get("name")
        or container_id[:12],
        source=path,
        image=_first(
            notes, f"{_CRI}image-name", f"{_CRI}sandbox-image-name",
            f"{_CRIO}UserRequestedImage", f"{_CRIO}ImageName",
        )
        or told.get("image", ""),
        image_digest=_first(notes, f"{_CRIO}ImageRef", f"{_CRI}image-ref").rpartition("@")[2],
        namespace=_first(notes, f"{_CRI}sandbox-namespace", "io.kubernetes.pod.namespace"),
        pod=_first(notes, f"{_CRI}sandbox-name", "io.kubernetes.pod.name"),
        is_sandbox=_first(notes, f"{_CRI}container-type", f"{_CRIO}ContainerType") == "sandbox",
        rights=_rights(specification, privileged=privileged) if process else None,
        network_mode=_network_mode(specification),
        host_pid=_host_pid(specification),
        published=None,
        mounts=tuple(_mounts(specification)),
        environment=pairs(tuple(strings(process.get("env")))),
        arguments=tuple(strings(process.get("args"))),
    )  # fmt: skip


def _first(notes: dict[str, str], *keys: str) -> str:
    return next((notes[key] for key in keys if notes.get(key)), "")


def _rights(specification: Settings, *, privileged: bool) -> Rights:
    process = table(specification, "process")
    uid = table(process, "user").get("uid", 0)
    capabilities = tuple(strings(table(process, "capabilities").get("bounding")))
    return Rights(
        privileged=privileged,
        added_capabilities=() if privileged else added(capabilities),
        read_only_root=table(specification, "root").get("readonly") is True,
        uid=uid if isinstance(uid, int) else None,
        user=str(uid) if isinstance(uid, int) else "",
    )


def _privileged(specification: Settings, notes: dict[str, str]) -> bool:
    """Return whether a container is privileged: the specification has no word of its own for it.

    Such a one may administer the system and use every device.
    """
    if notes.get(_PODMAN_PRIVILEGED, "").upper() == "TRUE":
        return True
    capabilities = table(specification, "process", "capabilities")
    may_administer = "CAP_SYS_ADMIN" in list(strings(capabilities.get("bounding")))
    rules = list(tables(table(specification, "linux", "resources").get("devices")))
    every_device = any(
        rule.get("allow") is True
        and rule.get("type") in _ALL_DEVICES
        and rule.get("major") in (None, -1)
        and "w" in str(rule.get("access"))
        for rule in rules
    )
    return may_administer and every_device


def _namespace(specification: Settings, kind: str) -> Settings | None:
    spaces = tables(table(specification, "linux").get("namespaces"))
    return next((space for space in spaces if space.get("type") == kind), None)


def _network_mode(specification: Settings) -> NetworkMode | None:
    """Return how it is networked; `None` where it joins a namespace that may be anybody's."""
    space = _namespace(specification, "network")
    if space is None:
        return "host"
    return None if space.get("path") else "own"


def _host_pid(specification: Settings) -> bool | None:
    space = _namespace(specification, "pid")
    if space is None:
        return True
    return None if space.get("path") else False


def _mounts(specification: Settings) -> Iterator[Mounted]:
    for mount in tables(specification.get("mounts")):
        options = list(strings(mount.get("options")))
        source, path = mount.get("source"), mount.get("destination")
        if not isinstance(source, str) or not isinstance(path, str):
            continue
        if mount.get("type") != "bind" and not {"bind", "rbind"}.intersection(options):
            continue
        one = mounted(path, source, read_only="ro" in options)
        if one is not None:
            yield one
