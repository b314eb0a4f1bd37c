"""Reads accepted findings: who accepted what, why, and until when."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from auditor.errors import PackError
from auditor.policy.findings import AppliedWaiver, Verdict
from auditor.policy.reading import Reader
from auditor.yamldoc import Node

_REQUIRED = ("rule", "subject", "owner", "approved_by", "reason", "expires")
_ACCEPTABLE: tuple[Verdict, ...] = ("fail", "unknown")


class Waiver(Struct, frozen=True, kw_only=True):
    """An accepted finding.

    `subject` is the record's label, or a pattern in which `*` and `?` stand for any text and
    any character (nothing else is special: labels hold brackets). `expires` is the last day on
    which it counts. `accepts` are the verdicts it covers: `fail`, and `unknown` where it says so.
    """

    rule: str
    subject: str
    owner: str
    approved_by: str
    reason: str
    expires: str
    accepts: tuple[Verdict, ...]
    place: str

    def covers(self, rule: str, subject: str, verdict: Verdict) -> bool:
        """Return whether this waiver is about the finding, expired or not."""
        if rule != self.rule or verdict not in self.accepts:
            return False
        return subject == self.subject or matches(self.subject, subject)

    def expired(self, day: str) -> bool:
        """Return whether the waiver has ended before `day` (an ISO date, UTC).

        On what is no date it has ended: it is never good for ever.
        """
        return not _is_date(day) or self.expires < day

    @property
    def applied(self) -> AppliedWaiver:
        """Return what a finding shows of its waiver."""
        return AppliedWaiver(
            owner=self.owner,
            approved_by=self.approved_by,
            reason=self.reason,
            expires=self.expires,
        )


def load_waivers(data: bytes, where: str) -> tuple[Waiver, ...]:
    """Return the waivers of a file named `where`.

    Raises `PackError` for whatever is malformed, so that a run stops instead of going on with
    half of what was accepted: an unknown key, an empty owner, a date that is none, a waiver
    that is there twice.
    """
    reader = Reader(data, where)
    found = reader.mapping(reader.root, ("waivers",))
    waivers = tuple(_waiver(reader, node) for node in reader.items(found["waivers"]))
    seen: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        key = (waiver.rule, waiver.subject)
        if key in seen:
            raise PackError(
                f"{waiver.rule} is waived twice for '{waiver.subject}'",
                where=waiver.place,
                hint=f"The first is at {seen[key].place}",
            )
        seen[key] = waiver
    return waivers


def _waiver(reader: Reader, node: Node) -> Waiver:
    """Return one waiver."""
    found = reader.mapping(node, _REQUIRED, ("accepts",))
    texts = {name: reader.text(found[name]) for name in _REQUIRED}
    if not _is_date(texts["expires"]):
        raise reader.wrong(
            found["expires"], f"'{texts['expires']}' is no date", "Write it as 2027-03-31"
        )
    accepts = reader.texts(found["accepts"]) if "accepts" in found else ("fail",)
    for verdict in accepts:
        if verdict not in _ACCEPTABLE:
            raise reader.wrong(
                found["accepts"], f"'{verdict}' cannot be accepted", "Known: fail, unknown"
            )
    return Waiver(
        rule=texts["rule"],
        subject=texts["subject"],
        owner=texts["owner"],
        approved_by=texts["approved_by"],
        reason=texts["reason"],
        expires=texts["expires"],
        accepts=tuple(verdict for verdict in _ACCEPTABLE if verdict in accepts),
        place=node.place(reader.where),
    )


def _is_date(text: str) -> bool:
    """Return whether the text is an ISO date with four digits of year."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def matches(pattern: str, text: str) -> bool:
    """Return whether `text` fits `pattern`; the work grows with their lengths' product at most."""
    at = mark = for_text = 0
    star = -1
    while for_text < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, for_text, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[for_text]):
            at, for_text = at + 1, for_text + 1
        elif star >= 0:
            mark += 1
            at, for_text = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")
