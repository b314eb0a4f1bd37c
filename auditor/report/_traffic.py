"""Arranges captured traffic for people: destinations like a phone bill, zones as a matrix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from auditor.derive._traffic import OUTSIDE
from auditor.evidence import Record
from auditor.evidence.crossing import (
    AskedDomain,
    CaptureView,
    ControllerAccess,
    TrafficDestination,
    TrafficIndicator,
    ZoneTraffic,
)
from auditor.evidence.traffic import Capture

# A name that the client asked for says more than one that a name server gave.
_SOURCES = ("tls_sni", "quic_sni", "http_host", "dns_answer", "dns_query")


class Seen(Struct, frozen=True, kw_only=True):
    """A capture with how far it can be relied upon."""

    capture: Capture
    view: CaptureView


class Line(Struct, frozen=True, kw_only=True):
    """A line of the bill: a destination, and the best of its names (` ` for none)."""

    destination: TrafficDestination
    name: str
    more_names: int


class Cell(Struct, frozen=True, kw_only=True):
    """Bytes both ways and flows between two zones; `crossing` where they are not one."""

    size: int
    flows: int
    crossing: bool


class Matrix(Struct, frozen=True, kw_only=True):
    """Who began towards whom: a row for each zone that began, a column for each that was asked."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


class Traffic(Struct, frozen=True, kw_only=True):
    """Everything about captures, the most bytes out first."""

    captures: tuple[Seen, ...]
    skipped: tuple[tuple[str, int], ...]
    bill: tuple[Line, ...]
    visitors: tuple[Line, ...]
    domains: tuple[AskedDomain, ...]
    zones: tuple[ZoneTraffic, ...]
    controllers: tuple[ControllerAccess, ...]
    matrix: Matrix
    indicators: tuple[TrafficIndicator, ...]

    @property
    def sent(self) -> int:
        """Return the IP bytes that left the site."""
        return sum(line.destination.bytes_out for line in (*self.bill, *self.visitors))

    @property
    def received(self) -> int:
        """Return the IP bytes that came into the site."""
        return sum(line.destination.bytes_in for line in (*self.bill, *self.visitors))


def traffic(records: Iterable[Record], derived: Iterable[Record]) -> Traffic:
    """Return what captures showed."""
    captures = [record for record in records if isinstance(record, Capture)]
    views: dict[str, CaptureView] = {}
    far: list[TrafficDestination] = []
    domains: list[AskedDomain] = []
    zones: list[ZoneTraffic] = []
    controllers: list[ControllerAccess] = []
    indicators: list[TrafficIndicator] = []
    for record in derived:
        match record:
            case CaptureView():
                views[record.path] = record
            case TrafficDestination():
                far.append(record)
            case AskedDomain():
                domains.append(record)
            case ZoneTraffic():
                zones.append(record)
            case ControllerAccess():
                controllers.append(record)
            case TrafficIndicator():
                indicators.append(record)
    lines = [_line(one) for one in sorted(far, key=_weight)]
    skipped: defaultdict[str, int] = defaultdict(int)
    for capture in captures:
        for item in capture.skipped:
            skipped[item.reason] += item.packets
    return Traffic(
        captures=tuple(Seen(capture=c, view=views[c.path]) for c in captures if c.path in views),
        skipped=tuple(sorted(skipped.items(), key=lambda pair: (-pair[1], pair[0]))),
        bill=tuple(line for line in lines if line.destination.direction != "in"),
        visitors=tuple(line for line in lines if line.destination.direction == "in"),
        domains=tuple(sorted(domains, key=_by_standing)),
        zones=tuple(sorted(zones, key=_by_size)),
        controllers=tuple(sorted(controllers, key=_by_gravity)),
        matrix=_matrix(zones),
        indicators=tuple(sorted(indicators, key=lambda one: (-one.score, one.label))),
    )


def _weight(one: TrafficDestination) -> tuple[object, ...]:
    return (-one.bytes_out, -one.flows, one.target, one.direction, one.exception, str(one.approved))


def _line(one: TrafficDestination) -> Line:
    best: list[str] = []
    for source in _SOURCES:
        marked = f" ({source})"
        best += [name.removesuffix(marked) for name in one.names if name.endswith(marked)]
    names = list(dict.fromkeys(best)) if not one.resolver else []
    return Line(destination=one, name=names[0] if names else "", more_names=max(0, len(names) - 1))


def _by_standing(one: AskedDomain) -> tuple[object, ...]:
    return (("outside", "undecided", "approved").index(one.standing), -one.questions, one.domain)


def _by_size(one: ZoneTraffic) -> tuple[object, ...]:
    bad = one.industrial and one.crossing and not one.allowed
    return (not bad, not one.crossing, -(one.bytes_out + one.bytes_in), one.label)


def access_standing(one: ControllerAccess) -> Literal["bad", "open", "good", "within"]:
    """Return whether somebody may not ask so, might (what is not known), may, or is at home."""
    if not one.crossing:
        return "within"
    if one.allowed:
        return "good"
    if one.changing:
        return "bad"
    return "good" if one.whole else "open"


def _by_gravity(one: ControllerAccess) -> tuple[object, ...]:
    order = ("bad", "open", "good", "within")
    return (order.index(access_standing(one)), -one.changing, one.label, one.from_zone, one.to_zone)


def _matrix(zones: list[ZoneTraffic]) -> Matrix:
    """Return the matrix of zones, `outside` last."""
    sums: dict[tuple[str, str], list[ZoneTraffic]] = defaultdict(list)
    for one in zones:
        sums[(one.from_zone, one.to_zone)].append(one)
    columns = sorted({dst for _, dst in sums}, key=_zone_order)
    rows = sorted({src for src, _ in sums}, key=_zone_order)
    return Matrix(
        columns=tuple(columns),
        rows=tuple((src, tuple(_cell(sums.get((src, dst))) for dst in columns)) for src in rows),
    )


def _cell(mine: list[ZoneTraffic] | None) -> Cell | None:
    if not mine:
        return None
    return Cell(
        size=sum(one.bytes_out + one.bytes_in for one in mine),
        flows=sum(one.flows for one in mine),
        crossing=mine[0].crossing,
    )


def _zone_order(zone: str) -> tuple[bool, str]:
    return zone == OUTSIDE, zone
