"""Judges one record by one rule: the only place where a `pass` comes into being."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import cast

import msgspec

from auditor.evidence import DERIVED, Record, kind_of
from auditor.policy.cel import CelError, Session
from auditor.policy.comparison import Path
from auditor.policy.findings import Finding, Severity, Text, Verdict
from auditor.policy.rules import Condition, Rule, Sentence
from auditor.policy.scope import BlindSpot
from auditor.policy.wording import Language, Wording

# Beyond this a list is not walked by a condition: nested macros would take its square.
MAX_ITEMS = 10_000
# So many kinds of records, of so many bytes at the most, are remembered with their verdicts.
_MOST_ALIKE = 10_000
_LONGEST = 2048
_NOTHING = Text(en="")


class _Unread(Exception):  # noqa: N818 - a state of the record, not a mistake
    """A value that a condition depends on could not be read: `said` names it."""

    def __init__(self, said: Text) -> None:
        """Keep the sentence."""
        super().__init__(said.en)
        self.said = said


class Alike:
    """What rules said of records so far: those whose fields are alike are judged alike.

    A condition knows of a record the fields that it takes, and nothing else.
    """

    def __init__(self) -> None:
        """Begin with nothing judged."""
        self._known: dict[tuple[str, bytes], dict[str, Verdict]] = {}

    def of(self, record: Record, fields: Sequence[str]) -> dict[str, Verdict]:
        """Return what is known of records with these `fields`, by the rule; it may be added to."""
        try:
            # As MessagePack what differs stays different, numbers that are none too.
            taken = msgspec.msgpack.encode([getattr(record, name) for name in fields])
        except (UnicodeError, OverflowError):
            return {}
        key = (kind_of(record), taken)
        found = self._known.get(key)
        if found is None:
            found = {}
            if len(taken) <= _LONGEST and len(self._known) < _MOST_ALIKE:
                self._known[key] = found
        return found


class Case:
    """One record before all rules of its kind: converted once, asked many times."""

    def __init__(
        self, record: Record, fields: Sequence[str], session: Session, wording: Wording,
        alike: Alike,
    ) -> None:  # fmt: skip
        """Hand over the `fields` that conditions take, where no record `alike` was judged.

        A sentence may name any field; a condition that took one that is not among them broke off.
        """
        self._record = record
        self._taken = fields
        self._session = session
        self._wording = wording
        self._known = alike.of(record, fields)

    @cached_property
    def _fields(self) -> dict[str, object]:
        return cast("dict[str, object]", msgspec.to_builtins(self._record))

    @cached_property
    def _shown(self) -> dict[str, object]:
        return {**self._fields, "label": self._record.label}

    @cached_property
    def _broken(self) -> str:
        """Return why the fields cannot be handed over: then every rule answers `error`."""
        try:
            self._session.bind({name: self._fields[name] for name in self._taken})
        except CelError as error:
            return str(error)
        return ""

    def judge(self, rule: Rule, severity: Severity) -> Finding | None:
        """Return the finding, or `None` where the record is outside the rule's `when`."""
        verdict, reason = self._verdict(rule)
        if verdict == "not-applicable":
            return None
        shared = self._wording.shared(rule.id, verdict)
        if shared is not None:
            return shared
        finding = Finding(
            rule=rule.id,
            verdict=verdict,
            severity=severity,
            kind=kind_of(self._record),
            subject=self._record.label,
            observed=self._said(rule.observed, "en", verdict),
            expected=self._said(rule.expected, "en", verdict),
            observed_zh=self._said(rule.observed, "zh", verdict),
            expected_zh=self._said(rule.expected, "zh", verdict),
            reason=reason.en,
            reason_zh=reason.zh,
            origin=self._record.origin,
            fingerprint=fingerprint(rule.id, kind_of(self._record), self._record.label),
        )
        return self._wording.share(finding)

    def _verdict(self, rule: Rule) -> tuple[Verdict, Text]:
        """Return the verdict, and why where it is `unknown` or `error`."""
        known = self._known.get(rule.id)
        if known is not None:
            return known, _NOTHING
        verdict, reason = self._asked(rule)
        if verdict not in ("unknown", "error"):  # of which every record says why
            self._known[rule.id] = verdict
        return verdict, reason

    def _asked(self, rule: Rule) -> tuple[Verdict, Text]:
        """Return what the rule says of the record."""
        if self._broken:
            return "error", Text(en=self._broken)
        try:
            if rule.when and not self._holds(rule.when, trusted=False):
                return "not-applicable", _NOTHING
            if rule.doubt and self._holds(rule.doubt, trusted=None):
                en = self._said(rule.because, "en", "unknown")
                return "unknown", Text(en=en, zh=self._said(rule.because, "zh", "unknown"))
            return ("pass" if self._holds(rule.require, trusted=True) else "fail"), _NOTHING
        except _Unread as error:
            return "unknown", error.said
        except CelError as error:
            return "error", Text(en=str(error))

    def _holds(self, condition: Condition, *, trusted: bool | None) -> bool:
        """Return whether a condition holds; raises `_Unread` where that cannot be told.

        A condition that compares a field with null itself is asked although the field could not
        be read. It may then say what makes matters worse, never what makes them better: the
        answer `trusted` (true: all is well; false: not concerned) is refused.
        """
        missing: Text | None = None
        for path in condition.analysis.reads:
            if not _unread(self._fields, path):
                continue
            missing = self._missing(path)
            if path not in condition.analysis.null_checked:
                raise _Unread(missing)
        holds = self._session.holds(condition.program)
        if missing and trusted is not None and holds == trusted:
            raise _Unread(missing)
        return holds

    def _missing(self, path: Path) -> Text:
        """Return that a value is not known, in words."""
        name = ".".join(step for step in path if step != "*")
        if kind_of(self._record) in DERIVED:
            return Text(
                en=f"{name} could not be told from what was read", zh=f"由已读内容无法判断 {name}"
            )
        return Text(en=f"{name} could not be read", zh=f"未能读取 {name}")

    def _said(self, sentence: Sentence | None, language: Language, verdict: Verdict) -> str:
        """Return a sentence with this record's values, where it is one that is to be held."""
        if sentence is None or not self._wording.holds(verdict, language):
            return ""
        template = sentence.en if language == "en" else sentence.zh
        if template is None:
            return ""
        return self._wording.once(template.render(self._shown, self._wording.parameters))


def fields_read(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the fields of a record that the conditions of rules take, sorted."""
    conditions = (part for rule in rules for part in (rule.when, rule.doubt, rule.require) if part)
    return tuple(sorted({path[0] for part in conditions for path in part.analysis.reads}))


def concerns(rule: Rule, record: Record) -> bool:
    """Return whether a record is made from one of the kinds that the rule is narrowed to."""
    return not rule.of or getattr(record, "source_kind", "") in rule.of


def unseen(
    rule: Rule, severity: Severity, spot: BlindSpot, parameters: Mapping[str, object]
) -> Finding:
    """Return the finding for something that could not be seen."""
    expected = rule.expected
    return Finding(
        rule=rule.id,
        verdict="unknown",
        severity=severity,
        kind=spot.kind,
        subject=spot.subject,
        observed="not seen",
        expected=expected.en.outline(parameters),
        observed_zh="未能查看",
        expected_zh=expected.zh.outline(parameters) if expected.zh else "",
        reason=spot.reason,
        reason_zh=spot.reason_zh,
        origin=spot.origin,
        # Without the line: what stands above a gap in its file must not make it a new one.
        fingerprint=fingerprint(rule.id, spot.kind, f"{spot.origin.source}\0{spot.reason}"),
        count=spot.count,
    )


def fingerprint(rule: str, kind: str, subject: str) -> str:
    """Return what stays the same of a finding from run to run, as 32 hex digits."""
    text = f"{rule}\0{kind}\0{subject}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _unread(value: object, path: Path) -> bool:
    """Return whether a value on the way `path` is null; raises `CelError` for a list too long."""
    for at, step in enumerate(path):
        if value is None:
            return True
        if step == "*":
            items = cast("list[object]", value)
            if len(items) > MAX_ITEMS:
                raise CelError(f"the list has {len(items)} items, more than {MAX_ITEMS}")
            return any(_unread(item, path[at + 1 :]) for item in items)
        value = cast("dict[str, object]", value)[step]
    return value is None
