"""Examines made-up pickles: the machine's answer, and the checks that it names."""

from __future__ import annotations

from auditor.formats import Budget, Context, Memory
from auditor.formats._pickle import Pickled, examine

CLEAN = ("data", "framework")


def examined(data: bytes, **how) -> Pickled:
    return examine(Memory(data), Context(budget=Budget()), **how)


def rules(found) -> set[str]:
    return {reason.rule for reason in found.reasons}
