"""Compares two judgements: what got worse, what was mended, what is new or gone."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.policy.findings import Finding, Findings

Direction = Literal["worse", "better", "other"]
_BAD = ("fail", "error", "unknown")


class Change(Struct, frozen=True, kw_only=True):
    """One finding that differs: `before` and `after` are verdicts, `` where it was not there."""

    rule: str
    subject: str
    severity: str
    before: str
    after: str

    @property
    def direction(self) -> Direction:
        """Return whether the change is for the worse, the better, or neither.

        A failure that merely vanished from sight is `better` only where it passes now.
        """
        if self.after in _BAD and self.before not in _BAD:
            return "worse"
        if self.after == "fail" and self.before in _BAD and self.before != "fail":
            return "worse"
        if self.before in _BAD and self.after in ("pass", "waived"):
            return "better"
        return "other"


def compare(before: Findings, after: Findings) -> tuple[Change, ...]:
    """Return what differs between two judgements of the same subject, worst first."""
    earlier = _by_fingerprint(before)
    later = _by_fingerprint(after)
    changes = []
    for fingerprint in sorted(earlier.keys() | later.keys()):
        old, new = earlier.get(fingerprint), later.get(fingerprint)
        if old and new and old.verdict == new.verdict:
            continue
        finding = new or old
        if finding is None:
            continue
        changes.append(
            Change(
                rule=finding.rule,
                subject=finding.subject,
                severity=finding.severity,
                before=old.verdict if old else "",
                after=new.verdict if new else "",
            )
        )
    order = {"worse": 0, "other": 1, "better": 2}
    return tuple(sorted(changes, key=lambda c: (order[c.direction], c.rule, c.subject)))


def _by_fingerprint(findings: Findings) -> dict[str, Finding]:
    """Return the findings by fingerprint; of several under one, the last in order."""
    return {finding.fingerprint: finding for finding in findings.findings}
