"""Reads what NetworkPolicies say on egress."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from auditor.evidence.workload import NetworkPolicy
from auditor.manifests._environment import namespace_of
from auditor.manifests._pods import name_of
from auditor.manifests._reading import Cursor

_KIND = "network_policy"
# Policies of network plug-ins: what they let out is decided beside, or over, the standard ones.
_OTHER_GROUPS = ("cilium.io", "crd.projectcalico.org", "projectcalico.org", "crd.antrea.io")
_OTHER_KINDS = (
    "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy", "EgressFirewall",
    "EgressNetworkPolicy",
)  # fmt: skip


def read(document: Cursor) -> Iterator[NetworkPolicy]:
    """Yield the record of a NetworkPolicy (networking.k8s.io/v1); a gap for those of plug-ins."""
    kind = document.string("kind", _KIND)
    if _is_other(document, kind):
        what = f"{kind} is not read: what it lets out is not known"
        document.problems.add(_KIND, "unsupported", what, document)
        return
    if kind != "NetworkPolicy":
        return
    if document.string("apiVersion", _KIND).partition("/")[0] != "networking.k8s.io":
        what = "a NetworkPolicy of another group than networking.k8s.io: no cluster enforces it"
        document.problems.add(_KIND, "unsupported", what, document)
        return
    spec = document.mapping("spec", _KIND)
    if spec is None:
        document.malformed(_KIND, "a NetworkPolicy without a specification")
        return
    rules = tuple(spec.mappings("egress", _KIND))
    cidrs = tuple(_cidrs(rules))
    yield NetworkPolicy(
        origin=document.origin,
        namespace=namespace_of(document),
        name=name_of(document),
        covers_egress=_covers_egress(spec, rules),
        selects_all=_selects_all(spec),
        allows_anywhere=any(_has_no_peer(rule) for rule in rules) or _is_everything(cidrs),
        egress_cidrs=tuple(sorted(set(cidrs))),
    )


def _is_other(document: Cursor, kind: str) -> bool:
    group = document.string("apiVersion", _KIND).partition("/")[0]
    is_plug_in = group in _OTHER_GROUPS and kind.endswith("NetworkPolicy")
    return is_plug_in or kind in _OTHER_KINDS


def _covers_egress(spec: Cursor, rules: tuple[Cursor, ...]) -> bool:
    """Return whether egress is restricted: listed, or without a list if there is a rule for it."""
    if spec.get("policyTypes") is None:
        return bool(rules)
    return "Egress" in spec.texts("policyTypes", _KIND)


def _selects_all(spec: Cursor) -> bool:
    """Return whether the pod selector is empty; one that cannot be read selects not all."""
    selector = spec.get("podSelector")
    if selector is None:
        return True
    if not selector.is_mapping:
        selector.malformed(_KIND, "a mapping is expected here")
        return False
    return not any(
        next(iter(value.entries()), None) or next(iter(value.items()), None) or value.text()
        for _, value in selector.entries()
    )


def _has_no_peer(rule: Cursor) -> bool:
    """Return whether a rule lets out to everybody: `to` is missing or empty."""
    peers = rule.get("to")
    return peers is None or (peers.is_list and next(peers.items(), None) is None)


def _cidrs(rules: tuple[Cursor, ...]) -> Iterator[str]:
    for rule in rules:
        for peer in rule.mappings("to", _KIND):
            block = peer.mapping("ipBlock", _KIND)
            if block is None:
                if not (peer.get("podSelector") or peer.get("namespaceSelector")):
                    peer.malformed(_KIND, "a peer that names nobody: no cluster takes it")
                continue
            cidr = block.string("cidr", _KIND)
            try:
                yield str(ip_network(cidr, strict=False))
            except ValueError:
                block.malformed(_KIND, "an address range (CIDR) is expected here")


def _is_everything(cidrs: tuple[str, ...]) -> bool:
    """Return whether the ranges together hold every address of a family.

    Two halves (`0.0.0.0/1` and `128.0.0.0/1`) do as well. `except` is not counted: what is
    left is still the whole outside but for a part.
    """
    networks = [ip_network(cidr) for cidr in cidrs]
    four = collapse_addresses(n for n in networks if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in networks if isinstance(n, IPv6Network))
    return any(n.prefixlen == 0 for n in four) or any(n.prefixlen == 0 for n in six)
