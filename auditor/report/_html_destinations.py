"""Arranges destinations by target, operator and country, what lies outside first."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.derived import Destination

Standing = Literal["outside", "undecided", "excepted", "inside"]
STANDINGS: tuple[Standing, ...] = ("outside", "undecided", "excepted", "inside")
MAX_ROWS = 300
MAX_SUBJECTS = 6


class Subjects(Struct, frozen=True, kw_only=True):
    """Who leads somewhere: the first few by name, and how many more."""

    shown: tuple[str, ...]
    more: int


class Target(Struct, frozen=True, kw_only=True):
    """One target with everything that leads to it, as configured and as observed."""

    standing: Standing
    target: str
    address: str
    port: int
    uses: tuple[str, ...]
    configured: Subjects
    observed: Subjects
    zone: str
    operator: str
    country: str
    exception: str
    how: tuple[str, ...]


class Operator(Struct, frozen=True, kw_only=True):
    """Who stands behind targets that are not inside, and where; counts are of targets."""

    operator: str
    country: str
    targets: int
    configured: int
    observed: int
    excepted: int
    undecided: int


class Use(Struct, frozen=True, kw_only=True):
    """What the targets are used for: `counts` in the order of `STANDINGS`."""

    use: str
    counts: tuple[tuple[Standing, int], ...]
    total: int


class Destinations(Struct, frozen=True, kw_only=True):
    """The section: `hidden` targets are not shown; `counts` are of targets by standing."""

    operators: tuple[Operator, ...]
    uses: tuple[Use, ...]
    targets: tuple[Target, ...]
    hidden: int
    counts: dict[Standing, int]
    observed_outside: int


def standing(destination: Destination) -> Standing:
    """Return where a destination stands: an excepted one is never called inside."""
    if destination.inside:
        return "inside"
    if destination.approved:
        return "excepted"
    return "undecided" if destination.inside is None else "outside"


def destinations(derived: tuple[Record, ...]) -> Destinations:
    """Return the destinations of a judgement, arranged."""
    found = [record for record in derived if isinstance(record, Destination)]
    targets = _targets(found)
    return Destinations(
        operators=_operators(targets),
        uses=_uses(targets),
        targets=targets[:MAX_ROWS],
        hidden=max(0, len(targets) - MAX_ROWS),
        counts={name: sum(t.standing == name for t in targets) for name in STANDINGS},
        observed_outside=sum(t.standing == "outside" and bool(t.observed.shown) for t in targets),
    )


def _targets(found: list[Destination]) -> tuple[Target, ...]:
    """Return one row for each target, what lies outside and was observed first."""
    alike: dict[tuple[str, ...], list[Destination]] = {}
    for item in found:
        key = (
            standing(item), item.target, str(item.port), item.operator, item.zone,
            item.country, item.operator_country, item.exception,
        )  # fmt: skip
        alike.setdefault(key, []).append(item)
    targets = [_target(alike[key]) for key in sorted(alike)]
    return tuple(
        sorted(
            targets,
            key=lambda t: (STANDINGS.index(t.standing), not t.observed.shown, t.operator, t.target),
        )
    )


def _target(items: list[Destination]) -> Target:
    first = min(items, key=repr)
    return Target(
        standing=standing(first),
        target=first.target,
        address="" if first.address == first.target else first.address,
        port=first.port,
        uses=tuple(sorted({item.use for item in items})),
        configured=_subjects(items, "configured"),
        observed=_subjects(items, "observed"),
        zone=first.zone,
        operator=first.operator,
        country=first.operator_country or first.country,
        exception=first.exception,
        how=tuple(sorted({line for item in items for line in item.how})),
    )


def _subjects(items: list[Destination], basis: str) -> Subjects:
    names = sorted({item.subject for item in items if item.basis == basis})
    return Subjects(shown=tuple(names[:MAX_SUBJECTS]), more=max(0, len(names) - MAX_SUBJECTS))


def _operators(targets: tuple[Target, ...]) -> tuple[Operator, ...]:
    """Return who stands behind what is not inside: known ones first, the most targets first."""
    alike: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        if target.standing != "inside":
            alike.setdefault((target.operator, target.country), []).append(target)
    rows = [
        Operator(
            operator=operator,
            country=country,
            targets=len(mine),
            configured=sum(bool(t.configured.shown) for t in mine),
            observed=sum(bool(t.observed.shown) for t in mine),
            excepted=sum(t.standing == "excepted" for t in mine),
            undecided=sum(t.standing == "undecided" for t in mine),
        )
        for (operator, country), mine in alike.items()
    ]
    return tuple(
        sorted(rows, key=lambda row: (not row.operator, -row.targets, row.operator, row.country))
    )


def _uses(targets: tuple[Target, ...]) -> tuple[Use, ...]:
    names = sorted({use for target in targets for use in target.uses})
    rows = []
    for name in names:
        mine = [target.standing for target in targets if name in target.uses]
        counts = tuple((state, mine.count(state)) for state in STANDINGS)
        rows.append(Use(use=name, counts=counts, total=len(mine)))
    return tuple(sorted(rows, key=lambda row: (-row.counts[0][1], row.use)))
