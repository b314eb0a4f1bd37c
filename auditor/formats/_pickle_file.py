"""Judges files that are pickles: one or several after each other, to the last byte."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Budget,
    Context,
    Inspection,
    ModelHeader,
    View,
    by_share,
    worst,
)
from auditor.formats._budget import pay_later
from auditor.formats._pickle import Pickled, examine
from auditor.formats._pickle_danger import why_dangerous
from auditor.formats._pickle_opcodes import OPCODES, unknown
from auditor.formats._pickle_tables import entries

MOST_STREAMS = 10_000
# What a trial may cost: enough to see that text is no pickle, or that something is called.
_FIRST_STEPS = 320
_TRIAL_STEPS = 4096
# The opcodes that a stream can begin with: those that put something, and a frame.
_FIRST = frozenset(b"(]})cNIJKLMFGSTUVXBCP\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97")
_PROTOCOL = 0x80
BEGINNINGS = bytes((_PROTOCOL, *_FIRST))
# Of those, what came with protocols 2 to 5.
_NEWER = frozenset(b"BC\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97")
_SHORTEST = 4
_BLANKS = 64
_SEARCHED = 1 << 20
_MOST_HIDDEN = 16
# Steps for each place where one may begin.
_LOOK = 24
# Trials that came to the file's end within their bounds, and the steps that they took.
_ENDED: WeakKeyDictionary[View, tuple[Pickled, int]] = WeakKeyDictionary()
# Names have bounds, or a tail of nothing but `c` would be searched from each of them to its end.
_BEGINNING = re.compile(
    rb"\x80[\x00-\x05][(\x5d}\x95cXUKJMGNVSI\x8c\x8f\x88\x89)]|\(?c[a-z_]{1,100}\n"
)


def looks_like(head: bytes, view: View) -> bool:
    """Return whether the bytes are a pickle.

    With a protocol's number it is one where an opcode follows. Protocols 0 and 1 have none: it
    is one where the machine comes to its end with one value, or where something is called or
    a known name is imported; text, tables and source code end at their first words.
    """
    if len(head) < 2:  # noqa: PLR2004 - the shortest is a value and STOP
        return False
    if head[0] == _PROTOCOL:
        known = len(head) > 2 and OPCODES[head[2]] is not unknown  # noqa: PLR2004
        return known and (head[1] in range(2, 6) or _tried(view))
    return head[0] in _FIRST and _tried(view)


def _tried(view: View) -> bool:
    # What calls something shows it early; the rest is read as far as a trial goes.
    shown = _shown(view, _FIRST_STEPS)
    return bool(_shown(view, _TRIAL_STEPS) if shown is None else shown)


def _shown(view: View, steps: int) -> bool | None:
    """Return whether so many steps show a pickle, `None` where more would have to be taken."""
    budget = Budget()
    budget.steps = steps
    tried = examine(view, Context(budget=budget))
    pay_later(view, steps - max(0, budget.steps))
    if tried.end == view.size and not any("limit" in reason.rule for reason in tried.reasons):
        _ENDED[view] = (tried, steps - budget.steps)
    if tried.end >= _SHORTEST and (tried.end == view.size or _goes_on(view, tried.end)):
        return not _is_text(view, tried)
    if tried.imports and (tried.calls or any(_is_known(name) for name in tried.globals)):
        return True
    if any(reason.rule == "limit-steps" for reason in tried.reasons) and not tried.refused:
        return True if steps == _TRIAL_STEPS else None
    return False


def _is_text(view: View, tried: Pickled) -> bool:
    """Return whether what comes to an end is a text all the same: loading it does nothing.

    `C` takes the next letter for a length, and who writes that opcode writes its protocol first.
    """
    newer = view.at(0, 1)[0] in _NEWER
    plain = tried.verdict == "data" and not tried.imports and not tried.calls
    return newer and plain and _only_blanks(view, tried.end)


def _only_blanks(view: View, end: int) -> bool:
    """Return whether nothing but a few blanks follows, or nothing at all."""
    return view.size - end <= _BLANKS and not view.at(end, _BLANKS).strip()


def _goes_on(view: View, end: int) -> bool:
    """Return whether what lies behind STOP is another pickle or nothing but blanks."""
    rest = view.at(end, _BLANKS)
    return not rest.strip() or _BEGINNING.match(rest) is not None


def _is_known(full: str) -> bool:
    module, _, name = full.rpartition(".")
    return (module, name) in entries() or bool(why_dangerous(module, name))


def inspect(view: View, context: Context) -> Inspection:
    """Return what the pickles of a file are; raises `FormatError`.

    Whatever lies behind the last STOP is malformed, and searched for pickles all the same.
    """
    found = [_first(view, context)]
    while 0 <= found[-1].end < view.size and len(found) < MOST_STREAMS:
        if not _begins(view, found[-1].end):
            break
        found.append(examine(view, context, start=found[-1].end))
    found, reasons = with_tail(found, view, context)
    return Inspection(
        model_format="joblib" if any(pickled.wrapped for pickled in found) else "pickle",
        role="object",
        header=header(found),
        verdict=worst([*(p.verdict for p in found), *(reason.verdict for reason in reasons)]),
        reasons=tuple(reasons),
        unlisted=tuple({name for pickled in found for name in pickled.unlisted}),
    )


def with_tail(
    found: list[Pickled], view: View, context: Context, *, blanks: bool = False
) -> tuple[list[Pickled], list[VerdictReason]]:
    """Return the pickles with those that hide behind the last one, and all reasons.

    With `blanks` a newline behind the last one is a note, no more.
    """
    reasons = [reason for pickled in found for reason in pickled.reasons]
    end = found[-1].end
    if not 0 <= end < view.size:
        return found, reasons
    left = view.size - end
    detail = f"{left} bytes lie behind the end of the pickle"
    if blanks and _only_blanks(view, end):
        note = context.reason("pickle-blanks", "data", f"{detail}, all blank", offset=end)
        return found, [*reasons, note]
    hidden = _hidden(view, context, end)
    reasons.append(context.reason("pickle-tail", "malformed", detail, offset=end))
    reasons += [reason for pickled in hidden for reason in pickled.reasons]
    return [*found, *hidden], reasons


def _first(view: View, context: Context) -> Pickled:
    """Return the first pickle of a file, as it was tried where that came to a clean end."""
    ended = _ENDED.pop(view, None)
    if ended is None or context.depth:  # what lies deeper may be too deep
        return examine(view, context)
    tried, steps = ended
    context.budget.step(steps)
    return tried


def _begins(view: View, start: int) -> bool:
    head = view.at(start, 1)
    return head[0] == _PROTOCOL or head[0] in _FIRST


def _hidden(view: View, context: Context, start: int) -> list[Pickled]:
    """Return pickles that lie somewhere in the bytes behind the end."""
    tail = view.at(start, _SEARCHED)
    found = []
    for match in _BEGINNING.finditer(tail):
        context.budget.owe(_LOOK)
        pickled = examine(view, context, start=start + match.start())
        limited = context.budget.steps < 0
        if pickled.globals or limited:
            found.append(pickled)
        if limited or len(found) == _MOST_HIDDEN:
            break
    return found


def header(found: list[Pickled]) -> ModelHeader:
    """Return the facts: elements and number types, tensors and arrays, the protocol."""
    elements: dict[str, int] = {}
    for pickled in found:
        for dtype, number in pickled.elements:
            elements[dtype] = elements.get(dtype, 0) + number
    protocol = max(pickled.protocol for pickled in found)
    return ModelHeader(
        parameters=sum(elements.values()) if elements else None,
        precision=by_share(elements),
        tensors=sum(pickled.tensors + pickled.arrays for pickled in found),
        producer=f"pickle protocol {protocol}",
    )
