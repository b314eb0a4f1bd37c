"""Runs the examples of packs: every rule shows how it passes, fails and doubts."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auditor.evidence import (
    ASSUMED_SITE,
    COLLECTED,
    DERIVED,
    SCHEMA,
    CollectorRun,
    Evidence,
    Gap,
    Origin,
    Record,
    Site,
    Subject,
    Tool,
)
from auditor.evidence.bundle import Mode
from auditor.policy import engine
from auditor.policy.findings import Verdict
from auditor.policy.rules import Example, Pack, Parameter, Rule

_DAY = "2000-01-01T00:00:00Z"


class Result(Struct, frozen=True, kw_only=True):
    """One example as it was judged: `name` tells what it shows, `reason` why it came out so."""

    rule: str
    name: str
    expected: Verdict
    verdict: Verdict
    reason: str
    place: str

    @property
    def holds(self) -> bool:
        """Return whether the rule judged as its author said."""
        return self.verdict == self.expected


def run(packs: tuple[Pack, ...]) -> tuple[Result, ...]:
    """Return how every rule judged its examples, and how it met a gap in what it needs."""
    return tuple(result for pack in packs for rule in pack.rules for result in _of_rule(pack, rule))


def _of_rule(pack: Pack, rule: Rule) -> tuple[Result, ...]:
    """Return the results of one rule."""
    alone = msgspec.structs.replace(pack, rules=(rule,))
    results = [_example(alone, rule, example) for example in rule.examples]
    return (*results, _gap(alone, rule))


def _example(pack: Pack, rule: Rule, example: Example) -> Result:
    """Return how the rule judged one example."""
    tuned = msgspec.structs.replace(pack, parameters=_tuned(pack.parameters, example))
    derived = (example.record,) if rule.each in DERIVED else ()
    records = () if rule.each in DERIVED else (example.record,)
    return _result(
        tuned, rule, _evidence(rule, records, (), example.site), derived,
        name=f"example {example.expected}", expected=example.expected, place=example.place,
    )  # fmt: skip


def _gap(pack: Pack, rule: Rule) -> Result:
    """Return how the rule judged evidence that has nothing but a gap."""
    if rule.given:
        passing = [example for example in rule.examples if example.expected != "not-applicable"]
        pack = msgspec.structs.replace(pack, parameters=_tuned(pack.parameters, passing[0]))
        site = passing[0].site
    else:
        site = ASSUMED_SITE
    gap = Gap(
        kind=rule.of[0] if rule.of else rule.each,
        reason="denied",
        detail="permission denied",
        origin=Origin("example", rule.place),
    )
    return _result(
        pack, rule, _evidence(rule, (), (gap,), site), (),
        name="a gap is unknown", expected="unknown", place=rule.place,
    )  # fmt: skip


def _result(  # noqa: PLR0913 - each is named at the call
    pack: Pack, rule: Rule, evidence: Evidence, derived: tuple[Record, ...], *, name: str,
    expected: Verdict, place: str,
) -> Result:  # fmt: skip
    """Judge, and return what came of it."""
    findings = engine.evaluate((pack,), evidence, derived, evidence_sha256="", judged_at=_DAY)
    applied = findings.rules[0]
    reasons = [finding.reason for finding in findings.findings if finding.reason]
    return Result(
        rule=rule.id,
        name=name,
        expected=expected,
        verdict=applied.verdict,
        reason=applied.reason or "; ".join(reasons),
        place=place,
    )


def _tuned(parameters: tuple[Parameter, ...], example: Example) -> tuple[Parameter, ...]:
    """Return the parameters with the values that an example sets."""
    values = dict(example.parameters)
    return tuple(
        msgspec.structs.replace(p, default=values.get(p.name, p.default)) for p in parameters
    )


def _evidence(
    rule: Rule, records: tuple[Record, ...], gaps: tuple[Gap, ...], site: Site
) -> Evidence:
    """Return evidence of a mode that the rule is about, in which everything was looked at."""
    mode: Mode = "manifests" if _about_manifests(rule) else "host"
    everything = CollectorRun(
        collector="example", title="", kinds=tuple(COLLECTED), records=len(records), gaps=len(gaps)
    )
    return Evidence(
        schema=SCHEMA,
        tool=Tool(name="examples", version=""),
        mode=mode,
        subject=Subject(name="example"),
        taken_at=_DAY,
        site=site,
        runs=(everything,),
        gaps=gaps,
        records=records,  # type: ignore[arg-type]  # records of collected kinds
    )


def _about_manifests(rule: Rule) -> bool:
    """Return whether only manifests can tell of what the rule is about."""
    from auditor import derive
    from auditor.policy import scope

    if rule.applies:
        return rule.applies == ("manifests",)
    return not scope.needed(rule, "host", derive.sources()) and bool(
        rule.of or rule.each not in DERIVED
    )
