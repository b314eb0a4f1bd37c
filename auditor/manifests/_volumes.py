"""Reads a pod's volumes: what lies behind each, and where its containers see it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from auditor.evidence.workload import ContainerImage, VolumeMount
from auditor.manifests import _container
from auditor.manifests._reading import Cursor

# What names the thing behind a volume, in each type's own word.
_BEHIND = (
    "path", "claimName", "secretName", "name", "driver", "reference", "volumeID", "medium",
)  # fmt: skip


def declared(spec: Cursor) -> dict[str, Cursor]:
    """Return the volumes of a pod specification by name."""
    volumes = spec.mappings("volumes", "volume_mount")
    return {volume.string("name", "volume_mount"): volume for volume in volumes}


def image(subject: str, volume: Cursor) -> Iterator[ContainerImage]:
    """Yield the image of an OCI image volume: it too is pulled from a registry."""
    reference = volume.down("image", "reference")
    if reference is not None and reference.text():
        yield from _container.image(subject, reference.text() or "", reference)


def mounts(subject: str, container: Cursor, volumes: dict[str, Cursor]) -> Iterator[VolumeMount]:
    """Yield the volumes that a container mounts; one not declared comes from a claim template."""
    for mount in container.mappings("volumeMounts", "volume_mount"):
        name = mount.string("name", "volume_mount")
        volume = volumes.get(name)
        volume_type, source, locked = _source(volume) if volume else ("claimTemplate", name, False)
        yield VolumeMount(
            origin=mount.origin,
            subject=subject,
            path=mount.string("mountPath", "volume_mount"),
            volume_type=volume_type,
            source=source,
            read_only=locked or bool(mount.flag("readOnly", "volume_mount")),
        )


def _source(volume: Cursor) -> tuple[str, str, bool]:
    """Return the type of a volume, what is behind it, and whether it is read-only by itself."""
    for volume_type, source in volume.entries():
        if volume_type == "name" or not source.is_mapping:
            continue
        server = source.string("server", "volume_mount")
        behind = next(
            (text for key in _BEHIND if (text := source.string(key, "volume_mount"))),
            "",
        )
        locked = bool(source.flag("readOnly", "volume_mount")) or volume_type in (
            "configMap", "secret", "projected", "downwardAPI", "image",
        )  # fmt: skip
        if volume_type == "hostPath":
            behind = posixpath.normpath("/" + behind.lstrip("/"))
        return volume_type, f"{server}:{behind}" if server else behind, locked
    return "emptyDir", "", False
