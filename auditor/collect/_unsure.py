"""Joins answers of which some could not be had: `None` is one that is not known."""

from __future__ import annotations


def any_of(*answers: bool | None) -> bool | None:
    """Return whether one is true; `None` where none is and one is not known."""
    if True in answers:
        return True
    return None if None in answers else False


def all_of(*answers: bool | None) -> bool | None:
    """Return whether all are true; `None` where none is false and one is not known."""
    if False in answers:
        return False
    return None if None in answers else True
