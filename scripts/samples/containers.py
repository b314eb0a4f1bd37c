"""Writes the state that Docker keeps of a container."""

from __future__ import annotations

import json

from msgspec import Struct

from .memory import Machine

_ROOT = "/var/lib/docker"


class Docker(Struct, frozen=True, kw_only=True):
    """A container of Docker. `mounts` are (path in it, path on the host, read-only)."""

    container_id: str
    name: str
    image: str
    image_digest: str = ""
    user: str = ""
    privileged: bool = False
    read_only: bool = False
    network: str = "bridge"
    mounts: tuple[tuple[str, str, bool], ...] = ()
    ports: tuple[tuple[str, str, str], ...] = ()
    environment: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


def add(machine: Machine, container: Docker) -> None:
    """Put a running container's state into the machine."""
    folder = f"{_ROOT}/containers/{container.container_id}"
    image_id = "sha256:" + "1d" * 32
    machine.folder(_ROOT, 0o710)
    machine.folder(f"{_ROOT}/containers", 0o710)
    machine.folder(folder, 0o710)
    config = {
        "ID": container.container_id,
        "Name": f"/{container.name}",
        "Image": image_id,
        "State": {"Running": True},
        "Path": container.command[0] if container.command else "",
        "Args": list(container.command[1:]),
        "Config": {
            "Image": container.image,
            "User": container.user,
            "Env": list(container.environment),
            "Labels": {},
        },
        "MountPoints": {
            path: {
                "Type": "bind",
                "Name": "",
                "Source": source,
                "Destination": path,
                "RW": not read_only,
            }
            for path, source, read_only in container.mounts
        },
        "NetworkSettings": {
            "Ports": {
                port: [{"HostIp": address, "HostPort": number}]
                for port, address, number in container.ports
            }
        },
    }
    host = {
        "NetworkMode": container.network,
        "PidMode": "",
        "Privileged": container.privileged,
        "CapAdd": None,
        "ReadonlyRootfs": container.read_only,
        "RestartPolicy": {"Name": "always"},
        "Tmpfs": None,
    }
    machine.file(f"{folder}/config.v2.json", json.dumps(config), 0o600)
    machine.file(f"{folder}/hostconfig.json", json.dumps(host), 0o600)
    names = {container.image: image_id}
    if container.image_digest:
        repository = container.image.rpartition(":")[0] or container.image
        names[f"{repository}@{container.image_digest}"] = image_id
    repositories = json.dumps({"Repositories": {"of-the-image": names}})
    machine.file(f"{_ROOT}/image/overlay2/repositories.json", repositories, 0o600)
