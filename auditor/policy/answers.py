"""Gathers what came of each rule: findings that are one are kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, repeat
from operator import eq, itemgetter
from typing import cast, overload

import msgspec
from msgspec import Struct

from auditor.policy.findings import Finding

# Beyond so many findings they are not copied into one tuple.
_SHORT = 10_000


class Answers(Struct, kw_only=True):
    """What came of one rule so far: `passed_over` counts records outside its `when`.

    A finding that stands for many alike is kept once: `more` counts the others, by its place.
    """

    findings: list[Finding] = []
    more: Counter[int] = msgspec.field(default_factory=Counter)
    passed_over: int = 0

    def add(self, finding: Finding) -> None:
        """Keep a finding."""
        if self.findings and self.findings[-1] is finding:
            self.more[len(self.findings) - 1] += 1
        else:
            self.findings.append(finding)

    @property
    def judged(self) -> int:
        """How many records were judged."""
        return len(self.findings) + self.more.total()


class Run(Sequence[Finding]):
    """One finding that stands for so many."""

    def __init__(self, finding: Finding, count: int) -> None:
        """Hold the finding once."""
        self._finding = finding
        self._count = count

    def __len__(self) -> int:
        """Return for how many it stands."""
        return self._count

    def __iter__(self) -> Iterator[Finding]:
        """Yield it as often."""
        return repeat(self._finding, self._count)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """Return what stands there."""
        places = range(self._count)[index]
        return self._finding if isinstance(places, int) else Run(self._finding, len(places))


class Long(Sequence[Finding]):
    """The findings of many rules one behind the other, none of them copied.

    To iterate costs what a tuple does; to ask for one by its place makes them all.
    """

    def __init__(self, parts: Iterable[Sequence[Finding]]) -> None:
        """Put the parts behind one another."""
        self._parts = tuple(parts)
        self._length = sum(map(len, self._parts))

    def __len__(self) -> int:
        """Return how many findings there are."""
        return self._length

    def __iter__(self) -> Iterator[Finding]:
        """Yield them in their order."""
        return chain.from_iterable(self._parts)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """Return what stands there."""
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        """Return whether the same findings stand in the same order."""
        return isinstance(other, Sequence) and len(other) == len(self) and all(map(eq, self, other))

    def __hash__(self) -> int:
        """Return the hash of the tuple that they would be."""
        return hash(tuple(self))


def in_runs(found: Iterable[tuple[Finding, int]]) -> Sequence[Finding]:
    """Return findings with how many each stands for, in their order."""
    parts: list[Sequence[Finding]] = []
    for count, run in groupby(found, key=itemgetter(1)):
        if count == 1:
            parts.append(tuple(finding for finding, _ in run))
        else:
            parts += [Run(finding, count) for finding, _ in run]
    return parts[0] if len(parts) == 1 else Long(parts)


def gathered(parts: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return the findings of all rules: a tuple, or what is used as one and holds them once."""
    long = Long(parts)
    return tuple(long) if len(long) <= _SHORT else cast("tuple[Finding, ...]", long)
