"""Starts the probe and reads its answers: the audit's side of the pipes, without a socket."""

from __future__ import annotations

import msgspec

from auditor import child
from auditor.probe.words import MOST_TARGETS, Answer, Request, Target, decode_answer, encode

SECONDS = 30.0  # for all listeners together
_GRACE = 5.0
_MOST_SAID = 1 << 24


def answers(targets: tuple[Target, ...], *, seconds: float = SECONDS) -> tuple[Answer, ...]:
    """Return an answer for each target, in their order.

    The probe is a process of its own that ends with its task; it is killed `seconds` and a
    little later. A target without an answer gets one that says so.
    """
    asked = targets[:MOST_TARGETS]
    found: dict[Target, Answer] = {}
    for line in _said(Request(targets=asked, seconds=seconds)).splitlines() if asked else ():
        try:
            answer = decode_answer(line)
        except msgspec.MsgspecError:
            continue  # cut off when it was killed: the target is told as without an answer
        found[answer.target] = answer
    return tuple(found.get(target) or _nothing(target, asked) for target in targets)


def _nothing(target: Target, asked: tuple[Target, ...]) -> Answer:
    reason = "the probe broke off" if target in asked else "too many listeners"
    return Answer(target=target, speaks=None, reason=reason)


def _said(request: Request) -> bytes:
    return child.exchange(
        "auditor.probe",
        request=encode(request),
        seconds=request.seconds + _GRACE,
        most=_MOST_SAID,
    ).output
