"""Keeps what is told of a sweep readable: beyond a bound, what every rule judges alike is one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from msgspec import Struct

# Records of one kind that are told one by one. A sweep over a network has a million ends, and a
# finding for each of them would bury all others.
MOST = 10_000

_T = TypeVar("_T")


class Together(Struct, frozen=True):
    """How many records one stands for, and how its subject is written."""

    count: int = 1

    def named(self, first: str) -> str:
        """Return the subject of one record, or the first of many and how many more there are."""
        return first if self.count == 1 else f"{first} (+{self.count - 1:,})"


def few(
    groups: Iterable[list[_T]],
    *,
    weight: Callable[[list[_T]], int],
    alike: Callable[[list[_T]], Hashable],
    most: int | None = None,
) -> Iterator[tuple[list[_T], Together]]:
    """Yield groups: the `most` weightiest alone, the others joined to those that they are like.

    `alike` has to hold everything that a rule may ask of a group, so that no verdict is lost.
    """
    most = MOST if most is None else most
    ordered = list(groups)
    alone = Together()
    if len(ordered) > most:
        ordered.sort(key=weight, reverse=True)
    for group in ordered[:most]:
        yield group, alone
    joined: dict[Hashable, list[_T]] = {}
    counts: dict[Hashable, int] = {}
    for group in ordered[most:]:
        key = alike(group)
        joined.setdefault(key, []).extend(group)
        counts[key] = counts.get(key, 0) + 1
    for key, group in joined.items():
        yield group, Together(counts[key])
