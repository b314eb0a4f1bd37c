"""Joins the flows that crossed the perimeter to one record for each address outside."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from auditor.derive import Derivation
from auditor.derive._many import Together, few
from auditor.derive._named import Whose, is_resolver, names_of
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import TrafficDestination
from auditor.evidence.traffic import Flow
from auditor.hostnames import address_of

_SHOWN = 12


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a destination for each far address, direction, and answer of the site to it."""
    alike: dict[tuple[object, ...], list[JudgedFlow]] = {}
    for one in judged(evidence):
        if one.direction is not None:
            key = (one.direction, one.address, one.approved, one.exception)
            alike.setdefault(key, []).append(one)
    for flows, together in few(alike.values(), weight=_sent, alike=_character):
        yield _destination(flows, together)


def _destination(judged_alike: list[JudgedFlow], together: Together) -> TrafficDestination:
    """Return one record of flows that have a direction and the site's answer in common."""
    first, whose = judged_alike[0], _whose(judged_alike)
    flows = [one.flow for one in judged_alike]
    clarity = [one.clarity for one in judged_alike]
    begun_outside = first.direction == "in"
    names = () if begun_outside else {name for flow in flows for name in names_of(flow)}
    packets = (sum([flow.packets_out for flow in flows]), sum([flow.packets_in for flow in flows]))
    peers = {one.peer for one in judged_alike}
    return TrafficDestination(
        origin=min([flow.origin for flow in flows]),
        direction=first.direction or "out",
        target=together.named(first.address),
        addresses=together.count,
        cast="multicast" if _is_multicast(first.address) else "unicast",
        names=_some(names),
        peers=_some(peers),
        peers_total=len(peers),
        ports=_some({_port(flow) for flow in flows}),
        applications=_some({flow.application for flow in flows if flow.application}),
        services=_some({name for flow in flows for name in _services(flow)}),
        tunnels=_some({"+".join(flow.tunnel) for flow in flows if flow.tunnel}),
        flows=len(flows),
        answered=[one.answered for one in judged_alike].count(True),
        packets_out=packets[begun_outside],
        packets_in=packets[not begun_outside],
        bytes_out=sum([one.sent for one in judged_alike]),
        bytes_in=sum([one.received for one in judged_alike]),
        encrypted_flows=clarity.count("encrypted"),
        clear_flows=clarity.count("clear"),
        untold_flows=clarity.count("untold"),
        hidden_flows=[flow.hidden_name for flow in flows].count(True),
        resolver=any(map(is_resolver, flows)),
        first=min([flow.first for flow in flows]),
        last=max([flow.last for flow in flows]),
        approved=first.approved,
        exception=first.exception,
        country=first.far.country,
        operator=whose.operator,
        operator_country=whose.country,
        category=whose.category,
        how=_how(judged_alike),
    )


def _whose(flows: list[JudgedFlow]) -> Whose:
    """Return who operates a destination, as far as its names and its address agree."""
    operators = {one.operator for one in flows if one.operator}
    if len(operators) == 1:
        (one,) = operators
        return Whose(one.operator, one.country, one.category)
    far = flows[0].far
    return Whose(far.operator, far.operator_country, far.category)


def _sent(flows: list[JudgedFlow]) -> int:
    return sum(one.sent for one in flows)


def _character(flows: list[JudgedFlow]) -> Hashable:
    """Return everything that rules ask of a destination."""
    first = flows[0]
    return (
        first.direction,
        first.approved,
        first.exception,
        _is_multicast(first.address),
        any(one.answered for one in flows),
        first.far.country,
        _whose(flows),
        frozenset(one.clarity for one in flows),
        any(one.flow.hidden_name for one in flows),
        any(is_resolver(one.flow) for one in flows),
    )


def _services(flow: Flow) -> list[str]:
    """Return the services of gRPC that a flow's first calls were for."""
    for fact in flow.facts:
        if fact.name == "grpc-service":
            return fact.value.split(",")
    return []


def _how(flows: list[JudgedFlow]) -> tuple[str, ...]:
    lines = dict.fromkeys(line for one in flows for line in one.how)
    if not all(one.flow.initiator_known for one in flows):
        lines["who began is told by the ports: the capture does not hold the beginning"] = None
    operators = sorted({one.operator.operator for one in flows if one.operator})
    if len(operators) > 1:
        lines[f"its names speak for several operators: {', '.join(operators[:4])}"] = None
    return tuple(list(lines)[:_SHOWN])


def _some(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(texts)[:_SHOWN])


def _port(flow: Flow) -> str:
    return f"{flow.protocol}/{flow.dst_port}" if flow.dst_port else flow.protocol


def _is_multicast(text: str) -> bool:
    address = address_of(text)
    return address is not None and address.is_multicast


DERIVATION = Derivation(
    title="Addresses outside that packets went to or came from",
    yields=TrafficDestination,
    sources=(Flow,),
    derive=_derive,
)
