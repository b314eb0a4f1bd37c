"""Judges evidence: every rule over every record of its kind, and over everything unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec import Struct

from auditor._version import __version__
from auditor.evidence import DERIVED, Evidence, Record, kind_of
from auditor.policy import judge, scope
from auditor.policy.answers import Answers, gathered, in_runs
from auditor.policy.cel import CelError, Session
from auditor.policy.findings import (
    SCHEMA,
    VERDICTS,
    AppliedPack,
    AppliedRule,
    Finding,
    Findings,
    Severity,
    Verdict,
)
from auditor.policy.functions import functions
from auditor.policy.profile import Profile, Tuning, retune
from auditor.policy.rules import Condition, Pack, Rule
from auditor.policy.waivers import Waiver
from auditor.policy.wording import EVERY, Sentences, Wording


class _World(Struct, frozen=True, kw_only=True):
    """What every rule is judged in."""

    evidence: Evidence
    sources: Mapping[str, tuple[str, ...]]
    tuning: Tuning
    waivers: tuple[Waiver, ...]
    day: str
    session: Session
    wording: Wording


def evaluate(  # noqa: PLR0913 - each is named at the call
    packs: tuple[Pack, ...],
    evidence: Evidence,
    derived: tuple[Record, ...],
    *,
    evidence_sha256: str,
    judged_at: str,
    profile: Profile | None = None,
    waivers: tuple[Waiver, ...] = (),
    fail_on: Severity = "medium",
    allow_unknown: bool = False,
    sentences: Sentences = EVERY,
) -> Findings:
    """Return the judgement of `evidence` and what was `derived` from it by `packs`.

    Its findings hold the `sentences` that somebody is to read. `judged_at`
    (RFC 3339) is the day that waivers are held against. Raises `PackError` where there is
    nothing to evaluate, or where the profile does not fit the packs.
    """
    from auditor import derive

    tuning = retune(packs, profile)
    world = _World(
        evidence=evidence,
        sources=derive.sources(),
        tuning=tuning,
        waivers=waivers,
        day=judged_at[:10],
        session=Session(
            {"params": tuning.parameters, "site": msgspec.to_builtins(evidence.site)},
            functions(evidence.site),
        ),
        wording=Wording(tuning.parameters, sentences, apart={waiver.rule for waiver in waivers}),
    )
    asked = _ask_records(world, chain(evidence.records, derived))
    applied: list[AppliedRule] = []
    parts: list[Sequence[Finding]] = []
    for pack in tuning.packs:
        for rule in pack.rules:
            conclusion, found = _conclude(rule, pack, world, asked.pop(rule.id))
            applied.append(conclusion)
            parts.append(found)
    findings = gathered(parts)
    return Findings(
        schema=SCHEMA,
        tool_version=__version__,
        evidence_sha256=evidence_sha256,
        judged_at=judged_at,
        profile=tuning.profile,
        params=tuple(
            (name, json.dumps(value, ensure_ascii=False))
            for name, value in sorted(tuning.parameters.items())
        ),
        fail_on=fail_on,
        allow_unknown=allow_unknown,
        packs=tuple(
            AppliedPack(name=p.name, version=p.version, title=p.title, sha256=p.sha256)
            for p in tuning.packs
        ),
        rules=tuple(applied),
        findings=findings,
        unused_waivers=_unused(waivers, findings, world.day),
    )


def _ask_records(world: _World, records: Iterable[Record]) -> dict[str, Answers]:
    """Return what each rule says of the records: each record is converted once for all rules."""
    tuning = world.tuning
    asked = {rule.id: Answers() for pack in tuning.packs for rule in pack.rules}
    by_kind = _rules_by_kind(world)
    taken = {kind: judge.fields_read(rules) for kind, rules in by_kind.items()}
    alike = judge.Alike()
    for record in records:
        kind = kind_of(record)
        if kind not in by_kind:
            continue
        case = judge.Case(record, taken[kind], world.session, world.wording, alike)
        for rule in by_kind[kind]:
            if not judge.concerns(rule, record):
                continue
            finding = case.judge(rule, tuning.severity[rule.id])
            if finding is None:
                asked[rule.id].passed_over += 1
            else:
                asked[rule.id].add(finding)
    return asked


def _rules_by_kind(world: _World) -> dict[str, tuple[Rule, ...]]:
    """Return the rules that are to be asked, by the kind of record that they are asked of."""
    by_kind: dict[str, tuple[Rule, ...]] = {}
    for pack in world.tuning.packs:
        for rule in pack.rules:
            if not _not_asked(rule, world):
                by_kind[rule.each] = (*by_kind.get(rule.each, ()), rule)
    return by_kind


def _not_asked(rule: Rule, world: _World) -> str:
    """Return why the rule is not asked of this evidence at all, or nothing where it is."""
    if rule.id in world.tuning.disabled:
        return f"disabled by profile {world.tuning.profile}"
    if rule.given and not _given(rule.given, world):
        return rule.otherwise.en
    mode = world.evidence.mode
    known = rule.each not in DERIVED or bool(rule.of) or rule.each in world.sources
    kinds = scope.needed(rule, mode, world.sources)
    out = scope.out_of_scope(rule, mode, kinds, known=known)
    return out or scope.not_given(kinds, world.evidence)


def _given(condition: Condition, world: _World) -> bool:
    """Return whether a condition on parameters and site holds; one that breaks off counts as so.

    Nothing is then passed over in silence: the rule is asked, and its findings tell.
    """
    try:
        return world.session.holds(condition.program, of_record=False)
    except CelError:
        return True


def _conclude(
    rule: Rule, pack: Pack, world: _World, asked: Answers
) -> tuple[AppliedRule, Sequence[Finding]]:
    """Return the rule with what came of it, and its findings in an order of content alone."""
    severity = world.tuning.severity[rule.id]
    reason = _not_asked(rule, world)
    findings: Sequence[Finding] = ()
    if not reason:
        findings = _in_order(asked, _unseen(rule, severity, world), world)
        reason = "" if findings else _nothing_judged(rule, asked)
    verdicts = [finding.verdict for finding in findings]
    return (
        AppliedRule(
            id=rule.id,
            pack=pack.name,
            title=rule.title,
            severity=severity,
            each=rule.each,
            of=rule.of,
            require=rule.require.source,
            remediation=rule.remediation,
            controls=rule.controls,
            verdict=_strongest(verdicts),
            reason=reason,
            judged=asked.judged,
            passed=verdicts.count("pass"),
            failed=verdicts.count("fail"),
            unknown=verdicts.count("unknown"),
            errors=verdicts.count("error"),
            waived=verdicts.count("waived"),
        ),
        findings,
    )


def _in_order(asked: Answers, unseen: tuple[Finding, ...], world: _World) -> Sequence[Finding]:
    """Return the findings of one rule, waivers applied, in an order of content alone."""
    found = [
        (_waived(finding, world), 1 + asked.more[place])
        for place, finding in enumerate((*asked.findings, *unseen))
    ]
    found.sort(key=lambda one: _order(one[0]))
    return in_runs(found)


def _unseen(rule: Rule, severity: Severity, world: _World) -> tuple[Finding, ...]:
    """Return one finding, `unknown`, for everything that the rule would have had to see."""
    kinds = scope.needed(rule, world.evidence.mode, world.sources)
    spots = scope.blind_spots(rule, world.evidence, kinds)
    return tuple(judge.unseen(rule, severity, spot, world.tuning.parameters) for spot in spots)


def _strongest(verdicts: list[Verdict]) -> Verdict:
    """Return the verdict of a rule: the strongest of its findings'."""
    return next((verdict for verdict in VERDICTS if verdict in verdicts), "not-applicable")


def _nothing_judged(rule: Rule, asked: Answers) -> str:
    """Return why a rule has no finding although everything was seen."""
    if asked.passed_over:
        return f"none of {asked.passed_over} {scope.words(rule.each)} meets the rule's 'when'"
    of = f" from {', '.join(scope.words(kind) for kind in rule.of)}" if rule.of else ""
    return f"there are no {scope.words(rule.each)}{of} to judge"


def _order(finding: Finding) -> tuple[object, ...]:
    """Return what findings of one rule are sorted by: content alone, never arrival."""
    return (
        VERDICTS.index(finding.verdict), finding.kind, finding.subject, finding.observed,
        finding.reason, finding.origin, finding.count,
    )  # fmt: skip


def _waived(finding: Finding, world: _World) -> Finding:
    """Return the finding as accepted where a waiver covers it; an expired one says so."""
    covering = [
        waiver
        for waiver in world.waivers
        if waiver.covers(finding.rule, finding.subject, finding.verdict)
    ]
    valid = next((waiver for waiver in covering if not waiver.expired(world.day)), None)
    if valid:
        return msgspec.structs.replace(finding, verdict="waived", waiver=valid.applied)
    if not covering:
        return finding
    last = max(covering, key=lambda waiver: waiver.expires)
    expired = f"the waiver of {last.owner} expired on {last.expires}"
    chinese = f"{last.owner} 的豁免已于 {last.expires} 到期"
    return msgspec.structs.replace(
        finding,
        reason=f"{finding.reason}; {expired}" if finding.reason else expired,
        reason_zh=f"{finding.why('zh')}；{chinese}" if finding.reason else chinese,  # noqa: RUF001 - Chinese
    )


def _unused(
    waivers: tuple[Waiver, ...], findings: tuple[Finding, ...], day: str
) -> tuple[str, ...]:
    """Return the waivers that accepted nothing, in words."""
    accepted = [finding for finding in findings if finding.waiver]
    used = {
        waiver.place
        for waiver in waivers
        for finding in accepted
        if finding.waiver == waiver.applied
        and waiver.covers(finding.rule, finding.subject, waiver.accepts[0])
    }
    return tuple(
        f"{waiver.place}: {waiver.rule} for '{waiver.subject}'"
        f" ({'expired' if waiver.expired(day) else 'until'} {waiver.expires})"
        for waiver in waivers
        if waiver.place not in used
    )
