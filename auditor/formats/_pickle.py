"""Examines one pickle without loading it: what it imports, calls, builds, and where it ends."""

from __future__ import annotations

from msgspec import Struct

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, FormatError, View
from auditor.formats._pickle_loop import run
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_opcodes import Stopped
from auditor.formats._pickle_reader import Broken
from auditor.formats._pickle_values import Dict, List, Obj

_MOST_VALUES = 100_000
_DEEPEST = 3

Plain = int | float | str | None | tuple[object, ...]


class Storage(Struct, frozen=True):
    """A storage of PyTorch that a persistent id names.

    `bytes` is what `elements` of its number type take; `offset` is the place of the id.
    """

    key: str
    dtype: str
    elements: int
    bytes: int
    offset: int


class Pickled(Struct, frozen=True, kw_only=True):
    """What a pickle is, as far as loading it by hand shows.

    `globals` are all names that are asked for, as written and as Python 3 takes them, bounded;
    `end` is the offset behind STOP, -1 where it was not reached. `calls` counts opcodes that
    would run something, `imports` the names that could be one,
    `wrapped` the arrays of joblib between the opcodes. `elements` counts
    numbers by type in storages and arrays; a storage without a type has that of its tensors.
    `refused` says that every reader stops at a number that is none, before anything was imported.
    `value` is the outermost value of a pickle that is read by itself, as far as it is plain:
    numbers, texts, tuples for lists, pairs for dicts, `None` for anything else.
    """

    verdict: Verdict
    reasons: tuple[VerdictReason, ...] = ()
    unlisted: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()
    end: int = -1
    storages: tuple[Storage, ...] = ()
    value: Plain = None
    protocol: int = 0
    calls: int = 0
    imports: int = 0
    tensors: int = 0
    arrays: int = 0
    wrapped: int = 0
    depth: int = 0
    refused: bool = False
    elements: tuple[tuple[str, int], ...] = ()


def examine(
    view: View, context: Context, *, start: int = 0, torch: bool = False, joblib: bool = True
) -> Pickled:
    """Return what the pickle that begins at byte `start` would do when it is loaded.

    Never raises for what the bytes are: a stream that breaks keeps the verdict of what it did
    before, and is malformed; one beyond the file's budget is not inspectable. `torch` allows
    the persistent ids of storages, which the container has to hold; `joblib` follows arrays
    that joblib puts between the opcodes (`False` where a pickle is read by itself: then its value
    is written out).
    """
    machine = Machine(view, context, start=start, torch=torch, joblib=joblib)
    end = -1
    try:
        run(machine)
    except Stopped:
        end = machine.position
    except Broken as broken:
        machine.note(broken.rule, "malformed", broken.detail)
    except FormatError as error:
        machine.note(error.rule or "pickle-limit", "not-inspectable", error.detail)
    return _result(machine, end, value=not joblib)


def _result(machine: Machine, end: int, *, value: bool) -> Pickled:
    elements = dict(machine.elements)
    for key, (dtype, number, _, _) in machine.storages.items():
        label, count = machine.untyped.get(key, (dtype, number))
        elements[label] = elements.get(label, 0) + count
    return Pickled(
        verdict=machine.verdict,
        reasons=tuple(machine.reasons.values()),
        unlisted=tuple(sorted(machine.names.unlisted)),
        globals=tuple(sorted(machine.names.asked)),
        end=end,
        storages=tuple(Storage(key, *named) for key, named in machine.storages.items()),
        value=_plain(machine.stack[-1], _DEEPEST, [_MOST_VALUES]) if value and end >= 0 else None,
        protocol=machine.protocol,
        calls=machine.calls,
        imports=machine.names.imports,
        tensors=machine.tensors,
        arrays=machine.arrays,
        wrapped=machine.wrapped,
        depth=len(machine.stack),
        refused=machine.refused,
        elements=tuple(sorted(elements.items())),
    )


def _plain(value: object, levels: int, left: list[int]) -> Plain:
    """Return a value as far as it is plain; `left` is how many values may still be in it.

    The memo lets a short stream hold one list a thousand times a thousand times.
    """
    if value is None or isinstance(value, (int, float, str)):
        return value
    if isinstance(value, Obj):
        value = value.facts
    if levels == 0 or not isinstance(value, (tuple, List, Dict)):
        return None
    taken = value[: left[0]]
    left[0] -= len(taken)
    items = tuple(_plain(item, levels - 1, left) for item in taken)
    return tuple(zip(items[::2], items[1::2], strict=False)) if isinstance(value, Dict) else items
