"""Tells what a capture does not show, as gaps: nothing that was lost is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.evidence import Gap, GapReason, Origin
from auditor.packets._stream import Stream
from auditor.packets.analyse import Analysis
from auditor.packets.listening import Heard, Unheard
from auditor.packets.skips import SENTENCES, UNREAD, Skip

# Why datagrams were not put together: their packets are counted, what they ask may be hidden.
_FRAGMENTS: dict[str, tuple[GapReason, str]] = {
    "fragments-missing": ("absent", "datagrams lack fragments"),
    "fragments-over-limit": ("limit", "datagrams waited for fragments when too many did"),
    "fragments-contradict": ("malformed", "datagrams have fragments that contradict each other"),
}


def gaps(
    origin: Origin,
    stream: Stream,
    analysis: Analysis,
    heard: list[Heard],
    fragments: Counter[str],
) -> Iterator[Gap]:
    """Yield the gaps of one capture file: of kind `flow` what hides flows or their packets."""
    for fault in stream.faults:
        place = f" at byte {fault.at:,}" if fault.at >= 0 else ""
        yield Gap(kind="flow", reason=fault.reason, detail=f"{fault.detail}{place}", origin=origin)
    if stream.dropped:
        yield Gap(
            kind="flow",
            reason="absent",
            detail=f"the machine that captured lost {stream.dropped} packets",
            origin=origin,
            count=stream.dropped,
        )
    if stream.timeless:
        yield Gap(
            kind="capture",
            reason="absent",
            detail=f"{stream.timeless} packets have no time (simple packet blocks)",
            origin=origin,
            count=stream.timeless,
        )
    if analysis.flows.beyond:
        yield Gap(
            kind="flow",
            reason="limit",
            detail=f"{analysis.flows.beyond} packets are of more flows than are kept",
            origin=origin,
            count=analysis.flows.beyond,
        )
    if analysis.flows.paths.beyond:
        yield Gap(
            kind="flow",
            reason="limit",
            detail="packets are in more VLANs and tunnels than are kept apart",
            origin=origin,
            count=analysis.flows.paths.beyond,
        )
    yield from _unread(origin, analysis)
    for word, datagrams in sorted(fragments.items()):
        reason, detail = _FRAGMENTS[word]
        yield Gap(kind="name_query", reason=reason, detail=detail, origin=origin, count=datagrams)
    for crash in analysis.crashes:
        yield _gap("flow", origin, crash)
        yield _gap("name_query", origin, crash)
    for one in heard:
        for unheard in one.gaps:
            yield _gap("name_query", origin, unheard)


def _unread(origin: Origin, analysis: Analysis) -> Iterator[Gap]:
    """Yield a gap a reason for packets that may have carried data, and cannot be judged."""
    for word, packets in sorted(analysis.skipped.items()):
        skip = Skip(word)
        if skip in UNREAD:
            yield Gap(
                kind="flow",
                reason=_reason(skip),
                detail=f"skipped ({skip.value}): what {SENTENCES[skip]}",
                origin=origin,
                count=packets,
            )


def _reason(skip: Skip) -> GapReason:
    if skip == Skip.CRASHED:
        return "crashed"
    if skip.value.startswith("malformed-"):
        return "malformed"
    return "absent" if skip.value.startswith("cut-") or skip == Skip.EMPTY else "unsupported"


def _gap(kind: str, origin: Origin, unheard: Unheard) -> Gap:
    return Gap(
        kind=kind,
        reason=unheard.reason,
        detail=unheard.detail,
        origin=origin,
        count=unheard.count,
    )
