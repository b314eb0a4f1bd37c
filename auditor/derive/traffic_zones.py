"""Counts what each zone of the site said to each other, and holds controllers' ways to the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from auditor.derive import Derivation
from auditor.derive._crossings import allowed, crossing
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import ZoneTraffic
from auditor.evidence.site import Site
from auditor.evidence.traffic import INDUSTRIAL, Flow, Operation

_SHOWN = 8


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a record for each pair of zones and application."""
    alike: dict[tuple[str, str, str], list[JudgedFlow]] = {}
    for one in judged(evidence):
        spoken = one.flow.application or one.flow.protocol
        alike.setdefault((one.src.zone, one.dst.zone, spoken), []).append(one)
    for (src, dst, spoken), flows in alike.items():
        yield _traffic(evidence.site, src, dst, spoken, flows)


def _traffic(site: Site, src: str, dst: str, spoken: str, flows: list[JudgedFlow]) -> ZoneTraffic:
    clarity = [one.clarity for one in flows]
    done = {word for one in flows for word in one.flow.operations}
    ends = sorted({f"{one.flow.src} → {one.flow.dst}" for one in flows})
    return ZoneTraffic(
        origin=min(one.flow.origin for one in flows),
        from_zone=src,
        to_zone=dst,
        application=spoken,
        industrial=spoken in INDUSTRIAL,
        crossing=crossing(src, dst),
        allowed=allowed(site, src, dst, spoken),
        flows=len(flows),
        packets=sum(one.flow.packets_out + one.flow.packets_in for one in flows),
        bytes_out=sum(one.flow.bytes_out for one in flows),
        bytes_in=sum(one.flow.bytes_in for one in flows),
        encrypted_flows=clarity.count("encrypted"),
        clear_flows=clarity.count("clear"),
        untold_flows=clarity.count("untold"),
        ends=tuple(ends[:_SHOWN]),
        operations=tuple(word for word in get_args(Operation) if word in done),
    )


DERIVATION = Derivation(
    title="What the zones of the site said to one another",
    yields=ZoneTraffic,
    sources=(Flow,),
    derive=_derive,
)
