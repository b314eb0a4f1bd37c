"""How far AI services can be reached; an owner that is not known is never taken for nobody."""

from __future__ import annotations

import pytest
from msgspec import structs

from auditor.derive.exposure import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.host import AiService, Process
from auditor.evidence.network import Interface, ListeningPort
from auditor.evidence.site import Network

SITE = Site(networks=(Network(cidr="10.0.0.0/8", zone="plant"),))
ORIGIN = Origin("test", "/proc/1/cmdline")


def exposed(*records, mode="host"):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode=mode, subject=Subject(name="h"),
        taken_at="2026-06-01T00:00:00Z", site=SITE, records=records,
    )  # fmt: skip
    return [(e.address, e.port, e.reach, e.published_by) for e in DERIVATION.derive(evidence)]


def service(workload="pid:10", *, world="host", bind=None, port=8000, role="model-server"):
    return AiService(
        origin=ORIGIN, runtime="vllm", title="vLLM", role=role, subject="vllm",
        workload=workload, source_world=world, image="", arguments=(), environment=(),
        bind_address=bind, port=port, api_key=False, tls=None, remote_code=None, confidence="high",
    )  # fmt: skip


def listening(address, port=8000, pid=10, published_by="socket", workload=None):
    return ListeningPort(
        origin=Origin("sockets", "/proc/net/tcp"), protocol="tcp",
        family="ipv6" if ":" in address else "ipv4", address=address, port=port, pid=pid,
        process=None if pid is None else "python",
        workload=workload or (None if pid is None else f"pid:{pid}"), container=None,
        published_by=published_by,
    )  # fmt: skip


def process(pid, parent):
    return Process(
        origin=ORIGIN, pid=pid, parent=parent, name="p", path=None, cmdline=(), uid=0, username="",
        start_time=1, container=None, network_namespace=None, runtime="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "reach"),
    [("0.0.0.0", "everywhere"), ("::", "everywhere"), ("", "everywhere"), ("127.0.0.1", "loopback"),
     ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"), ("10.1.2.3", "inside"),
     ("203.0.113.1", "outside"), ("host.example", None)],
)  # fmt: skip
def test_reach_is_told_by_the_address(address, reach):
    assert exposed(service(), listening(address)) == [(address, 8000, reach, "socket")]


def test_the_port_of_a_child_process_is_the_services():
    found = exposed(service(), listening("0.0.0.0", 9, pid=30), process(30, 20), process(20, 10))
    assert found == [("0.0.0.0", 9, "everywhere", "socket")]


def test_a_child_that_is_a_service_itself_keeps_its_port():
    found = exposed(service(), service("pid:20"), listening("0.0.0.0", 9, pid=20), process(20, 10))
    assert found == [("0.0.0.0", 9, "everywhere", "socket")]


def test_a_loop_among_parents_ends():
    assert exposed(service(), listening("::", pid=30), process(30, 31), process(31, 30)) == []


def test_a_port_of_an_unknown_owner_could_be_the_services():
    assert exposed(service(), listening("127.0.0.1", pid=None)) == [
        ("127.0.0.1", 8000, None, "socket")
    ]
    assert exposed(service(), listening("0.0.0.0", 22, pid=None)) == [
        ("", 8000, None, "unknown owner")
    ]
    assert exposed(service(port=None), listening("0.0.0.0", 22, pid=None)) == [
        ("", 0, None, "unknown owner")
    ]


def test_a_service_of_which_every_port_has_another_owner_is_not_exposed():
    assert exposed(service(), listening("0.0.0.0", 22, pid=5)) == []


def test_without_a_service_nothing_is_exposed():
    assert exposed(listening("0.0.0.0")) == []


@pytest.mark.parametrize(
    ("bind", "port", "role", "expected"),
    [
        ("0.0.0.0", 8000, "model-server", [("0.0.0.0", 8000, "inside", "pod-network")]),
        ("127.0.0.1", 8000, "model-server", [("127.0.0.1", 8000, "loopback", "pod-network")]),
        (None, 8000, "model-server", [("", 8000, None, "pod-network")]),
        (None, None, "model-server", [("", 0, None, "pod-network")]),
        (None, None, "training", []),
    ],
)
def test_a_container_that_publishes_nothing_is_in_the_pods_network(bind, port, role, expected):
    here = service("ai/Pod/x", world="manifest", bind=bind, port=port, role=role)
    assert exposed(here, mode="manifests") == expected


def test_what_the_cluster_publishes_is_everywhere_unless_bound_to_loopback():
    here = service("ai/Pod/x", world="manifest", bind="0.0.0.0")
    load_balancer = listening("0.0.0.0", 80, 0, "load-balancer", "ai/Pod/x")
    local = listening("127.0.0.1", 81, 0, "compose", "ai/Pod/x")
    assert exposed(here, load_balancer, local, mode="manifests") == [
        ("0.0.0.0", 80, "everywhere", "load-balancer"),
        ("127.0.0.1", 81, "loopback", "compose"),
    ]


def interface(*addresses):
    return Interface(
        origin=ORIGIN, interface="eth0", link_type="ethernet", mac="", addresses=addresses,
        state="up", mtu=1500, driver="", physical=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("listens", "addresses", "reach"),
    [
        ("0.0.0.0", ("203.0.113.5/24", "10.0.0.5/8"), "outside"),
        ("0.0.0.0", ("10.0.0.5/8", "172.17.0.1/16", "fe80::1/64"), "everywhere"),
        ("0.0.0.0", ("2001:db8::5/64",), "everywhere"),
        ("::", ("2001:db8::5/64",), "outside"),
        ("10.0.0.5", ("203.0.113.5/24", "10.0.0.5/8"), "inside"),
    ],
)
def test_every_address_of_a_host_with_one_outside_is_outside(listens, addresses, reach):
    found = exposed(service(), listening(listens), interface(*addresses))
    assert found == [(listens, 8000, reach, "socket")]


def proxy(host_ip, container_ip, port=8000):
    words = ("/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", host_ip, "-host-port", "9000",
             "-container-ip", container_ip, "-container-port", str(port))  # fmt: skip
    return structs.replace(process(40, 1), cmdline=words)


def apart(address="0.0.0.0"):
    port = listening(address, published_by="namespace")
    return structs.replace(port, namespace_addresses=("172.17.0.2",))


def test_a_containers_port_reaches_as_far_as_what_forwards_to_it():
    loopback = exposed(service(), apart(), proxy("127.0.0.1", "172.17.0.2"))
    assert loopback == [("127.0.0.1", 9000, "loopback", "docker-proxy")]
    everywhere = exposed(service(), apart("172.17.0.2"), proxy("0.0.0.0", "172.17.0.2"))
    assert everywhere == [("0.0.0.0", 9000, "everywhere", "docker-proxy")]


@pytest.mark.parametrize(
    "others", [(), (proxy("127.0.0.1", "172.17.0.3"),), (proxy("127.0.0.1", "172.17.0.2", 1),)]
)
def test_the_reach_of_a_containers_port_is_unknown_where_nothing_is_seen_to_forward(others):
    assert exposed(service(), apart(), *others) == [("0.0.0.0", 8000, None, "namespace")]


def test_a_containers_own_loopback_is_loopback():
    assert exposed(service(), apart("127.0.0.1")) == [("127.0.0.1", 8000, "loopback", "namespace")]
