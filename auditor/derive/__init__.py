"""Completes evidence against the declared site: pure, one file a derived record kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.kinds import each_kind
from auditor.listing import constant_of, public_modules


class Derivation(Struct, frozen=True, kw_only=True):
    """A derivation: makes records of `yields` from records of `sources`.

    A gap in a source kind is a gap in the derived kind: the policy engine asks `sources`.
    """

    title: str
    yields: type[Record]
    sources: tuple[type[Record], ...]
    derive: Callable[[Evidence], Iterator[Record]]


def names() -> tuple[str, ...]:
    """Return the derivations' names: the public files of this folder."""
    return public_modules(__path__)


def load(name: str) -> Derivation:
    """Return one derivation by its file's name."""
    return constant_of(f"{__name__}.{name}", "DERIVATION", Derivation)


def derive(evidence: Evidence, *, at: str = "") -> tuple[Record, ...]:
    """Return every derived record of the evidence, sorted by kind and label.

    `at` (RFC 3339) is the time that the site's exceptions are held against; by default the time
    of the evidence.
    """
    if at:
        evidence = msgspec.structs.replace(evidence, taken_at=at)
    made = (record for name in names() for record in load(name).derive(evidence))
    return tuple(itertools.chain.from_iterable(map(_in_order, each_kind(made))))


def _in_order(records: list[Record]) -> Iterator[Record]:
    """Yield records of one kind by their label, each once.

    Hashed and written out is only what a label does not tell apart: to do so with a hundred
    thousand would fill the memory.
    """
    records.sort(key=_label)
    for _, group in itertools.groupby(records, key=_label):
        alike = list(group)
        yield from alike if len(alike) == 1 else sorted(set(alike), key=repr)


def _label(record: Record) -> str:
    return record.label


def sources() -> dict[str, tuple[str, ...]]:
    """Return, for each derived kind, the collected kinds that it is made from."""
    derivations = [load(name) for name in names()]
    return {
        kind_of(d.yields): tuple(sorted(kind_of(source) for source in d.sources))
        for d in derivations
    }
