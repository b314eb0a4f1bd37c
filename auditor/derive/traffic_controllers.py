"""Sums up who asked controllers for what, as far as their messages were dissected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import get_args

from auditor.derive import Derivation
from auditor.derive._crossings import allowed, crossing
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Evidence, Record
from auditor.evidence.crossing import ControllerAccess
from auditor.evidence.site import Site
from auditor.evidence.traffic import ControllerTalk, Exchange, Flow, Operation

_SHOWN, _SHOWN_OBJECTS = 12, 6
_CHANGES = ("write", "control")
# What the toolkit's own reader calls so, the layers call a write or a control.
_CHANGED = frozenset({"write", "control", "program"})

# No word of MQTT tells a value from a command.
_PUBLISHED = "publish"

_Key = tuple[str, str, str, int, int, str, int]


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a record for each pair of ends, the zones that they lie in, and application."""
    talks: defaultdict[_Key, list[ControllerTalk]] = defaultdict(list)
    for record in evidence.records:
        if isinstance(record, ControllerTalk):
            talks[_key(record)].append(record)
    if not talks:
        return
    flows: defaultdict[_Key, list[JudgedFlow]] = defaultdict(list)
    for one in judged(evidence):
        if _key(one.flow) in talks:
            flows[_key(one.flow)].append(one)
    alike: defaultdict[tuple[str, ...], list[ControllerTalk]] = defaultdict(list)
    seen: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, said in talks.items():
        for one in flows[key]:
            for talk in said:
                ends = (talk.src, talk.dst, one.src.zone, one.dst.zone, talk.application)
                alike[ends].append(talk)
                seen[ends].update(one.flow.operations)
    for where, mine in alike.items():
        yield _access(evidence.site, where, mine, seen[where])


def _key(record: Flow | ControllerTalk) -> _Key:
    return (
        record.capture, record.src, record.dst, record.src_port, record.dst_port,
        record.protocol, record.first,
    )  # fmt: skip


def _access(
    site: Site, ends: tuple[str, ...], mine: list[ControllerTalk], seen: set[str]
) -> ControllerAccess:
    src, dst, from_zone, to_zone, application = ends
    exchanges = _merged(mine)
    why = list(dict.fromkeys(reason for talk in mine for reason in talk.why))
    changing = sum(one.count for one in exchanges if one.does in _CHANGES)
    if not changing and not why and seen & _CHANGED:
        told = ", ".join(word for word in get_args(Operation) if word in seen & _CHANGED)
        why.append(f"the toolkit's own reader saw messages that {told}")
    if application == "mqtt" and any(one.function.startswith(_PUBLISHED) for one in exchanges):
        why.append("what is published may command whoever listens")
    return ControllerAccess(
        origin=min(talk.origin for talk in mine),
        src=src,
        dst=dst,
        from_zone=from_zone,
        to_zone=to_zone,
        application=application,
        crossing=crossing(from_zone, to_zone),
        allowed=allowed(site, from_zone, to_zone, application),
        flows=len(mine),
        layer=mine[0].layer,
        reads=_sum(talk.reads for talk in mine),
        writes=_sum(talk.writes for talk in mine),
        controls=_sum(talk.controls for talk in mine),
        others=_sum(talk.others for talk in mine),
        changing=changing,
        undissected=sum(talk.undissected for talk in mine),
        changes=tuple(_said(one) for one in exchanges if one.does in _CHANGES)[:_SHOWN],
        functions=tuple(_said(one) for one in exchanges if one.does not in _CHANGES)[:_SHOWN],
        operations=tuple(word for word in get_args(Operation) if word in seen),
        whole=not why,
        why=tuple(why[:_SHOWN]),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum of what is known, `None` where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _merged(mine: list[ControllerTalk]) -> list[Exchange]:
    """Return what several flows asked for as one, the gravest and commonest first."""
    counts: Counter[tuple[str, str]] = Counter()
    objects: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    totals: Counter[tuple[str, str]] = Counter()
    kinds: dict[tuple[str, str], Exchange] = {}
    for talk in mine:
        for one in talk.exchanges:
            key = (one.does, one.function)
            kinds[key] = one
            counts[key] += one.count
            objects[key].update(one.objects)
            totals[key] = max(totals[key], one.objects_total)
    order = ("write", "control", "read", "other")
    return [
        Exchange(
            does=kinds[key].does,
            function=key[1],
            count=counts[key],
            objects=tuple(sorted(objects[key], key=lambda text: (len(text), text))),
            objects_total=max(totals[key], len(objects[key])),
        )
        for key in sorted(counts, key=lambda key: (order.index(key[0]), -counts[key], key[1]))
    ]


def _said(one: Exchange) -> str:
    """Return a function with how often, and of what: `Write Tag (tag Speed; +2)`."""
    about = "; ".join(one.objects[:_SHOWN_OBJECTS])
    more = one.objects_total - len(one.objects[:_SHOWN_OBJECTS])
    about += f"; +{more}" if more > 0 else ""
    times = f"{one.function} \N{MULTIPLICATION SIGN}{one.count}"
    return f"{times} ({about})" if about else times


DERIVATION = Derivation(
    title="Who asked controllers for what",
    yields=ControllerAccess,
    sources=(ControllerTalk, Flow),
    derive=_derive,
)
