"""Arranges the chapter on captured traffic: the bill, the zones, who talks to whom."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from msgspec import Struct

from auditor.derive._named import CLAIMED
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import AskedDomain, ControllerAccess, TrafficIndicator, ZoneTraffic
from auditor.packets.skips import SENTENCES, Skip
from auditor.report._instants import duration, short_instant
from auditor.report._sankey import Diagram, Link, diagram
from auditor.report._traffic import Line, Matrix, Seen, access_standing, traffic

MAX_ROWS = 200
# More ribbons than these nobody can follow; the rest is drawn as one.
_MOST_NODES = 16
_LONGEST = 36


class ShownCapture(Struct, frozen=True, kw_only=True):
    """A capture; `window` is from when to when, `length` for how long."""

    seen: Seen
    window: tuple[str, str]
    length: str


class Talk(Struct, frozen=True, kw_only=True):
    """A ribbon of the diagram and the row of its twin: who began, towards whom."""

    left: str
    right: str
    sent: int
    received: int
    flows: int
    standing: str
    applications: tuple[str, ...]


class TrafficChapter(Struct, frozen=True, kw_only=True):
    """The chapter; `*_hidden` count rows that are not shown."""

    captures: tuple[ShownCapture, ...]
    skipped: tuple[tuple[str, str, int], ...]
    bill: tuple[Line, ...]
    bill_hidden: int
    visitors: tuple[Line, ...]
    visitors_hidden: int
    sent: int
    received: int
    domains: tuple[AskedDomain, ...]
    domains_hidden: int
    zones: tuple[ZoneTraffic, ...]
    zones_hidden: int
    controllers: tuple[tuple[str, ControllerAccess], ...]
    controllers_hidden: int
    matrix: Matrix
    picture: Diagram
    talks: tuple[Talk, ...]
    indicators: tuple[TrafficIndicator, ...]
    indicators_hidden: int


def traffic_chapter(
    evidence: Evidence, derived: tuple[Record, ...], at: str, others: str
) -> TrafficChapter:
    """Return the chapter; `others` is the word for what is drawn as one (`{n}` of them)."""
    found = traffic(evidence.records, derived)
    talks = _talks(judged(msgspec.structs.replace(evidence, taken_at=at)), others)
    return TrafficChapter(
        captures=tuple(_capture(seen) for seen in found.captures[:MAX_ROWS]),
        skipped=tuple((reason, _sentence(reason), n) for reason, n in found.skipped),
        bill=found.bill[:MAX_ROWS],
        bill_hidden=max(0, len(found.bill) - MAX_ROWS),
        visitors=found.visitors[:MAX_ROWS],
        visitors_hidden=max(0, len(found.visitors) - MAX_ROWS),
        sent=found.sent,
        received=found.received,
        domains=found.domains[:MAX_ROWS],
        domains_hidden=max(0, len(found.domains) - MAX_ROWS),
        zones=found.zones[:MAX_ROWS],
        zones_hidden=max(0, len(found.zones) - MAX_ROWS),
        controllers=tuple((access_standing(one), one) for one in found.controllers[:MAX_ROWS]),
        controllers_hidden=max(0, len(found.controllers) - MAX_ROWS),
        matrix=found.matrix,
        picture=diagram(
            [
                Link(left=_short(t.left), right=_short(t.right), size=t.sent + t.received,
                     standing=t.standing)
                for t in talks
            ]
        ),
        talks=talks,
        indicators=found.indicators[:MAX_ROWS],
        indicators_hidden=max(0, len(found.indicators) - MAX_ROWS),
    )  # fmt: skip


def _capture(seen: Seen) -> ShownCapture:
    capture = seen.capture
    return ShownCapture(
        seen=seen,
        window=(short_instant(capture.first), short_instant(capture.last)),
        length=duration(seen.view.seconds),
    )


def _sentence(reason: str) -> str:
    """Return what a reader is told of packets of a reason."""
    return SENTENCES[Skip(reason)] if reason in set(Skip) else reason


def _talks(flows: tuple[JudgedFlow, ...], others: str) -> tuple[Talk, ...]:
    """Return who began towards whom, the most bytes first, what crosses the perimeter on top."""
    alike: dict[tuple[str, str, str], list[JudgedFlow]] = defaultdict(list)
    for one in flows:
        alike[(_left(one), _right(one), _standing(one))].append(one)
    crossing = [key for key in alike if key[2] != "inside"]
    largest = sorted(crossing, key=lambda key: (-_size(alike[key]), key))
    merged = {
        side: {key[side] for key in largest[_MOST_NODES:]} - {key[side] for key in
                                                            largest[:_MOST_NODES]}
        for side in (0, 1)
    }  # fmt: skip
    rows: dict[tuple[str, str, str], list[JudgedFlow]] = defaultdict(list)
    for (left, right, standing), mine in alike.items():
        if standing != "inside":
            left = others.format(n=len(merged[0])) if left in merged[0] else left  # noqa: PLW2901
            right = others.format(n=len(merged[1])) if right in merged[1] else right  # noqa: PLW2901
        rows[(left, right, standing)] += mine
    order = sorted(rows, key=lambda key: (key[2] == "inside", -_size(rows[key]), key))
    return tuple(_talk(key, rows[key]) for key in order[: 4 * _MOST_NODES])


def _talk(key: tuple[str, str, str], mine: list[JudgedFlow]) -> Talk:
    left, right, standing = key
    spoken = {one.flow.application or one.flow.protocol for one in mine}
    return Talk(
        left=left,
        right=right,
        sent=sum(one.flow.bytes_out for one in mine),
        received=sum(one.flow.bytes_in for one in mine),
        flows=len(mine),
        standing=standing,
        applications=tuple(sorted(spoken)[:6]),
    )


def _left(one: JudgedFlow) -> str:
    return one.src.zone if one.src.inside else _named(one.address if one.carried else one.flow.src)


def _right(one: JudgedFlow) -> str:
    if one.direction in (None, "in"):
        return one.dst.zone
    claimed = sorted({name.name for name in one.flow.names if name.source in CLAIMED})
    return claimed[0] if claimed and not one.carried else _named(one.address)


def _named(address: str) -> str:
    return address or "?"


def _standing(one: JudgedFlow) -> str:
    if one.direction is None:
        return "inside"
    if one.approved:
        return "excepted"
    return "undecided" if one.approved is None else "outside"


def _size(mine: list[JudgedFlow]) -> int:
    return sum(one.flow.bytes_out + one.flow.bytes_in for one in mine)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
