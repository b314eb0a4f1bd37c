"""Keeps the answers to one kind of question, each asked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from auditor.host import Unreadable
from auditor.host._recording import Failure

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """What was answered, and what was refused, by what was asked for."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.answers: dict[str, _Value] = {}
        self._refusals: dict[str, Unreadable] = {}

    @property
    def errors(self) -> dict[str, Failure]:
        """The refusals as a recording holds them."""
        return {key: (error.reason, error.detail) for key, error in self._refusals.items()}

    def ask(self, key: str, question: Callable[[], _Value]) -> _Value:
        """Return the answer that is kept for `key`, or put the question and keep what it gives."""
        if key in self._refusals:
            raise self._refusals[key]
        if key not in self.answers:
            try:
                self.answers[key] = question()
            except Unreadable as error:
                self._refusals[key] = error
                raise
        return self.answers[key]

    def ask_several(
        self,
        keys: tuple[str, ...],
        question: Callable[[tuple[int, ...]], tuple[_Value, ...]],
    ) -> tuple[_Value, ...]:
        """Return the answers for `keys`; the question is put once for all that are not kept.

        It is given their places in `keys`, and answers in that order or refuses them all.
        """
        lacking = tuple(
            place
            for place, key in enumerate(keys)
            if key not in self.answers and key not in self._refusals
        )
        if lacking:
            try:
                found = question(lacking)
            except Unreadable as error:
                self._refusals |= {keys[place]: error for place in lacking}
            else:
                self.answers |= {
                    keys[place]: answer for place, answer in zip(lacking, found, strict=True)
                }
        for key in keys:
            if key in self._refusals:
                raise self._refusals[key]
        return tuple(self.answers[key] for key in keys)
