"""Counts a judgement by the clauses of control frameworks: untested is never met."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from auditor.policy import controls
from auditor.policy.findings import AppliedRule, Text

ControlState = Literal["not-met", "undecided", "waived", "met", "not-tested"]
STATES: tuple[ControlState, ...] = ("met", "not-met", "waived", "undecided", "not-tested")


class Clause(Struct, frozen=True, kw_only=True):
    """A clause that a rule speaks to, what came of it, and the rules' ids."""

    id: str
    title: str
    state: ControlState
    rules: tuple[str, ...]


class Framework(Struct, frozen=True, kw_only=True):
    """A framework's figures: `counts` in the order of `STATES`, together `total` clauses.

    `catalogued` is false where the toolkit has no list of the framework's clauses, so that
    the denominator is only what rules name.
    """

    id: str
    name: str
    counts: tuple[tuple[ControlState, int], ...]
    total: int
    catalogued: bool
    clauses: tuple[Clause, ...]


def frameworks(rules: tuple[AppliedRule, ...], language: str) -> tuple[Framework, ...]:
    """Return every framework that a rule names, with its clauses counted by state."""
    named = sorted({control.framework for rule in rules for control in rule.controls})
    return tuple(_framework(name, rules, language) for name in named)


def _framework(name: str, rules: tuple[AppliedRule, ...], language: str) -> Framework:
    known_as, titles = _catalogue(name)
    verdicts: dict[str, list[AppliedRule]] = {}
    for rule in rules:
        for control in rule.controls:
            if control.framework == name:
                verdicts.setdefault(control.id, []).append(rule)
    clauses = tuple(
        Clause(
            id=clause,
            title=titles[clause].in_language(language) if clause in titles else "",
            state=_state(verdicts[clause]),
            rules=tuple(sorted({rule.id for rule in verdicts[clause]})),
        )
        for clause in sorted(verdicts, key=_natural)
    )
    untouched = sum(clause not in verdicts for clause in titles)
    states = [clause.state for clause in clauses]
    return Framework(
        id=name,
        name=known_as or name,
        counts=tuple(
            (state, states.count(state) + (untouched if state == "not-tested" else 0))
            for state in STATES
        ),
        total=len(clauses) + untouched,
        catalogued=bool(titles),
        clauses=clauses,
    )


def _state(rules: list[AppliedRule]) -> ControlState:
    """Return the weakest thing that can be said of a clause from the rules that speak to it."""
    verdicts = {rule.verdict for rule in rules}
    if "fail" in verdicts:
        return "not-met"
    if verdicts & {"unknown", "error"}:
        return "undecided"
    if "waived" in verdicts:
        return "waived"
    return "met" if "pass" in verdicts else "not-tested"


def _natural(clause: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which `A.8.9` comes before `A.8.10`."""
    parts = re.findall(r"\d{1,9}|\D+", clause)
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts)


def _catalogue(framework: str) -> tuple[str, dict[str, Text]]:
    """Return a framework's name and its clauses' titles; empty where there is no catalogue."""
    if framework not in controls.frameworks():
        return "", {}
    catalogue = controls.load_framework(framework)
    return catalogue.name, {clause.id: clause.title for clause in catalogue.clauses}
