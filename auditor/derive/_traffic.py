"""Judges both ends of every flow: what crossed the perimeter, in which direction, to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.catalogues.operators import Operator, operator_of
from auditor.derive._cluster import Cluster
from auditor.derive._kept import Kept
from auditor.derive._named import ANSWERED, CLAIMED, is_resolver, operator
from auditor.derive._verdict import Question, Verdict, judge
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import Direction
from auditor.evidence.site import Site
from auditor.evidence.traffic import LINK_TUNNELS, SILENT, Carrier, Flow, NameQuery
from auditor.hostnames import address_of
from auditor.site import LINK_LOCAL, excepted, listed, zone_of

OUTSIDE = "outside"
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_SERVED = frozenset({"udp", "tcp"})
_NO_CLUSTER = Cluster(manifests=False, services={}, compose=frozenset())


class JudgedFlow(Struct, frozen=True, kw_only=True, gc=False):
    """A flow with its places: `src` and `dst` as they are, `far` the end that is outside.

    Their `zone` is `outside` for what no network of the site holds.
    `direction` is `None` for a flow that stays inside. `approved` is `None` where only the
    client's word stands for the name that an exception covers. `carried` tells that not the
    ends but those of a tunnel around them are outside: `address` is then the tunnel's far end.
    `inside` is that of the destination, `None` where a tunnel's ends are not known.
    """

    flow: Flow
    src: Verdict
    dst: Verdict
    direction: Direction | None
    inside: bool | None
    address: str
    peer: str
    approved: bool | None
    exception: str
    operator: Operator | None
    carried: bool
    how: tuple[str, ...]

    @property
    def far(self) -> Verdict:
        """Return the place of the end that is outside."""
        return self.src if self.direction == "in" else self.dst

    @property
    def sent(self) -> int:
        """Return the IP bytes that left the site."""
        return self.flow.bytes_in if self.direction == "in" else self.flow.bytes_out

    @property
    def received(self) -> int:
        """Return the IP bytes that came into the site."""
        return self.flow.bytes_out if self.direction == "in" else self.flow.bytes_in

    @property
    def answered(self) -> bool:
        """Return whether packets went both ways, and it was no mere refusal."""
        if self.direction == "in" and not self.flow.initiator_known and self.flow.packets_in:
            # Only its ports tell who began: whoever did, something left.
            return True
        both = self.flow.packets_out > 0 and self.flow.packets_in > 0
        return both and self.flow.tcp_state not in ("attempt", "refused")

    @property
    def clarity(self) -> Literal["encrypted", "clear", "untold", "empty"]:
        """Return whether what was said could be read on the way; `empty`: nothing was said."""
        if self.flow.encrypted is not None:
            return "encrypted" if self.flow.encrypted else "clear"
        # A SYN may carry data (RFC 7413): an attempt that did is not empty.
        silent = self.flow.encrypted_why in ("", SILENT)
        if self.flow.tcp_state in ("attempt", "refused") and silent:
            return "empty"
        return "untold"


def judged(evidence: Evidence) -> tuple[JudgedFlow, ...]:
    """Return every flow of the evidence, judged against its site at its time."""
    return _judged(evidence.site, evidence.taken_at, Kept(evidence.records))


@lru_cache(maxsize=1)
def _judged(site: Site, at: str, records: Kept) -> tuple[JudgedFlow, ...]:
    judge_flow = _Judge(site, at, records)
    return tuple(judge_flow(record) for record in records if isinstance(record, Flow))


class _Judge:
    """Judges flows of one site at one time; what it was asked before it knows."""

    def __init__(self, site: Site, at: str, records: Iterable[Record]) -> None:
        self._site = site
        self._at = at
        self._records = records
        self._by_port = any(exception.port for exception in site.exceptions)
        self._places: dict[tuple[str, int, str], Verdict] = {}

    def __call__(self, flow: Flow) -> JudgedFlow:
        use = _use(flow)
        src = self._place(flow.src, 0, "connection")
        dst = self._place(flow.dst, 0, use)
        if not dst.approved and self._by_port:
            dst = self._place(flow.dst, flow.dst_port, use)
        carrier = self._leaving(flow)
        if carrier is not None:
            return self._carried(flow, src, dst, carrier)
        direction = _direction(src, dst)
        far, near = (src, flow.dst) if direction == "in" else (dst, flow.src)
        approved, exception = far.approved, far.exception
        how = far.how
        if direction == "out" and not approved:
            approved, exception = False, ""
            if self._site.exceptions:
                approved, exception, how = self._by_name(flow, far)
        if direction == "in" and approved and flow.initiator_known:
            approved, how = None, (*how, f"the exception is for a way out; {flow.src} began this")
        return JudgedFlow(
            flow=flow,
            src=src,
            dst=dst,
            direction=direction,
            inside=None if _unknown_carrier(flow) else dst.inside,
            address=flow.src if direction == "in" else flow.dst,
            peer=near,
            approved=approved,
            exception=exception,
            operator=None if direction in (None, "in") else operator(flow),
            carried=False,
            how=how,
        )

    def _carried(self, flow: Flow, src: Verdict, dst: Verdict, carrier: Carrier) -> JudgedFlow:
        """Return a flow whose tunnel leads outside, whatever its own addresses say."""
        near, far = self._place(carrier.src, 0, "tunnel"), self._place(carrier.dst, 0, "tunnel")
        direction = _direction(near, far) or "transit"
        place = near if direction == "in" else far
        address = carrier.src if direction == "in" else carrier.dst
        told = f"inside {'+'.join(flow.tunnel)} between {carrier.src} and {carrier.dst}"
        return JudgedFlow(
            flow=flow,
            src=src if direction != "in" else place,
            dst=dst if direction == "in" else place,
            direction=direction,
            inside=direction == "in",
            address=address,
            peer=carrier.dst if direction == "in" else carrier.src,
            approved=place.approved,
            exception=place.exception,
            operator=operator_of(address),
            carried=True,
            how=(told, *place.how),
        )

    def _leaving(self, flow: Flow) -> Carrier | None:
        """Return the outermost tunnel of a flow that has an end outside."""
        for carrier in flow.carriers:
            ends = (self._place(carrier.src, 0, "tunnel"), self._place(carrier.dst, 0, "tunnel"))
            if any(end.inside is False for end in ends):
                return carrier
        return None

    def _place(self, address: str, port: int, use: str) -> Verdict:
        key = (address, port, use)
        if key not in self._places:
            self._places[key] = self._judged_place(address, port, use)
        return self._places[key]

    def _judged_place(self, address: str, port: int, use: str) -> Verdict:
        if _MAC.fullmatch(address):
            how = ("a frame of layer 2 stays on its own network",)
            return _inside(LINK_LOCAL, how)
        if address_of(address) is None:
            return _inside("", ("this is no address",), inside=None)
        question = Question(target=address, port=port, use=use)
        verdict = judge(self._site, _NO_CLUSTER, self._at, question)
        zone = self._zone(address, verdict.zone) if verdict.inside else OUTSIDE
        return msgspec.structs.replace(verdict, zone=zone)

    def _zone(self, address: str, zone: str) -> str:
        """Return the zone of an address inside; one declared for a use may lie in a network."""
        network = zone_of(self._site, address)
        return network.zone if network else zone

    def _by_name(self, flow: Flow, far: Verdict) -> tuple[bool | None, str, tuple[str, ...]]:
        """Return whether an exception for a name covers the flow, with whose and why.

        A client may claim any name: an exception holds where a name server of the site led to
        this address as well. Where only the claim speaks for it, or an address is several names',
        nobody can tell.
        """
        claimed = sorted({n.name.lower() for n in flow.names if n.source in CLAIMED})
        answered = sorted({n.name.lower() for n in flow.names if n.source in ANSWERED})
        covered = {
            name: found
            for name in {*claimed, *answered}
            if (found := excepted(self._site, name, flow.dst_port, self._at))
        }
        asked = claimed or answered
        good = [name for name in asked if name in covered]
        if not good:
            return False, "", far.how
        found = covered[good[0]]
        who = f"{found.owner}, until {found.expires}"
        if len(good) < len(asked):
            if claimed:
                return False, "", far.how
            told = f"{flow.dst} answers for {', '.join(asked[:4])}: not all of them are excepted"
            return None, who, (*far.how, told)
        if claimed and not set(claimed) <= set(answered):
            told = f"only the client says that it is {good[0]}, which is excepted by {found.owner}"
            return None, who, (*far.how, told)
        if any((name, flow.dst) not in self._vouched for name in asked):
            told = f"no name server of the site was heard to say that {flow.dst} is {good[0]}"
            return None, who, (*far.how, told)
        told = f"{good[0]} is excepted by {found.owner} until {found.expires}: {found.reason}"
        return True, who, (*far.how, told)

    @cached_property
    def _vouched(self) -> frozenset[tuple[str, str]]:
        """Return (name, address) pairs that a name server of the site answered to a question.

        Anybody's server may answer anything: what one says that is not the site's proves nothing.
        """
        return frozenset(
            (record.name.lower(), address)
            for record in self._records
            if isinstance(record, NameQuery) and record.count and record.transport in _SERVED
            if self._is_believed(record.server)
            for address in record.answers
        )

    def _is_believed(self, server: str) -> bool:
        """Return whether a name server is the site's: a declared one, or any inside without."""
        declared = self._site.resolvers
        if declared:
            return listed(declared, server)
        return self._place(server, 0, "resolver").approved is True


def _use(flow: Flow) -> str:
    if is_resolver(flow):
        return "resolver"
    return "time" if flow.application == "ntp" else "connection"


def _direction(src: Verdict, dst: Verdict) -> Direction | None:
    """Return in which direction a flow crosses the perimeter; an unknown end is not inside."""
    if src.inside and dst.inside:
        return None
    if src.inside:
        return "out"
    return "in" if dst.inside else "transit"


def _unknown_carrier(flow: Flow) -> bool:
    """Return whether a flow went through a tunnel whose own ends are not known."""
    return bool(set(flow.tunnel) - LINK_TUNNELS) and not flow.carriers


def _inside(zone: str, how: tuple[str, ...], *, inside: bool | None = True) -> Verdict:
    return Verdict(
        address="", inside=inside, zone=zone, approved=inside, exception="", country="",
        operator="", operator_country="", category="", how=how,
    )  # fmt: skip
