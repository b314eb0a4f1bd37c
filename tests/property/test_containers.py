"""Whatever stands in an engine's files: no crash, no hang, and never silence about a container."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect import Options, load
from auditor.evidence import Coverage, Gap, Record, kind_of
from auditor.host import Absent, Stat, Unreadable

ID = "ab12" * 16
_KEYS = [
    "Name", "Image", "Config", "User", "Env", "Labels", "MountPoints", "Type", "Source", "RW",
    "NetworkSettings", "Ports", "8000/tcp", "HostIp", "HostPort", "Path", "Args", "Privileged",
    "NetworkMode", "CapAdd", "ReadonlyRootfs", "RestartPolicy", "Tmpfs", "PidMode", "process",
    "user", "uid", "env", "args", "capabilities", "bounding", "root", "readonly", "mounts",
    "destination", "options", "linux", "namespaces", "type", "path", "resources", "devices",
    "annotations", "io.kubernetes.cri.image-name", "io.kubernetes.cri.sandbox-name", "id", "names",
    "metadata", "Repositories",
]  # fmt: skip
_TEXTS = st.text(max_size=12) | st.sampled_from([
    "host", "none", "container:x", "network", "pid", "bind", "ro", "CAP_SYS_ADMIN", "0:0", "/etc",
    "/var/run/docker.sock", "registry.corp.example/a:1", "8000", "65536", "99999999999", "\u202e",
])  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS) | _TEXTS, inner, max_size=5)
    ),
    max_leaves=25,
)
_BODY = _JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)


class _Files:
    """A machine of the files given, and nothing else."""

    name, live, uid, privileged = "files", False, 0, True

    def __init__(self, files: dict[str, bytes], links: dict[str, str]) -> None:
        self._files, self._links = files, links

    def read(self, path: str, *, limit: int = 1 << 22, head: bool = False) -> bytes:
        if path not in self._files:
            raise Absent(path)
        return self._files[path][:limit]

    def list(self, path: str, *, limit: int = 100_000) -> tuple[str, ...]:
        below = f"{path.rstrip('/')}/"
        names = {p[len(below) :].split("/")[0] for p in self._files if p.startswith(below)}
        if not names:
            raise Absent(path)
        return tuple(sorted(names))

    def stat(self, path: str) -> Stat:
        raise Absent(path)

    def readlink(self, path: str) -> str:
        if path not in self._links:
            raise Absent(path)
        return self._links[path]

    def mapper_table(self, name: str) -> tuple[str, ...]:
        raise Unreadable(name, "unsupported", "none")


def facts(engine: str, files: dict[str, bytes]) -> list[Record | Gap]:
    process = {
        "/proc/40/cgroup": f"0::/{engine}-{ID}.scope\n".encode(),
        "/proc/40/status": b"Uid:\t1000\t1000\n",
        "/proc/40/comm": b"x\n",
        "/proc/40/cmdline": b"/x\0",
    }
    links = {"/proc/40/ns/net": "net:[2]", "/proc/1/ns/net": "net:[1]"}
    host = _Files(process | files, links)
    found = load("containers").collect(host, Options())
    return [fact for fact in found if not isinstance(fact, Coverage)]


def is_told(found: list[Record | Gap]) -> bool:
    """Return whether the container has a record, or its kind a gap."""
    return any(
        (isinstance(fact, Gap) and fact.kind == "running_container")
        or (isinstance(fact, Record) and kind_of(fact) in ("running_container", "container_image"))
        for fact in found
    )


@settings(max_examples=60, deadline=None)
@given(config=_BODY, host=_BODY, names=_BODY)
def test_dockers_files(config: bytes, host: bytes, names: bytes) -> None:
    folder = f"/var/lib/docker/containers/{ID}"
    found = facts("docker", {
        f"{folder}/config.v2.json": config, f"{folder}/hostconfig.json": host,
        "/var/lib/docker/image/overlay2/repositories.json": names,
    })  # fmt: skip
    assert is_told(found)


@settings(max_examples=60, deadline=None)
@given(specification=_BODY, listed=_BODY)
def test_the_files_of_podman_and_crio(specification: bytes, listed: bytes) -> None:
    folder = "/var/lib/containers/storage/overlay-containers"
    found = facts("libpod", {
        f"{folder}/{ID}/userdata/config.json": specification,
        f"{folder}/containers.json": listed,
    })  # fmt: skip
    assert is_told(found)


@settings(max_examples=60, deadline=None)
@given(specification=_BODY)
def test_the_files_of_containerd(specification: bytes) -> None:
    path = f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json"
    assert is_told(facts("cri-containerd", {path: specification}))
