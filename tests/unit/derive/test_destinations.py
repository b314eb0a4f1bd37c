"""Where data could go: each way to call an outside address inside is a test named after it."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive.destinations import DERIVATION
from auditor.evidence import ASSUMED_SITE, SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.host import AiService, ModelSource, Variable
from auditor.evidence.network import (
    Connection,
    DnsResolver,
    Mirror,
    Proxy,
    RemoteReference,
    Route,
    TimeServer,
)
from auditor.evidence.site import EgressException, Network
from auditor.evidence.storage import Mount
from auditor.evidence.workload import ContainerImage, KubernetesService, Workload

ORIGIN = Origin("test", "/etc/test", 1)
SITE = Site(
    name="plant",
    networks=(
        Network(cidr="10.0.0.0/8", zone="plant"),
        Network(cidr="10.1.0.0/16", zone="servers"),
        Network(cidr="2001:db8:1::/48", zone="plant6"),
    ),
    names=("corp.example",),
    resolvers=("198.51.100.53",),
    time_servers=("time.vendor.example",),
    registries=("registry.vendor.example",),
    mirrors=("mirror.vendor.example",),
    exceptions=(
        EgressException(
            destination="api.vendor.example", port=443, owner="Li", reason="support",
            expires="2026-12-31",
        ),
        EgressException(
            destination="203.0.113.0/24", owner="Li", reason="old", expires="2025-12-31"
        ),
    ),
)  # fmt: skip


def judged(*records, site=SITE, mode="host", at="2026-06-01T00:00:00Z"):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode=mode, subject=Subject(name="h"),
        taken_at=at, site=site, records=records,
    )  # fmt: skip
    return list(DERIVATION.derive(evidence))


def reference(host, *, port=0, url="", subject="host", purpose="api"):
    return RemoteReference(
        origin=ORIGIN, subject=subject, setting="X", url=url or f"https://{host}", host=host,
        port=port, purpose=purpose,
    )  # fmt: skip


def inside_of(host, **keywords):
    (destination,) = judged(reference(host), **keywords)
    return destination.inside


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "2001:db8:1::5", "::ffff:10.0.0.1", "127.0.0.1", "::1", "localhost",
     "a.localhost", "corp.example", "A.Corp.Example.", "deep.a.corp.example", "169.254.1.1",
     "fe80::1%eth0", "0.0.0.0", "0x0a000001"],
)  # fmt: skip
def test_inside(host):
    assert inside_of(host) is True


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "evilcorp.example", "corp.example.evil.example", "xcorp.example", "corp.examples",
     "2001:db8:2::1", "::ffff:8.8.8.8", "134744072", "0x08080808", "010.8.8.8", "8.8.2056",
     "169.254.169.254", "192.168.1.1", "11.0.0.1", "224.1.1.1", "api.openai.com", "8.8.8.8."],
)  # fmt: skip
def test_outside(host):
    assert inside_of(host) is False


@pytest.mark.parametrize(
    "host",
    ["printer", "printer.local", "metadata.google.internal", "", "a b.corp.example",
     "evil.example,x.corp.example", "evil.example#.corp.example", "corp.example\x00.evil.example",
     "evil.example\\.corp.example", "$HOST.corp.example", "x" * 300 + ".corp.example"],
)  # fmt: skip
def test_what_cannot_be_told_is_neither_inside_nor_outside(host):
    (destination,) = judged(reference(host))
    assert destination.inside is None
    assert destination.approved is None


def test_the_longest_prefix_names_the_zone_and_says_how():
    (destination,) = judged(reference("10.1.2.3"))
    assert destination.zone == "servers"
    assert destination.how == ("10.1.2.3 is in the site's network 10.1.0.0/16",)
    (assumed,) = judged(reference("10.1.2.3"), site=ASSUMED_SITE)
    assert "assumed network" in assumed.how[0]


def test_country_and_operator_are_told_of_what_is_outside():
    (address,) = judged(reference("8.8.8.8"))
    assert address.country == "US"
    (name,) = judged(reference("eu.api.openai.com"))
    assert (name.operator, name.operator_country, name.country) == ("OpenAI", "US", "")
    (evil,) = judged(reference("evilopenai.com"))
    assert evil.operator == ""
    (inside,) = judged(reference("10.0.0.1"))
    assert (inside.country, inside.operator) == ("", "")


def test_an_exception_approves_but_stays_outside():
    (destination,) = judged(reference("api.vendor.example"))
    assert (destination.inside, destination.approved) == (False, True)
    assert destination.port == 443
    assert destination.exception == "Li, until 2026-12-31"
    assert any("support" in sentence for sentence in destination.how)


@pytest.mark.parametrize(
    ("host", "port", "at"),
    [("203.0.113.9", 443, "2026-06-01T00:00:00Z"), ("api.vendor.example", 8080, "2026-06-01"),
     ("api.vendor.example", 443, "2027-01-01T00:00:00Z"), ("x.api.vendor.example", 443, "2026-06-01"),
     ("api.vendor.example", 443, "")],
)  # fmt: skip
def test_an_exception_that_does_not_fit_excepts_nothing(host, port, at):
    (destination,) = judged(reference(host, port=port), at=at)
    assert (destination.inside, destination.approved) == (False, False)


def test_what_the_site_declares_counts_for_its_use_alone():
    resolver = DnsResolver(
        origin=ORIGIN, subject="host", address="198.51.100.53", port=53, stub=False
    )
    time = TimeServer(origin=ORIGIN, service="chrony", address="time.vendor.example", explicit=True)
    mirror = mirror_of("pip", "mirror.vendor.example")
    image = image_of("registry.vendor.example:5000")
    assert [d.inside for d in judged(resolver, time, mirror, image)] == [True] * 4
    assert inside_of("198.51.100.53") is False
    assert inside_of("time.vendor.example") is False
    assert judged(image_of("mirror.vendor.example"))[0].inside is False


def mirror_of(ecosystem, host, *, explicit=True, url=""):
    return Mirror(
        origin=ORIGIN, ecosystem=ecosystem, subject="host", url=url or (host and f"https://{host}/x"),
        host=host, explicit=explicit,
    )  # fmt: skip


def image_of(registry, *, explicit=True):
    return ContainerImage(
        origin=ORIGIN, subject="ai/Pod/x:c", reference=f"{registry}/a/b:1", registry=registry,
        explicit_registry=explicit, repository="a/b", tag="1", digest="",
    )  # fmt: skip


def test_a_tool_that_nobody_configured_goes_outside():
    pip, hub, docker = judged(
        mirror_of("pip", "", explicit=False),
        mirror_of("huggingface", "", explicit=False),
        mirror_of("docker", "", explicit=False),
    )
    assert (pip.target, pip.use, pip.inside) == ("pip public default", "package-mirror", False)
    assert (hub.use, hub.inside, hub.operator_country) == ("model-mirror", False, "US")
    assert (docker.use, docker.inside) == ("container-registry", False)
    (pool,) = judged(TimeServer(origin=ORIGIN, service="t", address="", explicit=False))
    assert (pool.target, pool.inside) == ("t public default", False)
    (image,) = judged(image_of("", explicit=False))
    assert (image.target, image.inside) == ("container engine public default", False)


def test_a_local_path_stays_here():
    (local,) = judged(mirror_of("pip", "", url="file:/srv/wheels"))
    assert (local.inside, local.zone, local.target) == (True, "this host", "file:/srv/wheels")


@pytest.mark.parametrize(
    ("cidr", "inside"),
    [("10.2.0.0/16", True), ("10.0.0.0/7", False), ("127.0.0.0/8", True), ("0.0.0.0/0", False),
     ("169.254.169.254/32", False)],
)  # fmt: skip
def test_a_range_is_inside_where_the_whole_of_it_is(cidr, inside):
    assert judged(mirror_of("docker", cidr, url=" "))[0].inside is inside


def route(destination, gateway="", interface="eth0"):
    return Route(
        origin=ORIGIN, family="ipv6" if ":" in destination else "ipv4", destination=destination,
        gateway=gateway, interface=interface, metric=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (route("0.0.0.0/0", "10.0.0.1"), [("10.0.0.1", True)]),
        (route("0.0.0.0/0", "203.0.113.1"), [("203.0.113.1", False)]),
        (route("::/0", "fe80::1"), [("fe80::1", True)]),
        (route("0.0.0.0/0", "0.0.0.0", "ppp0"), [("0.0.0.0/0", False)]),
        (route("8.8.8.0/24", "", "wg0"), [("8.8.8.0/24", False)]),
        (route("172.17.0.0/16", "", "docker0"), []),
        (route("ff00::/8"), []),
        (route("::1/128", "", "lo"), []),
    ],
)
def test_routes(record, expected):
    assert [(d.target, d.inside) for d in judged(record)] == expected


def connection(remote, direction="out", process="python", port=443, line=1):
    return Connection(
        origin=Origin("sockets", "/proc/net/tcp", line), protocol="tcp", family="ipv4",
        local_address="10.0.0.2", local_port=40000 + line, remote_address=remote,
        remote_port=port, state="ESTABLISHED", direction=direction, pid=None, process=process,
    )  # fmt: skip


def test_connections_are_observed_and_rolled_up():
    found = judged(
        *(connection("8.8.8.8", line=line) for line in range(1, 50)),
        connection("10.0.0.9"),
        connection("9.9.9.9", direction="in"),
        connection("8.8.8.8", process=None, line=60),
    )
    assert [(d.subject, d.target, d.inside, d.basis) for d in found] == [
        ("python", "8.8.8.8", False, "observed"),
        ("python", "10.0.0.9", True, "observed"),
        ("unknown process", "8.8.8.8", False, "observed"),
    ]


def test_proxy_and_network_file_systems():
    proxy = Proxy(
        origin=ORIGIN, subject="host", protocol="http", url="http://proxy.evil.example:3128",
        host="proxy.evil.example", port=3128, bypass=(),
    )  # fmt: skip
    assert [(d.use, d.inside, d.port) for d in judged(proxy)] == [("proxy", False, 3128)]
    found = {
        device: [(d.target, d.inside) for d in judged(mount(device, filesystem))]
        for device, filesystem in (
            ("nas.corp.example:/models", "nfs4"), ("[2001:db8:2::1]:/x", "nfs"),
            ("//203.0.113.4/share", "cifs"), ("10.0.0.1@tcp:/fs", "lustre"),
            ("me@files.evil.example:/x", "fuse.sshfs"), ("/dev/sda1", "ext4"),
            ("10.0.0.1:6789,203.0.113.1:6789:/", "ceph"),
        )
    }  # fmt: skip
    assert found == {
        "nas.corp.example:/models": [("nas.corp.example", True)],
        "[2001:db8:2::1]:/x": [("2001:db8:2::1", False)],
        "//203.0.113.4/share": [("203.0.113.4", False)],
        "10.0.0.1@tcp:/fs": [("10.0.0.1", True)],
        "me@files.evil.example:/x": [("files.evil.example", False)],
        "/dev/sda1": [],
        "10.0.0.1:6789,203.0.113.1:6789:/": [("10.0.0.1", True), ("203.0.113.1", False)],
    }


@pytest.mark.parametrize(
    ("device", "filesystem", "options", "found"),
    [
        ("nas.corp.example:/m", "nfs4", ("rw", "addr=203.0.113.4"),
         [("203.0.113.4", False), ("nas.corp.example", True)]),
        ("s3fs", "fuse.s3fs", (), [("s3fs", None)]),
        ("gdrive:", "fuse.rclone", (), [("gdrive:", None)]),
        ("https://u@dav.evil.example/x", "davfs", (), [("dav.evil.example", False)]),
        ("lxcfs", "fuse.lxcfs", (), []),
    ],
)  # fmt: skip
def test_a_file_system_from_afar_is_a_way_out_under_every_name(device, filesystem, options, found):
    leads = judged(mount(device, filesystem, options))
    assert [(d.target, d.inside) for d in leads] == found


def mount(device, filesystem, options=()):
    return Mount(
        origin=ORIGIN, device=device, path="/m", filesystem=filesystem, options=(),
        super_options=options, device_number="0:1", root="/", mount_id=1, parent_id=0,
    )  # fmt: skip


def service(environment, runtime="vllm", workload="pid:1", subject="vllm"):
    variables = None
    if environment is not None:
        variables = tuple(Variable(name=n, value=v) for n, v in environment.items())
    return AiService(
        origin=ORIGIN, runtime=runtime, title="t", role="model-server", subject=subject,
        workload=workload, source_world="host", image="", arguments=(), environment=variables,
        bind_address=None, port=None, api_key=None, tls=None, remote_code=None, confidence="high",
    )  # fmt: skip


def model(reference, scheme="hub-id", host="", workload="pid:1", subject="vllm"):
    return ModelSource(
        origin=ORIGIN, subject=subject, workload=workload, reference=reference, scheme=scheme,
        host=host,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "inside", "target"),
    [
        ({}, False, "huggingface.co"),
        ({"HF_HUB_OFFLINE": "0"}, False, "huggingface.co"),
        ({"HF_HUB_OFFLINE": "1"}, True, "huggingface.co"),
        ({"TRANSFORMERS_OFFLINE": "YES"}, True, "huggingface.co"),
        ({"HF_HUB_OFFLINE": None}, None, "huggingface.co"),
        (None, None, "huggingface.co"),
        ({"HF_ENDPOINT": "https://hf.corp.example/"}, True, "hf.corp.example"),
        ({"HF_ENDPOINT": "https://corp.example@hf.evil.example/"}, False, "hf.evil.example"),
        ({"HF_ENDPOINT": None}, None, "huggingface.co"),
        ({"HF_HUB_OFFLINE": "1", "VLLM_USE_MODELSCOPE": "True"}, False, "www.modelscope.cn"),
    ],
)
def test_a_hub_id_is_judged_by_the_environment_of_its_service(environment, inside, target):
    (destination,) = judged(model("Qwen/Qwen2.5-7B"), service(environment))
    assert (destination.inside, destination.target) == (inside, target)


def test_a_hub_id_with_no_known_service_cannot_be_told():
    assert judged(model("Qwen/Qwen2.5-7B"))[0].inside is None
    other = service({"HF_HUB_OFFLINE": "1"}, workload="pid:2")
    assert judged(model("Qwen/Qwen2.5-7B"), other)[0].inside is None


def test_one_online_container_of_a_workload_is_enough():
    found = judged(
        model("a/b", subject="pod"),
        service({"HF_HUB_OFFLINE": "1"}, subject="one"),
        service({}, subject="two"),
    )
    assert sorted(str(d.inside) for d in found) == ["False", "True"]


@pytest.mark.parametrize(
    ("record", "environment", "expected"),
    [
        (model("/m/x", "path"), {}, []),
        (model("pvc://claim/x", "volume"), {}, []),
        (model("https://files.corp.example/m", "uri", "files.corp.example"), {}, [True]),
        (model("https://files.evil.example/m", "uri", "files.evil.example"), {}, [False]),
        (model("s3://corp.example/m", "uri", "corp.example"), {}, [False]),
        (model("s3://b/m", "uri", "b"), {"AWS_ENDPOINT_URL": "http://10.0.0.5:9000"}, [True]),
        (model("s3://b/m", "uri", "b"), None, [None]),
        (model("hf://org/m", "uri", "org"), {"HF_HUB_OFFLINE": "1"}, [True]),
        (model("hf://org/m", "uri", "org"), {}, [False]),
        (model("something odd", "unknown"), {}, [None]),
    ],
)
def test_model_references(record, environment, expected):
    assert [d.inside for d in judged(record, service(environment))] == expected


def test_ollama_asks_its_own_registry_or_the_one_it_is_told():
    offline = {"HF_HUB_OFFLINE": "1"}
    ollama = service(offline, runtime="ollama")
    assert judged(model("llama3:8b"), ollama)[0].inside is False
    assert judged(model("registry.corp.example/library/m:1"), ollama)[0].inside is True


def kubernetes_service(name, namespace="ai", service_type="ClusterIP", external="", ips=()):
    return KubernetesService(
        origin=ORIGIN, namespace=namespace, name=name, service_type=service_type,
        external_name=external, external_ips=ips, source_ranges=(),
    )  # fmt: skip


def in_cluster(host, *records, subject="ai/Deployment/llm"):
    found = judged(reference(host, subject=subject), *records, mode="manifests")
    return next(d.inside for d in found if d.use == "api")


def test_names_of_the_cluster_are_inside():
    qdrant = kubernetes_service("qdrant")
    assert in_cluster("qdrant", qdrant) is True
    assert in_cluster("qdrant.ai", qdrant) is True
    assert in_cluster("qdrant.other.svc") is True
    assert in_cluster("pod-0.qdrant.ai.svc.cluster.local") is True


def test_names_that_only_look_like_the_clusters_are_not():
    qdrant = kubernetes_service("qdrant")
    assert in_cluster("qdrant") is None
    assert in_cluster("qdrant", qdrant, subject="other/Deployment/llm") is None
    assert in_cluster("qdrant.ai") is False
    assert in_cluster("svc") is None
    assert in_cluster("evil.example.svc.evil.example") is False
    assert in_cluster("x.cluster.local.evil.example") is False
    assert in_cluster("134744072") is False
    assert judged(reference("qdrant.ai.svc"), qdrant, mode="host")[0].inside is not True


def test_a_service_that_stands_for_an_outside_name_is_judged_by_it():
    alias = kubernetes_service("api", service_type="ExternalName", external="api.openai.com")
    for host in ("api", "api.ai", "api.ai.svc", "api.ai.svc.cluster.local"):
        assert in_cluster(host, alias) is False, host
    (own,) = judged(alias, mode="manifests")
    assert (own.use, own.target, own.inside) == ("service", "api.openai.com", False)
    inside = kubernetes_service("db", service_type="ExternalName", external="db.corp.example")
    assert in_cluster("db", inside) is True


def test_a_name_of_the_clusters_zone_says_when_its_service_was_not_seen():
    (unseen,) = judged(reference("qdrant.ai.svc", subject="ai/Pod/x"), mode="manifests")
    assert unseen.inside is True
    assert "not in these manifests" in unseen.how[0]
    seen = judged(
        reference("qdrant.ai.svc", subject="ai/Pod/x"), kubernetes_service("qdrant"),
        mode="manifests",
    )  # fmt: skip
    assert "not in these manifests" not in seen[0].how[0]


def test_external_addresses_of_a_service():
    found = judged(kubernetes_service("x", ips=("10.0.0.7", "203.0.113.7")), mode="manifests")
    assert [(d.target, d.inside) for d in found] == [("10.0.0.7", True), ("203.0.113.7", False)]


def test_compose_services_know_each_other_by_name():
    qdrant = Workload(
        origin=ORIGIN, resource="ComposeService", api_version="", namespace="compose",
        name="qdrant", path="services.qdrant", containers=1, host_network=False, host_pid=False,
        service_account_token=False, dns_policy="", network_isolated=False, labels=(),
    )  # fmt: skip
    assert in_cluster("qdrant", qdrant, subject="compose/ComposeService/llm") is True
    assert in_cluster("host.docker.internal", subject="compose/ComposeService/llm") is True
    assert inside_of("host.docker.internal") is None


def test_removing_the_sibling_never_makes_a_model_inside():
    with_service = judged(model("a/b"), service({"HF_HUB_OFFLINE": "1"}))
    without = judged(model("a/b"))
    assert with_service[0].inside is True
    assert without[0].inside is None


def test_the_same_evidence_in_another_order_is_the_same():
    records = [reference("8.8.8.8"), connection("8.8.8.8"), route("0.0.0.0/0", "203.0.113.1")]
    one = {msgspec.json.encode(d) for d in judged(*records)}
    other = {msgspec.json.encode(d) for d in judged(*reversed(records))}
    assert one == other
