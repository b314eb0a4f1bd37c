"""Compose files: short forms, variables, networks; what the shell decides is not known."""

from __future__ import annotations

import pytest


def service(lines: str, tail: str = "") -> str:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"services:\n  llm:\n{body}{tail}"


@pytest.mark.parametrize(
    ("port", "address", "number"),
    [
        ('"8000:8000"', "0.0.0.0", 8000),
        ('"127.0.0.1:8001:8000"', "127.0.0.1", 8001),
        ('"[::1]:8001:8000"', "::1", 8001),
        ('"8000"', "0.0.0.0", 8000),
        ("8000", "0.0.0.0", 8000),
        ('"${PORT:-9000}:8000"', "0.0.0.0", 9000),
        ("{target: 8000, published: '8080', host_ip: 10.0.0.5}", "10.0.0.5", 8080),
    ],
)
def test_where_a_port_is_published(read, port, address, number):
    found = read(service(f"image: ollama/ollama\nports: [{port}]")).one("listening_port")
    assert (found.address, found.port, found.published_by) == (address, number, "compose")
    assert found.workload == "compose/ComposeService/llm"


def test_a_range_is_every_port_of_it(read):
    found = read(service('image: x\nports: ["3000-3002:3000-3002/udp"]'))
    assert [(p.port, p.protocol) for p in found.of("listening_port")] == [
        (3000, "udp"), (3001, "udp"), (3002, "udp"),
    ]  # fmt: skip


def test_a_port_of_the_shell_is_a_gap_and_nonsense_is_malformed(read):
    assert ("listening_port", "not-collected") in read(
        service('image: x\nports: ["${PORT}:80"]')
    ).gap_kinds()
    nonsense = read(service("image: x\nports: [eighty]"))
    assert ("listening_port", "malformed") in nonsense.gap_kinds()
    assert nonsense.inputs[0].status == "gap"


@pytest.mark.parametrize(
    "environment",
    ["environment: [HF_HUB_OFFLINE]", "environment: {HF_HUB_OFFLINE: }",
     "environment: {HF_HUB_OFFLINE: '${OFFLINE}'}", "env_file: .env"],
)  # fmt: skip
def test_what_the_shell_or_a_file_sets_is_not_unset(read, environment):
    found = read(service(f"image: vllm/vllm-openai:v1\n{environment}"))
    values = {v.name: v.value for v in found.one("ai_service").environment}
    assert values["HF_HUB_OFFLINE"] is None


def test_a_default_is_what_the_file_says(read):
    found = read(
        service("image: ${IMAGE:-vllm/vllm-openai}\nenvironment:\n  - HF_HUB_OFFLINE=${X-1}")
    )
    assert found.one("container_image").reference == "vllm/vllm-openai"
    assert found.one("ai_service").environment[0].value == "1"


def test_an_image_of_the_shell_or_of_a_build_is_a_gap(read):
    for lines in ("image: ${IMAGE}", "build: ."):
        assert ("container_image", "not-collected") in read(service(lines)).gap_kinds()


@pytest.mark.parametrize(
    ("networks", "isolated"),
    [
        ("networks: [a]|networks: {a: {internal: true}}", True),
        ("networks: [a, b]|networks: {a: {internal: true}, b: {}}", False),
        ("networks: {a: }|networks: {a: {internal: true}}", True),
        ("networks: [a]|", False),
        ("|networks: {a: {internal: true}}", False),
        ("|networks: {default: {internal: true}}", True),
        ("network_mode: none|", True),
        ("network_mode: host|networks: {default: {internal: true}}", False),
        ("networks: [a]|networks: {a: {external: true}}", False),
    ],
)
def test_a_service_is_isolated_only_where_every_network_is_internal(read, networks, isolated):
    lines, _, tail = networks.partition("|")
    found = read(service(f"image: x\n{lines}", tail + "\n"))
    assert found.one("workload").network_isolated is isolated


def test_names_proxies_volumes_and_rights(read):
    found = read(
        service(
            "image: x.example/y:1\ndns: [203.0.113.53]\ndns_search: lab.example\nprivileged: true\n"
            "extra_hosts: {api.example: 203.0.113.7, gateway: host-gateway}\nuser: root\n"
            "volumes: ['/srv/m:/m:ro', 'data:/d']\nenvironment: {https_proxy: 'http://p.example:1'}\n"
        )
    )
    assert found.one("dns_resolver").address == "203.0.113.53"
    assert found.one("search_domain").domain == "lab.example"
    assert found.one("remote_reference").host == "203.0.113.7"
    assert found.one("proxy").host == "p.example"
    container = found.one("container")
    assert (container.privileged, container.run_as_root) == (True, True)
    assert [(v.volume_type, v.source, v.read_only) for v in found.of("volume_mount")] == [
        ("hostPath", "/srv/m", True), ("volume", "data", False),
    ]  # fmt: skip


def test_the_host_network_publishes_the_service_itself(read):
    found = read(
        service("image: ollama/ollama\nnetwork_mode: host\nenvironment: [OLLAMA_HOST=0.0.0.0]")
    )
    port = found.one("listening_port")
    assert (port.address, port.port, port.published_by) == ("0.0.0.0", 11434, "host-network")


def test_a_service_of_the_same_file_is_extended(read):
    found = read(
        "services:\n  base: {image: ollama/ollama, ports: ['1:1'], environment: {A_URL: 'http://x.example'}}\n"
        "  llm: {extends: base, ports: ['2:2']}\n"
    )
    assert [p.port for p in found.of("listening_port") if p.process == "llm"] == [1, 2]
    assert len(found.of("container_image")) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("services: {a: {extends: {file: b.yaml, service: c}, image: x}}", "unsupported"),
        ("services: {a: {extends: a, image: x}}", "malformed"),
        ("include: [b.yaml]\nservices: {a: {image: x}}", "unsupported"),
    ],
)
def test_what_is_elsewhere_or_goes_in_circles_is_a_gap(read, text, reason):
    assert ("workload", reason) in read(text).gap_kinds()


def test_models_that_the_engine_pulls(read):
    found = read("models: {m: {model: ai/smollm2}}\nservices: {a: {image: x, models: [m]}}\n")
    assert (found.one("model_source").reference, found.one("model_source").scheme) == (
        "ai/smollm2",
        "hub-id",
    )
