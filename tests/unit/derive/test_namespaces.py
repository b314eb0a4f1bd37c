"""Default egress of namespaces: what only looks like a default deny is not one."""

from __future__ import annotations

import pytest

from auditor.derive.namespaces import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.workload import NetworkPolicy, Workload


def namespaces(*records):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="manifests",
        subject=Subject(name="h"), taken_at="2026-06-01T00:00:00Z", site=Site(), records=records,
    )  # fmt: skip
    return list(DERIVATION.derive(evidence))


def workload(name="llm", namespace="ai", resource="Deployment", line=1):
    return Workload(
        origin=Origin("kubernetes", "x.yaml", line, 1), resource=resource, api_version="apps/v1",
        namespace=namespace, name=name, path="spec", containers=1, host_network=False,
        host_pid=False, service_account_token=True, dns_policy="ClusterFirst",
        network_isolated=False, labels=(),
    )  # fmt: skip


def policy(name="p", namespace="ai", *, egress=True, everything=True, anywhere=False):
    return NetworkPolicy(
        origin=Origin("kubernetes", "p.yaml", 1, 1), namespace=namespace, name=name,
        covers_egress=egress, selects_all=everything, allows_anywhere=anywhere, egress_cidrs=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("policies", "denied"),
    [
        ([], False),
        ([policy()], True),
        ([policy(egress=False)], False),
        ([policy(everything=False)], False),
        ([policy(anywhere=True)], False),
        ([policy(namespace="other")], False),
        ([policy(), policy("q", everything=False, anywhere=True)], True),
        ([policy(), policy("q", anywhere=True)], False),
        ([policy("q", anywhere=True), policy()], False),
    ],
    ids=["none", "deny-all", "ingress-only", "some-pods", "allows-anywhere", "other-namespace",
         "one-pod-may", "undone-by-a-second", "undone-by-a-first"],
)  # fmt: skip
def test_default_deny(policies, denied):
    (namespace,) = namespaces(workload(), *policies)
    assert namespace.default_deny is denied


def test_every_namespace_with_a_workload_is_listed_once():
    found = namespaces(
        workload("b", "two", line=9),
        workload("a", "one", line=5),
        workload("c", "two", line=3),
        workload("d", "compose", resource="ComposeService"),
        policy(namespace="empty"),
        policy("z", "two"),
        policy("a", "two", egress=False),
    )
    assert [(n.namespace, n.workloads, n.origin.line, n.policies) for n in found] == [
        ("one", 1, 5, ()),
        ("two", 2, 3, ("a", "z")),
    ]
