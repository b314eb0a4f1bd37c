"""What a cluster publishes, and what a policy lets out."""

from __future__ import annotations

import pytest

POD = """apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ai, labels: {app: llm, tier: a}}
spec: {containers: [{name: c, image: 'vllm/vllm-openai:v1'}]}
"""
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: ai}
spec:
  type: %s
  selector: {app: llm}
  ports: [{port: 80, targetPort: 8000, nodePort: 30080}]
"""


@pytest.mark.parametrize(
    ("service_type", "port", "published_by"),
    [("NodePort", 30080, "node-port"), ("LoadBalancer", 80, "load-balancer")],
)
def test_a_published_service_is_a_port_of_its_workload(read, service_type, port, published_by):
    found = read(POD + SERVICE % service_type).one("listening_port")
    assert (found.address, found.port, found.published_by) == ("0.0.0.0", port, published_by)
    assert found.workload == "ai/Pod/p"


def test_an_inner_service_publishes_nothing(read):
    assert read(POD + SERVICE % "ClusterIP").of("listening_port") == []


def test_a_selector_holds_within_its_namespace_and_needs_every_label(read):
    other = POD.replace("namespace: ai", "namespace: other")
    assert read(other + SERVICE % "NodePort").one("listening_port").workload is None
    wrong = (POD + SERVICE % "NodePort").replace(
        "selector: {app: llm}", "selector: {app: llm, tier: b}"
    )
    assert read(wrong).one("listening_port").workload is None


def test_a_published_port_of_unknown_owner_is_unknown_not_nobody(read):
    port = read(SERVICE % "LoadBalancer").one("listening_port")
    assert (port.process, port.pid, port.workload) == (None, None, None)


def test_an_ingress_leads_to_the_workload_behind_its_service(read):
    ingress = """---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: ai}
spec:
  tls: [{hosts: [a.corp.example], secretName: t}]
  rules:
    - {host: a.corp.example, http: {paths: [{backend: {service: {name: s, port: {number: 80}}}}]}}
"""
    found = read(POD + SERVICE % "ClusterIP" + ingress)
    assert found.one("ingress").tls is True
    port = found.one("listening_port")
    assert (port.workload, port.port, port.published_by) == ("ai/Pod/p", 443, "ingress")
    plain = ingress.replace("a.corp.example]", "b.corp.example]")
    assert read(POD + SERVICE % "ClusterIP" + plain).one("ingress").tls is False


def test_a_route_of_the_gateway_api_leads_to_a_workload(read):
    route = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: ai}
spec: {rules: [{backendRefs: [{name: s, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: ai}
spec: {listeners: [{protocol: HTTPS}, {protocol: HTTP}]}
"""
    found = read(POD + SERVICE % "ClusterIP" + route)
    assert found.one("listening_port").workload == "ai/Pod/p"
    assert found.one("ingress").tls is False


def test_host_ports_and_the_node_network_are_published(read):
    ports = POD.replace(
        "'vllm/vllm-openai:v1'",
        "'vllm/vllm-openai:v1', ports: [{containerPort: 9000, hostPort: 9, hostIP: 127.0.0.1}]",
    )
    port = read(ports).one("listening_port")
    assert (port.address, port.port, port.published_by) == ("127.0.0.1", 9, "host-port")
    unlisted = read(POD.replace("spec: {", "spec: {hostNetwork: true, "))
    port = unlisted.one("listening_port")
    assert (port.port, port.published_by) == (8000, "host-network")


def test_an_external_name_leads_outside(read):
    found = read(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
        "spec: {type: ExternalName, externalName: api.openai.com}\n"
    )
    service = found.one("kubernetes_service")
    assert (service.service_type, service.external_name) == ("ExternalName", "api.openai.com")
    assert found.of("listening_port") == []


POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n, namespace: ai}}\nspec: {}\n"


@pytest.mark.parametrize(
    ("spec", "covers", "selects_all", "anywhere"),
    [
        ("{podSelector: {}, policyTypes: [Egress]}", True, True, False),
        ("{podSelector: {}, policyTypes: [Ingress]}", False, True, False),
        ("{podSelector: {}}", False, True, False),
        ("{podSelector: {}, egress: []}", False, True, False),
        ("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}", True, True, False),
        ("{podSelector: {matchLabels: {a: b}}, policyTypes: [Egress]}", True, False, False),
        ("{podSelector: {matchLabels: {}}, policyTypes: [Egress]}", True, True, False),
        ("{podSelector: all, policyTypes: [Egress]}", True, False, False),
        ("{podSelector: {}, policyTypes: [Egress], egress: [{}]}", True, True, True),
        ("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}", True, True, True),
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}", True, True, True),
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]}", True, True, True),
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}", True, True, False),
    ],
)  # fmt: skip
def test_what_a_network_policy_says_on_egress(read, spec, covers, selects_all, anywhere):
    policy = read(POLICY.format(spec)).one("network_policy")
    assert (policy.covers_egress, policy.selects_all, policy.allows_anywhere) == (
        covers,
        selects_all,
        anywhere,
    )


def test_policies_of_plug_ins_are_gaps(read):
    found = read(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\nspec: {}\n"
    )
    assert found.gap_kinds() == [("network_policy", "unsupported")]
    assert found.of("network_policy") == []
