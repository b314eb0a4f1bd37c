"""Says how far each capture can be relied upon, and what crossed the perimeter in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from auditor.derive import Derivation
from auditor.derive._asked import judged_queries
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Evidence, Gap, Record
from auditor.evidence.crossing import CaptureView
from auditor.evidence.traffic import Capture, Flow, NameQuery
from auditor.packets.skips import UNREAD, Skip

_NS = 1_000_000_000
_KNOWN = frozenset(skip.value for skip in Skip)
_UNREAD = frozenset(skip.value for skip in UNREAD)


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a view of each capture."""
    flows: dict[str, list[JudgedFlow]] = defaultdict(list)
    for one in judged(evidence):
        flows[one.flow.capture].append(one)
    asked = Counter(
        one.query.capture for one in judged_queries(evidence) if one.standing == "outside"
    )
    for record in evidence.records:
        if isinstance(record, Capture):
            gaps = tuple(gap for gap in evidence.gaps if _hides(gap, record))
            yield _view(record, flows[record.path], asked[record.path], gaps)


def _hides(gap: Gap, capture: Capture) -> bool:
    """Return whether a gap stands for flows of the capture that nobody can judge."""
    return gap.kind in ("flow", "capture") and gap.origin.source == capture.path


def _view(
    capture: Capture, flows: list[JudgedFlow], asked: int, gaps: tuple[Gap, ...]
) -> CaptureView:
    unread = sum(skipped.packets for skipped in capture.skipped if _may_hide(skipped.reason))
    untold = sum(one.inside is None for one in flows)
    missing = _missing(capture, unread, untold)
    # A gap tells again what the counts above tell, or what no count has.
    missing = missing or tuple(dict.fromkeys(gap.detail for gap in gaps))
    crossing = [one for one in flows if one.direction is not None]
    short = f"{capture.snap_cut} packets were captured in part: names and text may be missing"
    return CaptureView(
        origin=capture.origin,
        path=capture.path,
        packets=capture.packets,
        unread=unread,
        dropped=capture.dropped,
        snap_cut=capture.snap_cut,
        truncated=capture.truncated,
        complete=not missing,
        readable=not missing and not capture.snap_cut,
        why=(*missing, *((short,) if capture.snap_cut else ())),
        seconds=(capture.last - capture.first) // _NS,
        flows=len(flows),
        crossing=len(crossing),
        unapproved=sum(one.approved is not True for one in crossing),
        asked=asked,
        bytes_out=sum(one.sent for one in crossing),
        bytes_in=sum(one.received for one in crossing),
    )


def _may_hide(reason: str) -> bool:
    """Return whether packets of this reason may have gone anywhere; a new reason may."""
    return reason in _UNREAD or reason not in _KNOWN


def _missing(capture: Capture, unread: int, untold: int) -> tuple[str, ...]:
    """Return what is missing of the packets that passed the capture's place."""
    lines = []
    if not capture.packets:
        lines.append("there is no packet in it")
    if capture.truncated:
        lines.append("the file ends within a packet")
    if capture.dropped:
        lines.append(f"{capture.dropped} packets were lost by the capturing machine")
    if unread:
        lines.append(
            f"{unread} of {capture.packets} packets could not be read as far as their ends"
        )
    if untold:
        lines.append(f"{untold} flows went through tunnels whose own ends are not known")
    return tuple(lines)


DERIVATION = Derivation(
    title="How far captures can be relied upon",
    yields=CaptureView,
    sources=(Capture, Flow, NameQuery),
    derive=_derive,
)
