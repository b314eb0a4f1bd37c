"""Running containers are told from their engines' files; what is not kept there is a gap."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from auditor.evidence import Coverage, kind_of

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)

ID = "ab12" * 16
OTHER = "cd34" * 16
HOST_NET, OWN_NET = Path("net:[4026531840]"), Path("net:[4026532600]")
INIT = {
    **machine.process(1, ["/sbin/init"], name="systemd", uid=0),
    "/proc/1/ns/pid": Path("pid:[4026531836]"),
}


def member(pid, cgroup, *, arguments=("/agent",), name="agent", uid=0, net=OWN_NET):
    files = machine.process(pid, list(arguments), name=name, uid=uid, cgroup=f"0::{cgroup}\n")
    return files | {
        f"/proc/{pid}/ns/net": net,
        f"/proc/{pid}/ns/pid": Path(f"pid:[40265327{pid}]"),
    }


def docker(container_id=ID, *, config=None, host=None, root="/var/lib/docker", **settings):
    written = {
        "Name": "/llm", "Image": "sha256:" + "1d" * 32, "Path": "/agent", "Args": [],
        "Config": {"Image": "registry.corp.example/ai/llm:v1", "User": "1000", "Env": [], **settings},
        **(config or {}),
    }  # fmt: skip
    rights = {"NetworkMode": "bridge", "Privileged": False, "ReadonlyRootfs": True, **(host or {})}
    folder = f"{root}/containers/{container_id}"
    return {
        f"{folder}/config.v2.json": json.dumps(written),
        f"{folder}/hostconfig.json": json.dumps(rights),
    }


def in_docker(pid=40, container_id=ID, **options):
    return member(pid, f"/system.slice/docker-{container_id}.scope", **options)


def oci(*, bounding=("CAP_CHOWN",), notes=None, spaces=("pid", "network"), mounts=(), **parts):
    return json.dumps({
        "process": {"user": {"uid": 1000}, "args": ["/agent"], "env": ["A=b"],
                    "capabilities": {"bounding": list(bounding)}},
        "root": {"path": "rootfs", "readonly": True},
        "mounts": list(mounts),
        "annotations": notes or {},
        "linux": {"namespaces": [s if isinstance(s, dict) else {"type": s} for s in spaces]},
        **parts,
    })  # fmt: skip


POD = {
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.container-name": "llm",
    "io.kubernetes.cri.image-name": "registry.corp.example/ai/llm:v1",
    "io.kubernetes.cri.sandbox-name": "llm-0",
    "io.kubernetes.cri.sandbox-namespace": "ai",
}


def in_pod(pid=40, container_id=ID, **options):
    return member(pid, f"/kubepods.slice/cri-containerd-{container_id}.scope", **options)


def task(specification, container_id=ID):
    return {
        f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{container_id}/config.json": specification
    }


@pytest.fixture
def seen(plain_tree, collected, tmp_path):
    """Return `run(*files, refused=()) -> ({kind: records}, gaps)`."""

    def run(*files, refused=()):
        shutil.rmtree(tmp_path / "root", ignore_errors=True)
        merged = dict(INIT)
        for some in files:
            merged |= some
        records, gaps = collected("containers", plain_tree(merged), refused=refused)
        by_kind = {}
        for record in records:
            if not isinstance(record, Coverage):
                by_kind.setdefault(kind_of(record), []).append(record)
        return by_kind, gaps

    return run


def test_no_container_no_record_and_no_gap_wherever_the_engine_is(seen):
    found, gaps = seen({"/var/lib/docker/containers/x": "y"}, refused=("/var/lib/docker",))
    assert (found, gaps) == ({}, [])


def test_a_container_of_docker(seen):
    found, gaps = seen(in_docker(), docker(
        host={"Privileged": True, "NetworkMode": "host", "PidMode": "host",
              "RestartPolicy": {"Name": "always"}},
        config={"MountPoints": {
            "/models": {"Type": "bind", "Source": "/srv/models", "RW": False},
            "/data": {"Type": "volume", "Name": "d", "Source": "/var/lib/docker/volumes/d/_data",
                      "RW": True}}},
        Env=["HF_HUB_OFFLINE=1", "OTHER=x", "HF_TOKEN=hf_abcdefghijklmnopqrst"]))  # fmt: skip
    assert gaps == []
    (one,) = found["running_container"]
    assert (one.label, one.image, one.user) == (
        "llm (docker:ab12ab12ab12)",
        "registry.corp.example/ai/llm:v1",
        "1000",
    )
    assert (one.privileged, one.network_mode, one.host_pid) == (True, "host", True)
    assert (one.restart, one.processes, one.published) == ("always", 1, ())
    assert {v.name: v.value for v in one.environment}["HF_HUB_OFFLINE"] == "1"
    assert "hf_abc" not in repr(found)
    assert "OTHER" not in repr(found)
    (workload,) = found["workload"]
    assert (workload.label, workload.host_network, workload.host_pid) == (
        "docker/Container/llm",
        True,
        True,
    )
    (container,) = found["container"]
    assert (container.privileged, container.kept_from_root) == (True, True)
    assert [(m.path, m.volume_type, m.source, m.read_only) for m in found["volume_mount"]] == [
        ("/data", "volume", "d", False),
        ("/models", "hostPath", "/srv/models", True),
    ]


@pytest.mark.parametrize(
    "user, uid, kept",
    [("", 0, False), ("root", 0, False), ("0:0", 0, False), ("1000:1000", 0, True),
     ("app", 1000, True), ("app", 0, False)],
)  # fmt: skip
def test_who_a_container_runs_as(seen, user, uid, kept):
    found, _ = seen(in_docker(uid=uid), docker(User=user))
    assert found["container"][0].kept_from_root is kept


def test_an_ordinary_user_is_told_one_gap_a_kind(seen):
    found, gaps = seen(
        in_docker(), in_docker(41, OTHER), docker(), docker(OTHER), refused=("/var/lib/docker",)
    )
    assert found == {}
    assert {gap.reason for gap in gaps} == {"denied"}
    kinds = [gap.kind for gap in gaps]
    assert len(kinds) == len(set(kinds))
    assert {"running_container", "container", "container_image", "volume_mount"} <= set(kinds)


def test_a_container_without_state_is_a_gap(seen):
    found, gaps = seen(in_docker())
    assert found == {}
    assert {(gap.reason, gap.origin.source) for gap in gaps} == {("absent", "/proc/40/cgroup")}


def test_without_its_host_settings_nothing_is_said_of_its_rights(seen):
    files = {path: text for path, text in docker().items() if "hostconfig" not in path}
    found, gaps = seen(in_docker(), files)
    assert "container" not in found
    assert found["running_container"][0].privileged is None
    assert found["running_container"][0].network_mode == "own"  # its process tells
    assert "container" in {gap.kind for gap in gaps}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"Config": 3}', '{"Name": [], "Config": {"Env": {}}}']
)
def test_a_damaged_state_is_never_silence(seen, text):
    path = f"/var/lib/docker/containers/{ID}/config.v2.json"
    _, gaps = seen(in_docker(), docker() | {path: text})
    assert {"running_container", "container_image"} <= {gap.kind for gap in gaps}


def test_docker_keeps_its_state_where_it_is_told(seen):
    found, gaps = seen(
        in_docker(), docker(root="/srv/docker"), {"/etc/docker/daemon.json": '{"data-root": "/srv/docker/"}'}
    )  # fmt: skip
    assert len(found["running_container"]) == 1
    assert gaps == []


def test_an_image_given_by_its_id_gets_its_name(seen):
    names = {"Repositories": {"x": {
        "vendor/agent:1": "sha256:" + "1d" * 32,
        "vendor/agent@sha256:" + "a4" * 32: "sha256:" + "1d" * 32,
        "other:2": "sha256:" + "2e" * 32}}}  # fmt: skip
    found, _ = seen(
        in_docker(), docker(Image="1d1d1d1d1d1d"),
        {"/var/lib/docker/image/overlay2/repositories.json": json.dumps(names)},
    )  # fmt: skip
    assert found["container_image"][0].reference == "vendor/agent:1"
    assert not found["container_image"][0].explicit_registry
    assert found["running_container"][0].image_digest == "sha256:" + "a4" * 32


def test_an_image_without_a_name_is_a_gap(seen):
    found, gaps = seen(in_docker(), docker(Image="1d1d1d1d1d1d"))
    assert "container_image" not in found
    assert "container_image" in {gap.kind for gap in gaps}


def test_a_published_port_without_a_socket_is_told_and_one_with_a_socket_is_not(seen):
    ports = {"8000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "18000"}],
             "9000/udp": [{"HostIp": "", "HostPort": "19000"}], "7/tcp": None}  # fmt: skip
    row = "   0: 00000000:4650 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0\n"
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    files = in_docker(), docker(config={"NetworkSettings": {"Ports": ports}})
    found, _ = seen(*files)
    assert {(p.protocol, p.address, p.port, p.published_by) for p in found["listening_port"]} == {
        ("tcp", "0.0.0.0", 18000, "engine"),
        ("udp", "0.0.0.0", 19000, "engine"),
    }
    found, _ = seen(*files, {"/proc/net/tcp": head + row})
    assert [p.port for p in found["listening_port"]] == [19000]


def test_a_container_of_a_pod(seen):
    mounts = (
        {"destination": "/etc/hosts", "type": "bind", "options": ["rbind", "rw"],
         "source": "/var/lib/kubelet/pods/0a1b2c3d-0000-1111-2222-333344445555/etc-hosts"},
        {"destination": "/etc/hostname", "type": "bind", "options": ["rbind", "rw"],
         "source": f"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{OTHER}/hostname"},
        {"destination": "/models", "type": "bind", "options": ["rbind", "ro"],
         "source": "/var/lib/kubelet/pods/0a1b2c3d-0000-1111-2222-333344445555/volumes/kubernetes.io~csi/models/mount"},
        {"destination": "/var/run/secrets/kubernetes.io/serviceaccount", "type": "bind", "options": ["rbind", "ro"],
         "source": "/var/lib/kubelet/pods/0a1b2c3d-0000-1111-2222-333344445555/volumes/kubernetes.io~projected/kube-api"},
        {"destination": "/host", "type": "bind", "source": "/etc", "options": ["rbind", "rw"]},
        {"destination": "/usr/lib/libcuda.so.1", "type": "bind", "source": "/usr/lib/x86_64-linux-gnu/libcuda.so.535", "options": ["ro", "bind"]},
        {"destination": "/proc", "type": "proc", "source": "proc"},
    )  # fmt: skip
    joined = {"type": "network", "path": "/proc/39/ns/net"}
    files = in_pod(), task(oci(notes=POD, spaces=("pid", joined), mounts=mounts))
    found, gaps = seen(*files)
    assert gaps == []
    (one,) = found["running_container"]
    assert (one.engine, one.name, one.namespace, one.pod) == ("containerd", "llm", "ai", "llm-0")
    assert one.network_mode == "shared"
    (workload,) = found["workload"]
    assert workload.label == "ai/Pod/llm-0"
    assert workload.service_account_token
    assert [(m.path, m.volume_type, m.source) for m in found["volume_mount"]] == [
        ("/models", "csi", "models"),
        ("/var/run/secrets/kubernetes.io/serviceaccount", "projected", "kube-api"),
        ("/host", "hostPath", "/etc"),
        ("/usr/lib/libcuda.so.1", "driver", "/usr/lib/x86_64-linux-gnu/libcuda.so.535"),
    ]


def test_a_pod_in_the_hosts_network_is_seen_by_its_process(seen):
    joined = {"type": "network", "path": "/proc/39/ns/net"}
    found, _ = seen(in_pod(net=HOST_NET), task(oci(notes=POD, spaces=("pid", joined))))
    assert found["workload"][0].host_network is True


def test_a_namespace_that_cannot_be_told_is_a_gap_not_an_answer(seen):
    joined = {"type": "network", "path": "/proc/39/ns/net"}
    found, gaps = seen(
        in_pod(), task(oci(notes=POD, spaces=("pid", joined))), refused=("/proc/1/ns",)
    )
    assert found["running_container"][0].network_mode is None
    assert "workload" not in found
    assert "workload" in {gap.kind for gap in gaps}


ALL_DEVICES = {"resources": {"devices": [{"allow": True, "access": "rwm"}]}}


@pytest.mark.parametrize(
    "bounding, linux, notes, privileged",
    [
        (("CAP_SYS_ADMIN",), ALL_DEVICES, {}, True),
        (("CAP_SYS_ADMIN",), {}, {}, False),
        (("CAP_CHOWN",), ALL_DEVICES, {}, False),
        ((), {}, {"io.podman.annotations.privileged": "TRUE"}, True),
    ],
)
def test_privileged_is_told_by_what_it_means(seen, bounding, linux, notes, privileged):
    specification = json.loads(oci(bounding=bounding, notes=notes))
    specification["linux"] |= linux
    found, _ = seen(in_pod(), task(json.dumps(specification)))
    (container,) = found["container"]
    assert container.privileged is privileged
    assert container.added_capabilities == (
        () if privileged or "CAP_CHOWN" in bounding else ("SYS_ADMIN",)
    )


def test_a_sandbox_is_no_container_of_its_own_but_its_image_is_pulled(seen):
    notes = POD | {
        "io.kubernetes.cri.container-type": "sandbox",
        "io.kubernetes.cri.sandbox-image-name": "registry.corp.example/pause:3",
    }
    del notes["io.kubernetes.cri.image-name"]
    found, gaps = seen(in_pod(), task(oci(notes=notes)))
    assert set(found) == {"container_image"}
    assert gaps == []


@pytest.mark.parametrize("home", ["/var/lib/containers/storage", "/home/alice/.local/share/containers/storage"])  # fmt: skip
def test_a_container_of_podman_with_and_without_root(seen, home):
    folder = f"{home}/overlay-containers"
    listed = [
        {
            "id": ID,
            "names": ["llm"],
            "metadata": json.dumps({"image-name": "docker.example/ai/llm:1"}),
        }
    ]
    found, gaps = seen(
        member(40, f"/machine.slice/libpod-{ID}.scope"),
        {f"{folder}/{ID}/userdata/config.json": oci(), f"{folder}/containers.json": json.dumps(listed)},
    )  # fmt: skip
    assert gaps == []
    (one,) = found["running_container"]
    assert (one.engine, one.name, one.image) == ("podman", "llm", "docker.example/ai/llm:1")
    assert one.published is None


def test_a_container_of_crio(seen):
    notes = {
        "io.kubernetes.cri-o.ContainerType": "container",
        "io.kubernetes.cri-o.ImageName": "registry.corp.example/ai/llm:v1",
        "io.kubernetes.container.name": "llm",
        "io.kubernetes.pod.name": "llm-0",
        "io.kubernetes.pod.namespace": "ai",
    }
    found, _ = seen(
        member(40, f"/kubepods.slice/crio-{ID}.scope"),
        {f"/var/lib/containers/storage/overlay-containers/{ID}/userdata/config.json": oci(notes=notes)},
    )  # fmt: skip
    assert found["running_container"][0].engine == "cri-o"
    assert found["workload"][0].label == "ai/Pod/llm-0"


def test_what_is_in_no_engine_of_these_is_a_gap(seen):
    _, gaps = seen(member(40, "/lxc.payload.web/init.scope"))
    assert {gap.reason for gap in gaps} == {"unsupported"}


def test_a_service_that_only_its_image_tells_of(seen):
    image = {"Image": "vllm/vllm-openai:v0.9.0"}
    found, _ = seen(in_docker(), docker(config={"Args": ["--model", "/m"]}, **image))
    (service,) = found["ai_service"]
    assert (service.runtime, service.confidence, service.workload) == ("vllm", "medium", "pid:40")
    named = in_docker(arguments=("/usr/bin/python3", "/usr/bin/vllm", "serve", "/m"))
    found, _ = seen(named, docker(**image))
    assert "ai_service" not in found  # the collector of processes tells of it


def test_two_engines_keep_one_container(seen):
    folder = f"/run/containerd/io.containerd.runtime.v2.task/moby/{ID}"
    found, _ = seen(in_docker(), docker(), {f"{folder}/config.json": oci()})
    assert [one.engine for one in found["running_container"]] == ["docker"]


def test_the_same_facts_in_the_same_order(seen):
    files = in_docker(), docker(), in_pod(50, OTHER), task(oci(notes=POD), OTHER)
    assert seen(*files) == seen(*reversed(files))
