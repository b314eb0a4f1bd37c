"""Makes records of what industrial flows did in depth, and of what nobody could tell of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import Struct

from auditor.capture.talks import LAYERS, Answer, Talk
from auditor.evidence import Gap, Origin
from auditor.evidence.traffic import Access, ControllerTalk, Exchange
from auditor.packets import _spelled
from auditor.packets.deep import DeepListener, Kept, client_of, talk_of
from auditor.packets.flows import FlowTable
from auditor.packets.industrial._signature import Signature
from auditor.packets.listening import FlowEnds

_KIND = "controller_talk"


class Told(Struct, frozen=True, kw_only=True):
    """What dissecting a capture's flows gave."""

    records: tuple[ControllerTalk, ...] = ()
    gaps: tuple[Gap, ...] = ()


class _One(NamedTuple):
    """An industrial flow; `asked` tells whether anything was kept of the end that asks."""

    signature: Signature
    kept: Kept | None
    ends: FlowEnds
    asked: bool = False


def told(
    shown: str,
    origin: Origin,
    listener: DeepListener,
    flows: FlowTable,
    progress: Callable[[str], None],
) -> Told:
    """Return a record of each industrial flow, dissected as far as its room allowed."""
    try:
        return _told(shown, origin, listener, flows, progress)
    except Exception as error:  # noqa: BLE001 - a crash is a gap, never silence
        why = f"what was dissected could not be told: {type(error).__name__}"
        return Told(gaps=(Gap(kind=_KIND, reason="crashed", detail=why, origin=origin),))


def _told(
    shown: str,
    origin: Origin,
    listener: DeepListener,
    flows: FlowTable,
    progress: Callable[[str], None],
) -> Told:
    from auditor.capture.dissect import dissect  # what starts a process: only for who asked

    found: dict[int, _One] = {}
    crossing: list[Talk] = []
    within: list[Talk] = []
    for flow, ends, signature, kept in listener.conversations(flows):
        client = client_of(signature, flows, flow, ends)
        asked = kept is not None and any(side == client for side, _seq, _data in kept.said)
        found[flow] = _One(signature, kept, ends, asked)
        if kept is not None and kept.said:
            talk = talk_of(flow, signature, kept, client, ends)
            (crossing if kept.crossing else within).append(talk)
    talks = (*crossing, *within)
    answers = {
        answer.number: answer
        for answer in dissect(
            talks, progress=lambda n: progress(f"dissected {n} of {len(talks)} flows of {shown}")
        )
    }
    records = tuple(
        _record(shown, origin, one, answers.get(flow)) for flow, one in sorted(found.items())
    )
    return Told(records=records, gaps=tuple(_gaps(origin, found, answers)))


def _record(shown: str, origin: Origin, one: _One, answer: Answer | None) -> ControllerTalk:
    ends, application = one.ends, one.signature.application
    packets = ends.data_out + ends.data_in
    looked = len(one.kept.said) if one.kept is not None and answer is not None else 0
    counts: Counter[Access] = Counter()
    for action in answer.actions if answer is not None else ():
        counts[action.does] += action.count
    # Where a program broke off nothing is known, and where it said nothing of all it was handed.
    known = answer is not None and not (answer.unfinished and not answer.actions)
    return ControllerTalk(
        origin=origin,
        capture=shown,
        src=ends.src,
        dst=ends.dst,
        src_port=ends.src_port,
        dst_port=ends.dst_port,
        protocol=_spelled.protocol(ends.protocol),
        first=ends.first,
        application=application,
        layer=LAYERS.get(application, ""),
        packets=packets,
        looked=looked,
        reads=counts["read"] if known else None,
        writes=counts["write"] if known else None,
        controls=counts["control"] if known else None,
        others=counts["other"] if known else None,
        undissected=answer.undissected if answer is not None else 0,
        exchanges=_exchanges(answer) if answer is not None else (),
        why=tuple(_why(one, answer, packets, looked)),
    )


def _exchanges(answer: Answer) -> tuple[Exchange, ...]:
    return tuple(
        Exchange(
            does=action.does,
            function=action.function,
            count=action.count,
            objects=action.objects,
            objects_total=action.objects_total,
        )
        for action in answer.actions
    )


def _why(one: _One, answer: Answer | None, packets: int, looked: int) -> Iterator[str]:
    """Yield what stays unknown of a flow."""
    if one.signature.application not in LAYERS:
        yield f"scapy has no layer for {one.signature.title}"
        return
    if packets > looked:
        yield "not all packets were dissected"
    if answer is None:
        return
    if answer.unfinished:
        yield answer.unfinished.why
    if answer.undissected:
        yield "some messages could not be dissected"
    if looked and not one.asked:
        yield "only answers were captured"


def _gaps(origin: Origin, found: dict[int, _One], answers: dict[int, Answer]) -> Iterator[Gap]:
    """Yield what the program could not do, and how many crossing flows were too long."""
    failures = Counter(
        (answer.unfinished.why, answer.unfinished.reason)
        for answer in answers.values()
        if answer.unfinished
    )
    for (why, reason), count in sorted(failures.items()):
        yield Gap(kind=_KIND, reason=reason, detail=why, origin=origin, count=count)
    cut = [
        one for one in found.values()
        if one.kept is not None and one.kept.crossing
        and one.ends.data_out + one.ends.data_in > len(one.kept.said)
    ]  # fmt: skip
    if cut:
        yield Gap(
            kind=_KIND,
            reason="limit",
            detail="flows that cross a zone have more packets than are dissected",
            origin=origin,
            count=len(cut),
        )
