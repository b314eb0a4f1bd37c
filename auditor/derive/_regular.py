"""Tells how regular a series of events is, from 0 (no pattern) to 100 (a clock's)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

# Fewer intervals than this are regular by chance.
LEAST_EVENTS = 6
# Percent of the usual interval by which half of the intervals may differ, for a score of 0.
_LOOSE = 50


def regularity(times: Sequence[int]) -> tuple[int, int]:
    """Return a score for the times of events, and their usual interval in the same unit.

    Half of the score is how close the intervals lie to their median (median absolute deviation),
    half how alike the two sides of their distribution are (Bowley's skewness): the ideas of
    RITA's timestamp score, written anew. Events at the same time are one event.
    """
    ordered = sorted(set(times))
    if len(ordered) < LEAST_EVENTS:
        return 0, 0
    gaps = sorted(b - a for a, b in pairwise(ordered))
    usual = median(gaps)
    if usual <= 0:
        return 0, 0
    return (_closeness(gaps, usual) + _symmetry(gaps)) // 2, usual


def alikeness(values: Sequence[int]) -> int:
    """Return how alike values are (sizes of what was sent), from 0 to 100."""
    usual = median(sorted(values))
    return _closeness(values, usual) if usual else 0


def median(ordered: Sequence[int]) -> int:
    """Return the middle of sorted values, rounded down."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) // 2


def _closeness(values: Sequence[int], usual: int) -> int:
    deviation = median(sorted(abs(value - usual) for value in values))
    return max(0, 100 - 100 * 100 * deviation // (usual * _LOOSE))


def _symmetry(ordered: Sequence[int]) -> int:
    low, high = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    if high == low:
        return 100
    skew = 100 * (high + low - 2 * median(ordered)) // (high - low)
    return max(0, 100 - abs(skew))
