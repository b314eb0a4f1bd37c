"""What a container engine keeps of a container on disk, told in one form for every engine."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from auditor.evidence.containers import PublishedPort

Engine = Literal["docker", "containerd", "podman", "cri-o"]
NetworkMode = Literal["host", "none", "shared", "own"]

_VOLUME = re.compile(r"/volumes/(?:[^/]+/)?(?P<name>[^/]+)/_data(?:/|$)")
_KUBELET = re.compile(r"/pods/[0-9a-f-]{32,40}/(?P<rest>.+)$")
_KUBELET_VOLUME = re.compile(r"^volumes/kubernetes\.io~(?P<type>[\w.-]+)/(?P<name>[^/]+)")
_KUBELET_TYPES = {
    "configmap": "configMap", "secret": "secret", "projected": "projected", "csi": "csi",
    "empty-dir": "emptyDir", "downward-api": "downwardAPI", "nfs": "nfs", "iscsi": "iscsi",
    "local-volume": "local", "host-path": "local", "fc": "fc", "cephfs": "cephfs", "rbd": "rbd",
}  # fmt: skip
# Names that an engine makes for every container: its names, its shared memory, what it logs.
_ENGINES_OWN = re.compile(
    r"/(?:sandboxes|containers)/[0-9a-f]{64}/(?:hostname|hosts|resolv\.conf|shm|mounts/shm)$"
    r"|/userdata/(?:hostname|hosts|resolv\.conf|passwd|group|shm|\.containerenv|run/.*|secrets.*)$"
)
# Files of an accelerator's driver, which its toolkit adds to a container by itself.
_DRIVER = re.compile(
    r"^(?:/usr/(?:local/)?(?:lib|lib64|bin|share|sbin)|/lib|/lib64|/etc/(?:vulkan|OpenCL|nvidia)"
    r"|/usr/local/(?:Ascend|dcmi|bin))/(?:.*/)?(?:lib(?:cuda|nv|EGL_nvidia|GLX_nvidia|dcmi)"
    r"|nvidia|npu-smi|firmware|driver)[^/]*(?:/.*)?$"
)
# Docker's default capabilities, which containerd, podman and CRI-O follow (moby: caps/defaults.go).
_USUAL = frozenset({
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
})  # fmt: skip


class Mounted(Struct, frozen=True, kw_only=True):
    """A volume as in `VolumeMount`."""

    path: str
    volume_type: str
    source: str
    read_only: bool


class Rights(Struct, frozen=True, kw_only=True):
    """What a container may do; `uid` is `None` where a name stands for it."""

    privileged: bool
    added_capabilities: tuple[str, ...]
    read_only_root: bool
    uid: int | None
    user: str


class State(Struct, frozen=True, kw_only=True):
    """A container as its engine keeps it: fields as in `RunningContainer`.

    `source` is the file that it was read from. `rights` is `None` where they could not be read.
    `environment` is not redacted, nor are `arguments`. `is_sandbox`: it only holds a pod's
    namespaces.
    """

    engine: Engine
    container_id: str
    name: str
    source: str
    image: str
    image_digest: str = ""
    namespace: str = ""
    pod: str = ""
    is_sandbox: bool = False
    rights: Rights | None
    network_mode: NetworkMode | None
    host_pid: bool | None
    published: tuple[PublishedPort, ...] | None
    restart: str = ""
    mounts: tuple[Mounted, ...] | None
    environment: dict[str, str] | None
    arguments: tuple[str, ...]


def mounted(path: str, source: str, *, read_only: bool) -> Mounted | None:
    """Return a folder or file that is bound into a container; `None` for an engine's own.

    What the kubelet or an engine made for the container is told by its kind, not its place.
    """
    if _ENGINES_OWN.search(source):
        return None
    volume_type = "hostPath"
    pod = _KUBELET.search(source)
    if pod is not None:
        volume = _KUBELET_VOLUME.match(pod["rest"])
        if volume is not None:
            volume_type = _KUBELET_TYPES.get(volume["type"], volume["type"])
            source = volume["name"]
        elif pod["rest"].startswith("volume-subpaths/"):
            volume_type, source = "subPath", pod["rest"].split("/")[1]
        else:
            return None  # its hosts file and the log of its end
    elif named := _VOLUME.search(source):
        volume_type, source = "volume", named["name"]
    elif read_only and _DRIVER.match(source):
        volume_type = "driver"
    return Mounted(path=path, volume_type=volume_type, source=source, read_only=read_only)


def added(capabilities: tuple[str, ...]) -> tuple[str, ...]:
    """Return the capabilities beyond the usual ones, sorted, without `CAP_`."""
    names = {name.upper().removeprefix("CAP_") for name in capabilities}
    return tuple(sorted(names - _USUAL))


def pairs(strings: tuple[str, ...]) -> dict[str, str]:
    """Return `NAME=value` strings as a mapping; the first of several counts (getenv(3))."""
    found: dict[str, str] = {}
    for string in strings:
        name, equals, value = string.partition("=")
        if equals:
            found.setdefault(name, value)
    return found
