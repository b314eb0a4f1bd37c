"""Reads Services, Ingresses and Gateways: which ports of which workloads the cluster publishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.network import ListeningPort
from auditor.evidence.workload import Ingress, KubernetesService, Workload
from auditor.hostnames import address_of
from auditor.manifests._environment import namespace_of
from auditor.manifests._pods import Pod, name_of
from auditor.manifests._reading import Cursor

_KIND = "kubernetes_service"
_TYPES: dict[str, Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]] = {
    "ClusterIP": "ClusterIP", "NodePort": "NodePort", "LoadBalancer": "LoadBalancer",
    "ExternalName": "ExternalName",
}  # fmt: skip
_ROUTES = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute", "AIGatewayRoute")
_HTTPS, _HTTP = 443, 80
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a manifest publishes on, nothing is bound


class Workloads:
    """The pods of the input, found by a selector within a namespace."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        """Index the pods by namespace and by each label."""
        self._by_label: dict[tuple[str, str, str], list[Pod]] = {}
        for pod in pods:
            for key, value in pod.labels.items():
                place = pod.workload.namespace, key, value
                self._by_label.setdefault(place, []).append(pod)

    def selected(self, namespace: str, selector: dict[str, str]) -> tuple[Workload, ...]:
        """Return the workloads with all of these labels; an empty selector selects none."""
        lists = [self._by_label.get((namespace, k, v), []) for k, v in selector.items()]
        if not lists:
            return ()
        fewest = min(lists, key=len)
        wanted = selector.items()
        return tuple(pod.workload for pod in fewest if wanted <= pod.labels.items())


class Exposed(Struct, frozen=True, kw_only=True):
    """A port as it is published: `address` is `0.0.0.0` for every one."""

    address: str
    port: int
    protocol: Literal["tcp", "udp"]
    published_by: str


class Backend(Struct, frozen=True, kw_only=True):
    """A Service (or InferencePool) that routes can lead to, and its selector."""

    namespace: str
    name: str
    selector: dict[str, str]


Backends = dict[tuple[str, str], Backend]


def backend_of(document: Cursor) -> Backend | None:
    """Return the backend that an object is, or `None`."""
    kind = document.string("kind", _KIND)
    if kind not in ("Service", "InferencePool"):
        return None
    selector = document.down("spec", "selector")
    labels = (selector.get("matchLabels") if selector else None) or selector
    pairs = {key: value.text() or "" for key, value in labels.entries()} if labels else {}
    return Backend(namespace=namespace_of(document), name=name_of(document), selector=pairs)


def service(document: Cursor, workloads: Workloads) -> Iterator[Record]:
    """Yield a Service's record, and a port for each workload that it publishes."""
    if document.string("kind", _KIND) != "Service":
        return
    spec = document.mapping("spec", _KIND)
    backend = backend_of(document)
    if spec is None or backend is None:
        document.malformed(_KIND, "a Service without a specification")
        return
    written = spec.string("type", _KIND, "ClusterIP")
    service_type = _TYPES.get(written)
    if service_type is None:
        spec.malformed(_KIND, "an unknown type of Service")
    record = KubernetesService(
        origin=document.origin,
        namespace=backend.namespace,
        name=backend.name,
        service_type=service_type,
        external_name=spec.string("externalName", _KIND),
        external_ips=spec.texts("externalIPs", _KIND),
        source_ranges=spec.texts("loadBalancerSourceRanges", _KIND),
    )
    yield record
    owners = workloads.selected(backend.namespace, backend.selector)
    for port in spec.mappings("ports", "listening_port"):
        for exposed in _published(record, port):
            yield from published(port, owners, exposed)


def _published(record: KubernetesService, port: Cursor) -> Iterator[Exposed]:
    """Yield how a port of a service is published, if it is."""
    number = port.number("port", "listening_port") or 0
    protocol = protocol_of(port)
    if record.service_type == "LoadBalancer":
        yield Exposed(
            address=EVERYWHERE, port=number, protocol=protocol, published_by="load-balancer"
        )
    elif record.service_type == "NodePort":
        node_port = port.number("nodePort", "listening_port") or number
        yield Exposed(
            address=EVERYWHERE, port=node_port, protocol=protocol, published_by="node-port"
        )
    for address in record.external_ips:
        if address_of(address) is None:
            port.malformed(_KIND, "an external IP that is no address")
        else:
            yield Exposed(
                address=address, port=number, protocol=protocol, published_by="load-balancer"
            )


def protocol_of(port: Cursor) -> Literal["tcp", "udp"]:
    """Return the protocol of a port; SCTP counts as TCP, for it too accepts connections."""
    return "udp" if port.string("protocol", "listening_port").upper() == "UDP" else "tcp"


def published(
    cursor: Cursor, owners: tuple[Workload, ...], exposed: Exposed
) -> Iterator[ListeningPort]:
    """Yield a published port for each workload behind it; for none, one of unknown owner."""
    for owner in owners or (None,):
        yield ListeningPort(
            origin=cursor.origin,
            protocol=exposed.protocol,
            family="ipv6" if ":" in exposed.address else "ipv4",
            address=exposed.address,
            port=exposed.port,
            pid=0 if owner else None,
            process=owner.name if owner else None,
            workload=owner.label if owner else None,
            container=None,
            published_by=exposed.published_by,
        )


def routes(document: Cursor, backends: Backends, workloads: Workloads) -> Iterator[Record]:
    """Yield an Ingress, Gateway or route, and a port for each workload that it leads to."""
    kind = document.string("kind", "ingress")
    spec = document.get("spec")
    if spec is None:
        return
    if kind == "Ingress":
        yield from _ingress(document, spec, backends, workloads)
    elif kind == "Gateway":
        yield from _gateway(document, spec)
    elif kind in _ROUTES or kind == "Route":
        tls = kind == "TLSRoute" or bool(spec.get("tls"))
        hosts = spec.texts("hostnames", "ingress") or tuple(
            filter(None, (spec.string("host", "ingress"),))
        )
        if kind == "Route":
            yield _record(document, kind, hosts, tls=tls)
        yield from _led_to(document, _edge(tls=tls), backends, workloads)


def _ingress(
    document: Cursor, spec: Cursor, backends: Backends, workloads: Workloads
) -> Iterator[Record]:
    hosts = tuple(rule.string("host", "ingress") for rule in spec.mappings("rules", "ingress"))
    blocks = tuple(spec.mappings("tls", "ingress"))
    # A block without hosts serves its certificate for whatever is asked (networking/v1).
    for_all = any(block.get("hosts") is None for block in blocks)
    covered = {host for block in blocks for host in block.texts("hosts", "ingress")}
    tls = bool(blocks) and (for_all or (bool(hosts) and all(_covers(covered, h) for h in hosts)))
    yield _record(document, "Ingress", hosts, tls=tls)
    yield from _led_to(document, _edge(tls=tls), backends, workloads)


def _covers(covered: set[str], host: str) -> bool:
    """Return whether a host is served with TLS, by name or by a wildcard of one label."""
    return bool(host) and (host in covered or f"*.{host.partition('.')[2]}" in covered)


def _gateway(document: Cursor, spec: Cursor) -> Iterator[Record]:
    """Yield a Gateway of the Gateway API, or of Istio (whose listeners are `servers`)."""
    listeners = tuple(spec.mappings("listeners", "ingress"))
    servers = tuple(spec.mappings("servers", "ingress"))
    protocols = [item.string("protocol", "ingress") for item in listeners]
    protocols += [
        server.string("protocol", "ingress") for s in servers if (server := s.get("port"))
    ]
    hosts = [item.string("hostname", "ingress") for item in listeners]
    hosts += [host for server in servers for host in server.texts("hosts", "ingress")]
    tls = bool(protocols) and all(p.upper() in ("HTTPS", "TLS") for p in protocols)
    yield _record(document, "Gateway", tuple(filter(None, hosts)), tls=tls)


def _record(document: Cursor, resource: str, hosts: tuple[str, ...], *, tls: bool) -> Ingress:
    return Ingress(
        origin=document.origin,
        namespace=namespace_of(document),
        name=name_of(document),
        resource=resource,
        hosts=tuple(dict.fromkeys(host for host in hosts if host)),
        tls=tls,
    )


def _backends_below(spec: Cursor) -> tuple[tuple[str, str], ...]:
    """Return (namespace or ``, name) of every backend that a specification names."""
    found: dict[tuple[str, str], None] = {}
    waiting = [spec]
    while waiting:
        here = waiting.pop()
        for key, cursor in here.entries():
            if key in ("backendRefs", "backends"):
                for item in cursor.items():
                    found[item.string("namespace", "ingress"), item.string("name", "ingress")] = (
                        None
                    )
            elif key == "service" and cursor.get("name"):
                found["", cursor.string("name", "ingress")] = None
            elif key == "serviceName" and cursor.text():
                found["", cursor.text() or ""] = None
            elif key == "to" and cursor.get("name"):
                found["", cursor.string("name", "ingress")] = None
            else:
                waiting.append(cursor)
        waiting += here.items()
    return tuple(found)


def _edge(*, tls: bool) -> Exposed:
    return Exposed(
        address=EVERYWHERE,
        port=_HTTPS if tls else _HTTP,
        protocol="tcp",
        published_by="ingress",
    )


def _led_to(
    document: Cursor, edge: Exposed, backends: Backends, workloads: Workloads
) -> Iterator[ListeningPort]:
    spec = document.get("spec")
    for written, name in _backends_below(spec) if spec else ():
        namespace = written or namespace_of(document)
        backend = backends.get((namespace, name))
        owners = workloads.selected(namespace, backend.selector) if backend else ()
        yield from published(document, owners, edge)
