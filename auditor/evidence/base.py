"""The ground of the vocabulary: where a fact came from, and what could not be had."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from msgspec import Struct

GapReason = Literal[
    "denied", "absent", "malformed", "unsupported", "limit", "timeout", "crashed", "not-collected"
]


@cache
def kind_name(class_name: str) -> str:
    """Return the record kind of a class: `ListeningPort` is `listening_port`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()


class Origin(Struct, frozen=True, order=True, gc=False):
    """Where a fact was read: the collector, the path (or manifest file) and the place in it.

    `line` and `column` count from 1; 0 means that the source has no lines.
    """

    collector: str
    source: str
    line: int = 0
    column: int = 0

    @property
    def place(self) -> str:
        """Return `source`, `source:line` or `source:line:column`."""
        place = self.source
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return place


class Record(
    Struct, frozen=True, kw_only=True, tag_field="kind", tag=kind_name, forbid_unknown_fields=True,
    gc=False,  # what is frozen holds itself nowhere: it need not be searched for that
):  # fmt: skip
    """One typed fact.

    In every record a field that is `None` could not be read: the policy engine answers
    `unknown` for a rule that names it. What is read and empty is `""`, `()`, `0` or `False`.
    """

    origin: Origin

    @property
    def label(self) -> str:
        """Return the short, stable name that a reader (and a waiver) knows this record by."""
        return self.origin.place


class Gap(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """A fact that could not be had, and why. `kind` is the record kind that suffers."""

    kind: str
    reason: GapReason
    detail: str
    origin: Origin
    count: int = 1


class Coverage(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """How much of what there was to see was seen: `seen` of `total` of `what`."""

    what: str
    seen: int
    total: int
