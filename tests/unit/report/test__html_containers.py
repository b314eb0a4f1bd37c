"""Containers as the report arranges them: those with the most rights first, nothing unread as none."""

import pytest

from auditor.evidence import Origin
from auditor.evidence.containers import PublishedPort, RunningContainer
from auditor.evidence.workload import Container, VolumeMount
from auditor.report._html_containers import containers

ORIGIN = Origin("containers", "/x")


def running(name, **changes):
    values = {
        "engine": "docker", "container_id": "ab12", "name": name,
        "workload": f"docker/Container/{name}", "image": "r.example/a:1", "image_digest": "",
        "privileged": False, "network_mode": "own", "host_pid": False, "published": (),
        "restart": "", "user": "", "namespace": "", "pod": "", "environment": (), "processes": 1,
    }  # fmt: skip
    return RunningContainer(origin=ORIGIN, **(values | changes))


def asked(name, **changes):
    values = {
        "workload": f"docker/Container/{name}", "name": name, "image": "r.example/a:1",
        "init": False, "privileged": False, "run_as_root": False, "read_only_root": True,
        "added_capabilities": (), "pull_policy": "", "kept_from_root": True,
    }  # fmt: skip
    return Container(origin=ORIGIN, **(values | changes))


def test_those_with_the_most_rights_come_first():
    mine = [
        running("a"),
        asked("a"),
        running("b", privileged=True, network_mode="host"),
        asked("b"),
    ]
    shown = containers(mine)
    assert [(one.container.name, one.rights) for one in shown] == [
        ("b", ("privileged", "host-network")),
        ("a", ()),
    ]


@pytest.mark.parametrize("field", ["privileged", "network_mode", "host_pid"])
def test_what_was_not_read_is_said(field):
    (one,) = containers([running("a", **{field: None}), asked("a")])
    assert "unread" in one.rights


def test_root_ports_and_mounts():
    port = PublishedPort(protocol="tcp", address="::", port=80, to_port=8080)
    mount = VolumeMount(
        origin=ORIGIN, subject="docker/Container/a:a", path="/h", volume_type="hostPath",
        source="/etc", read_only=True,
    )  # fmt: skip
    volume = VolumeMount(
        origin=ORIGIN, subject="docker/Container/a:a", path="/v", volume_type="volume",
        source="v", read_only=False,
    )  # fmt: skip
    (one,) = containers(
        [running("a", published=(port,)), asked("a", kept_from_root=False), mount, volume]
    )
    assert one.rights == ("root",)
    assert one.ports == ("tcp [::]:80 → 8080",)
    assert one.mounts == (mount,)
