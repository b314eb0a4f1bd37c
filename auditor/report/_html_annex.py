"""Arranges what a reader checks last: gaps, collectors and what was read."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence import Evidence, Gap, kind_of
from auditor.policy.findings import AppliedWaiver, Findings

MAX_ROWS = 300


class GapGroup(Struct, frozen=True, kw_only=True):
    """Gaps of one reason: `kinds` with their counts, and the gaps one by one."""

    reason: str
    count: int
    kinds: tuple[tuple[str, int], ...]
    gaps: tuple[Gap, ...]
    hidden: int


class KindCount(Struct, frozen=True, kw_only=True):
    """How many records and gaps there are of a kind."""

    kind: str
    records: int
    gaps: int


class WaiverUse(Struct, frozen=True, kw_only=True):
    """A waiver and the rules whose findings it accepted."""

    waiver: AppliedWaiver
    rules: tuple[str, ...]


def waiver_uses(findings: Findings) -> tuple[WaiverUse, ...]:
    """Return every waiver that accepted a finding, the first to expire first."""
    uses: dict[AppliedWaiver, set[str]] = {}
    for finding in findings.findings:
        if finding.waiver is not None:
            uses.setdefault(finding.waiver, set()).add(finding.rule)
    ordered = sorted(uses, key=lambda waiver: (waiver.expires, waiver.owner, repr(waiver)))
    return tuple(WaiverUse(waiver=waiver, rules=tuple(sorted(uses[waiver]))) for waiver in ordered)


def gap_groups(evidence: Evidence) -> tuple[GapGroup, ...]:
    """Return the gaps by reason, the most frequent first."""
    by_reason: dict[str, list[Gap]] = {}
    for gap in sorted(evidence.gaps):
        by_reason.setdefault(gap.reason, []).append(gap)
    groups = [
        GapGroup(
            reason=reason,
            count=sum(gap.count for gap in gaps),
            kinds=_kinds(gaps),
            gaps=tuple(gaps[:MAX_ROWS]),
            hidden=max(0, len(gaps) - MAX_ROWS),
        )
        for reason, gaps in by_reason.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.reason)))


def _kinds(gaps: list[Gap]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for gap in gaps:
        counts[gap.kind] = counts.get(gap.kind, 0) + gap.count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def kind_counts(evidence: Evidence) -> tuple[KindCount, ...]:
    """Return how much was read of each kind, by name."""
    records: dict[str, int] = {}
    for record in evidence.records:
        kind = kind_of(record)
        records[kind] = records.get(kind, 0) + 1
    gaps = dict(_kinds(list(evidence.gaps)))
    return tuple(
        KindCount(kind=kind, records=records.get(kind, 0), gaps=gaps.get(kind, 0))
        for kind in sorted({*records, *gaps})
    )
