"""Counts what a graph holds: elements by number type, tensors, operators of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from auditor.evidence.models import VerdictReason
from auditor.formats._errors import FormatError

MOST_ELEMENTS = 1 << 62
MAX_RANK = 64
MAX_OPERATORS = 100
MAX_DISTINCT = 10_000
_NAME = 200
_MAX_TOLD = 100
_Key = TypeVar("_Key", str, tuple[str, str], tuple[str, str, str])


class Places(dict[_Key, int]):
    """Where each of many names stands first; more than 10,000 of them are a limit."""

    def add(self, key: _Key, offset: int) -> None:
        """Keep a name's first place; raises `FormatError`."""
        if key in self:
            return
        if len(self) == MAX_DISTINCT:
            raise FormatError(
                f"more than {MAX_DISTINCT} operators of different names", "limit",
                rule="limit-operators", offset=offset,
            )  # fmt: skip
        self[key] = offset


class Reasons(list[VerdictReason]):
    """Reasons, of one check no more than are of use: the first hundred."""

    def tell(self, reason: VerdictReason) -> None:
        """Add a reason, unless its check has told enough."""
        told = self._told.get(reason.rule, 0)
        if told < _MAX_TOLD:
            self._told[reason.rule] = told + 1
            self.append(reason)

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self._told: dict[str, int] = {}


class Tally:
    """Elements and tensors of a model, and the names of operators that no table holds."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.elements: dict[str, int] = {}
        self.tensors = 0
        self._operators: set[str] = set()

    def tensor(self, kind: str, count: int) -> None:
        """Count a tensor of `count` elements of one number type."""
        self.tensors += 1
        self.elements[kind] = self.elements.get(kind, 0) + count

    def operator(self, name: str) -> None:
        """Keep the name of an operator that is not a known one."""
        if len(self._operators) < MAX_OPERATORS:
            self._operators.add(shown(name, _NAME))

    @property
    def parameters(self) -> int:
        """How many elements there are."""
        return sum(self.elements.values())

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that are not known, sorted."""
        return tuple(sorted(self._operators))


def elements(shape: Iterable[int]) -> int:
    """Return how many elements a shape has; raises `FormatError` for one that no file can have."""
    count = 1
    for number, dimension in enumerate(shape):
        count *= dimension
        if dimension < 0 or count > MOST_ELEMENTS or number >= MAX_RANK:
            raise FormatError("a tensor's shape is negative, or larger than any file")
    return count


def shown(text: str, most: int = _NAME) -> str:
    """Return a text of a file as it may stand in a record: cut, control characters escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text[:most]
    )[:most]
