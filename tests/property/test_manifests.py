"""Whatever a document holds, a reader yields records and gaps, and ends."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import manifests
from auditor.evidence import Gap, Record, encode, kind_of
from auditor.manifests import Document
from auditor.yamldoc import load_all

KEYS = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "labels",
    "spec",
    "template",
    "containers",
    "initContainers",
    "image",
    "env",
    "envFrom",
    "value",
    "valueFrom",
    "configMapKeyRef",
    "secretKeyRef",
    "key",
    "args",
    "command",
    "ports",
    "containerPort",
    "hostPort",
    "hostNetwork",
    "volumes",
    "volumeMounts",
    "mountPath",
    "hostPath",
    "path",
    "securityContext",
    "runAsUser",
    "privileged",
    "capabilities",
    "add",
    "dnsConfig",
    "nameservers",
    "searches",
    "hostAliases",
    "ip",
    "hostnames",
    "selector",
    "type",
    "port",
    "nodePort",
    "externalName",
    "externalIPs",
    "podSelector",
    "policyTypes",
    "egress",
    "to",
    "ipBlock",
    "cidr",
    "rules",
    "http",
    "paths",
    "backend",
    "service",
    "tls",
    "hosts",
    "data",
    "items",
    "predictor",
    "model",
    "storageUri",
    "uri",
    "headGroupSpec",
    "rayStartParams",
    "listeners",
    "protocol",
    "subsets",
    "addresses",
    "endpoints",
    "services",
    "environment",
    "env_file",
    "dns",
    "extends",
    "file",
    "networks",
    "internal",
    "network_mode",
    "build",
    "extra_hosts",
    "user",
    "command",
    "entrypoint",
    "logging",
    "options",
    "provider",
    "models",
    "configs",
    "content",
    "include",
]
WORDS = [
    "Pod",
    "Deployment",
    "List",
    "ConfigMap",
    "Secret",
    "Service",
    "Ingress",
    "NetworkPolicy",
    "InferenceService",
    "Gateway",
    "LLMInferenceService",
    "RayCluster",
    "HTTPRoute",
    "ServiceEntry",
    "EndpointSlice",
    "v1",
    "apps/v1",
    "x.example/v1",
    "LoadBalancer",
    "NodePort",
    "host",
    "none",
    "llm",
    "vllm/vllm-openai:v1",
    "${X}",
    "${X:-a}",
    "$(X)",
    "https://a.example",
    "http://$(X)/",
    "10.0.0.0/8",
    "8000:8000",
    "127.0.0.1:1:2",
    "--model=a/b",
    "vllm",
    "serve",
    "--api-key",
    "0",
    "yes",
]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 70_000), st.sampled_from(WORDS), st.text(max_size=8)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    ),
    max_leaves=40,
)
OBJECTS = st.fixed_dictionaries(
    {"apiVersion": st.sampled_from(WORDS), "kind": st.sampled_from(WORDS), "spec": TREES},
    optional={"metadata": TREES, "data": TREES, "items": st.lists(TREES, max_size=3)},
)
COMPOSE = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from(["a", "b"]), TREES, max_size=2)},
    optional={"networks": TREES, "models": TREES, "configs": TREES, "volumes": TREES},
)


def documents(*trees):
    data = "\n---\n".join(json.dumps(tree) for tree in trees).encode("utf-8", "replace")
    try:
        nodes = load_all(data, where="x.yaml")
    except manifests.DocumentError:
        return ()
    return tuple(Document(source="x.yaml", node=node) for node in nodes)


@pytest.mark.parametrize("name", manifests.names())
@settings(max_examples=150, deadline=None)
@given(trees=st.lists(st.one_of(OBJECTS, COMPOSE, TREES), max_size=3))
def test_a_reader_yields_facts_of_its_kinds_and_nothing_else(name, trees):
    reader = manifests.load(name)
    mine = tuple(d for d in documents(*trees) if reader.recognises(d.node))
    facts = list(reader.read(mine))
    assert all(isinstance(fact, (Gap, *reader.yields)) for fact in facts)
    assert len(facts) < 5_000
    assert facts == list(reader.read(mine))


@settings(max_examples=60, deadline=None)
@given(
    tree=OBJECTS,
    secret=st.text("abcdefghjkmnpqrstuvwxyzABCDEFGH23456789", min_size=30, max_size=40),
)
def test_a_token_never_reaches_the_evidence(tree, secret):
    token = f"hf_{secret}"
    tree["spec"] = {
        "inner": tree["spec"],
        "containers": [{"name": "c", "image": "vllm/vllm-openai", "args": ["--api-key", token],
                        "env": [{"name": "HF_TOKEN", "value": token}]}],
    }  # fmt: skip
    reader = manifests.load("kubernetes")
    mine = tuple(d for d in documents(tree) if reader.recognises(d.node))
    assert token not in repr(list(reader.read(mine)))


def test_the_order_of_documents_changes_no_record(tmp_path, monkeypatch):
    samples = Path(__file__).parents[2] / "samples" / "manifests" / "leaky"
    monkeypatch.chdir(samples)
    files = tuple(Path(name) for name in sorted(p.name for p in samples.iterdir()))
    forwards, backwards = manifests.read(files), manifests.read(files[::-1])
    assert set(forwards.records) == set(backwards.records)
    assert set(forwards.gaps) == set(backwards.gaps)


def test_breaking_any_part_of_a_manifest_takes_no_gap_away():
    """Replace each mapping and list of the leaky deployment by text: silence is never the answer."""
    path = Path(__file__).parents[2] / "samples" / "manifests" / "leaky" / "vllm.yaml"
    tree = list(yaml.safe_load_all(path.read_text()))
    reader = manifests.load("kubernetes")
    whole = Counter(kind_of(f) for f in reader.read(documents(*tree)) if isinstance(f, Record))
    for steps in _places(tree):
        broken = json.loads(json.dumps(tree))
        holder = broken
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = "broken"
        facts = list(reader.read(documents(*broken)))
        lost = whole - Counter(kind_of(f) for f in facts if isinstance(f, Record))
        said = any(isinstance(fact, Gap) for fact in facts)
        assert said or not lost, steps


def _places(node, steps=()):
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for step, value in items:
        if isinstance(value, (dict, list)):
            if steps:
                yield (*steps, step)
            yield from _places(value, (*steps, step))


def test_evidence_of_hostile_manifests_can_be_written():
    from auditor import api

    samples = Path(__file__).parents[2] / "samples" / "manifests"
    evidence = api.gate((samples / "hostile", samples / "malformed"), at="2026-11-26T08:00:00Z")
    assert encode(evidence) == encode(evidence)
