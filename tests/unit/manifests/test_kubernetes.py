"""Kubernetes objects: the same pod gives the same facts, and what is not known is not empty."""

from __future__ import annotations

import json

import msgspec
import pytest

from auditor import manifests
from auditor.evidence import Origin, kind_of

POD = """apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ai, labels: {app: p}}
spec:
  containers:
    - name: c
      image: vllm/vllm-openai:v0.9.1
"""


def pod(extra: str = "", container: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in container.splitlines())
    return POD + lines + "".join(f"  {line}\n" for line in extra.splitlines())


def normalised(record):
    """Return a record as text without what names the object that holds the pod."""
    plain = msgspec.to_builtins(
        msgspec.structs.replace(record, origin=Origin("kubernetes", "x")), str_keys=True
    )
    for name in ("resource", "api_version", "path"):
        plain.pop(name, None)
    text = json.dumps(plain, sort_keys=True)
    for resource in ("Deployment", "Job", "RayCluster", "InferenceService", "WeldingCell"):
        text = text.replace(f"ai/{resource}/same", "ai/*/same")
    return text


def test_one_pod_template_gives_the_same_facts_in_every_kind_of_object(samples):
    facts = {}
    for file in sorted((samples / "same-template").iterdir()):
        records = manifests.read((file,)).records
        facts[file.name] = sorted(normalised(record) for record in records)
        assert {kind_of(record) for record in records} >= {
            "ai_service", "container", "container_image", "dns_resolver", "environment_variable",
            "listening_port", "model_source", "remote_reference", "volume_mount", "workload",
        }  # fmt: skip
    assert len(facts) == 5
    first, *others = facts.values()
    assert all(other == first for other in others)


def test_a_fact_knows_its_line_and_column(read):
    read_here = read(pod())
    assert read_here.one("container_image").origin == Origin("kubernetes", "a.yaml", 7, 14)
    assert read_here.one("container").origin.place == "a.yaml:6:7"


def test_kubernetes_defaults_apply_where_the_manifest_is_silent(read):
    found = read(pod())
    workload = found.one("workload")
    assert (workload.service_account_token, workload.dns_policy) == (True, "ClusterFirst")
    container = found.one("container")
    assert (container.privileged, container.read_only_root, container.run_as_root) == (
        False,
        False,
        None,
    )
    assert container.pull_policy == "IfNotPresent"
    assert read(POD.replace(":v0.9.1", "")).one("container").pull_policy == "Always"


def test_yes_is_true_as_the_cluster_reads_it_and_text_is_refused(read):
    assert read(pod("hostNetwork: yes")).one("workload").host_network is True
    refused = read(pod('hostNetwork: "true"'))
    assert refused.gap_kinds() == [("workload", "malformed")]
    assert refused.inputs[0].status == "gap"


@pytest.mark.parametrize(
    ("spec", "container", "root"),
    [
        ("securityContext: {runAsUser: 0}", "", True),
        ("securityContext: {runAsNonRoot: true}", "", False),
        ("securityContext: {runAsNonRoot: true}", "securityContext: {runAsUser: 0}", True),
        ("securityContext: {runAsNonRoot: false}", "", None),
        ("", "securityContext: {runAsUser: 1000}", False),
    ],
)
def test_the_container_decides_over_the_pod_who_runs_it(read, spec, container, root):
    assert read(pod(spec, container)).one("container").run_as_root is root


def test_lists_and_json_are_read_as_well(read):
    item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "j"},
            "spec": {"containers": [{"name": "c", "image": "a.example/b:1"}]}}  # fmt: skip
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [item, item]}, indent="\t")
    found = read(listed, "list.json")
    assert [w.label for w in found.of("workload")] == ["default/Pod/j"] * 2
    assert found.inputs[0].status == "judged"


def test_several_templates_of_one_object_are_told_apart(read):
    template = "{template: {spec: {containers: [{name: c, image: rayproject/ray:2.9}]}}}"
    found = read(
        "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: r, namespace: ai}\nspec:\n"
        f"  headGroupSpec: {template}\n  workerGroupSpecs: [{template}]\n"
    )
    assert [w.label for w in found.of("workload")] == [
        "ai/RayCluster/r (spec.headGroupSpec.template.spec)",
        "ai/RayCluster/r (spec.workerGroupSpecs[0].template.spec)",
    ]
    assert len({s.workload for s in found.of("ai_service")}) == 2


def test_ray_parameters_are_the_arguments_of_ray(read):
    found = read(
        "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: r}\nspec:\n"
        "  headGroupSpec:\n    rayStartParams: {dashboard-host: 0.0.0.0}\n"
        "    template: {spec: {containers: [{name: c, image: rayproject/ray:2.9}]}}\n"
    )
    assert found.one("ai_service").arguments == (
        "ray", "start", "--head", "--dashboard-host=0.0.0.0",
    )  # fmt: skip


def test_schemas_and_policies_that_describe_pods_ask_for_none(read):
    found = read(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\n"
        "spec: {rules: [{validate: {pattern: {spec: {containers: [{image: 'a/*'}]}}}}]}\n"
    )
    assert found.records == ()


def test_argo_and_tekton_containers_are_containers(read):
    found = read(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n"
        "  templates:\n    - {name: a, container: {image: python:3.12}}\n"
        "    - {name: b, script: {image: alpine:3, source: 'vllm serve x/y'}}\n"
        "---\napiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\n"
        "spec: {steps: [{name: s, image: golang:1.22}]}\n"
    )
    assert [i.reference for i in found.of("container_image")] == [
        "python:3.12", "alpine:3", "golang:1.22",
    ]  # fmt: skip
    assert found.one("model_source").reference == "x/y"


def test_malformed_parts_are_gaps_and_the_others_are_read(samples):
    found = manifests.read((samples / "malformed" / "containers-as-text.yaml",))
    assert [r.reference for r in found.records if kind_of(r) == "container_image"] == [
        "vllm/vllm-openai:v0.9.1"
    ]
    details = {(gap.kind, gap.origin.line) for gap in found.gaps if gap.reason == "malformed"}
    assert details == {
        ("container", 8), ("container", 20), ("workload", 15), ("environment_variable", 19),
    }  # fmt: skip
    service = next(r for r in found.records if kind_of(r) == "ai_service")
    # What the broken `env` would have set is not known: it must not look unset.
    assert {v.name: v.value for v in service.environment}["HF_HUB_OFFLINE"] is None


def test_containers_as_text_in_an_unknown_object_are_no_silence(read):
    found = read("apiVersion: x.example/v1\nkind: X\nspec: {predictor: {containers: server}}\n")
    assert found.gap_kinds() == [("container", "malformed")]


def test_variables_of_a_secret_that_is_not_there_are_not_unset(read):
    found = read(pod(container="envFrom: [{secretRef: {name: s}}]"))
    service = found.one("ai_service")
    assert {v.name: v.value for v in service.environment}["HF_HUB_OFFLINE"] is None
    assert service.api_key is None
    assert ("environment_variable", "not-collected") in found.gap_kinds()
    assert ("remote_reference", "not-collected") in found.gap_kinds()


def test_what_is_set_beside_an_unknown_secret_is_known(read):
    found = read(
        pod(
            container="envFrom: [{secretRef: {name: s}}]\nenv: [{name: HF_HUB_OFFLINE, value: '1'}]"
        )
    )
    known = {v.name: v.value for v in found.one("ai_service").environment}
    assert known["HF_HUB_OFFLINE"] == "1"


def test_a_key_from_a_secret_that_must_be_there_is_a_key(read):
    entry = "env: [{{name: VLLM_API_KEY, valueFrom: {{secretKeyRef: {{name: s, key: k{}}}}}}}]"
    assert read(pod(container=entry.format(""))).one("ai_service").api_key is True
    optional = read(pod(container=entry.format(", optional: true")))
    assert optional.one("ai_service").api_key is None


def test_config_maps_of_the_same_namespace_are_resolved(read):
    text = pod(
        container="env: [{name: HF_ENDPOINT, valueFrom: {configMapKeyRef: {name: m, key: e}}}]"
    )
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: {}}}\ndata: {{e: 'https://hf-mirror.example'}}\n"
    here = read(text + config.format("ai"))
    assert "hf-mirror.example" in {r.host for r in here.of("remote_reference")}
    elsewhere = read(text + config.format("other"))
    variable = next(v for v in elsewhere.of("environment_variable") if v.name == "HF_ENDPOINT")
    assert variable.value is None
    assert ("remote_reference", "not-collected") in elsewhere.gap_kinds()


def test_secrets_are_never_stored(read):
    secret = "hf_ThisIsNoRealTokenAtAll0123456789"
    found = read(
        pod(
            container=f"args: [--api-key={secret}, --model, m/n]\nenv:\n"
            f"  - {{name: HF_TOKEN, value: {secret}}}\n"
            f"  - {{name: DB_URL, value: 'postgres://u:{secret}@db.partner.example/x'}}\n"
        )
        + f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: ai}}\nstringData: {{k: {secret}}}\n"
    )
    assert secret not in repr(found.records) + repr(found.gaps)
    token = next(v for v in found.of("environment_variable") if v.name == "HF_TOKEN")
    assert (token.secret, token.literal, token.value) == (True, True, "")
    assert "db.partner.example" in {r.host for r in found.of("remote_reference")}


def test_an_inference_service_names_its_model_and_says_that_the_image_is_not_known(samples):
    found = manifests.read((samples / "leaky" / "kserve.yaml",))
    sources = {
        r.workload: (r.reference, r.scheme) for r in found.records if kind_of(r) == "model_source"
    }
    assert sources == {
        "serving/InferenceService/qwen": ("hf://Qwen/Qwen2.5-7B-Instruct", "hub-id"),
        "serving/LLMInferenceService/deepseek": ("s3://models-public/deepseek-r1", "uri"),
    }
    assert {r.runtime for r in found.records if kind_of(r) == "ai_service"} == {"kserve", "vllm"}
    assert "container_image" in {gap.kind for gap in found.gaps}


def test_an_object_that_deploys_others_is_a_gap(read):
    found = read(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n"
        "spec: {source: {repoURL: 'https://git.partner.example/x.git'}}\n"
    )
    assert found.gap_kinds() == [("workload", "not-collected")]
    assert found.one("remote_reference").host == "git.partner.example"
