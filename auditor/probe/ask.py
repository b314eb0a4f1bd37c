"""Starts the probe and reads its answers: the audit's side of the pipes, without a socket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from auditor.probe.words import MOST_TARGETS, Answer, Request, Target, decode_answer, encode

SECONDS = 30.0  # for all listeners together
_GRACE = 5.0


def answers(targets: tuple[Target, ...], *, seconds: float = SECONDS) -> tuple[Answer, ...]:
    """Return an answer for each target, in their order.

    The probe is a process of its own that ends with its task; it is killed `seconds` and a
    little later. A target without an answer gets one that says so.
    """
    asked = targets[:MOST_TARGETS]
    output = _run(encode(Request(targets=asked, seconds=seconds)), seconds) if asked else b""
    found: dict[Target, Answer] = {}
    for line in output.splitlines():
        try:
            answer = decode_answer(line)
        except msgspec.MsgspecError:
            continue  # cut off when it was killed: the target is told as without an answer
        found[answer.target] = answer
    return tuple(found.get(target) or _nothing(target, asked) for target in targets)


def _nothing(target: Target, asked: tuple[Target, ...]) -> Answer:
    reason = "the probe broke off" if target in asked else "too many listeners"
    return Answer(target=target, speaks=None, reason=reason)


def _run(request: bytes, seconds: float) -> bytes:
    """Return what the probe wrote; its surroundings are its package's place and no more."""
    package = Path(__file__).resolve().parents[2]
    environment = {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    environment |= {k: v for k, v in os.environ.items() if k in ("VIRTUAL_ENV", "LD_LIBRARY_PATH")}
    command = [sys.executable, "-P", "-m", "auditor.probe"]
    with subprocess.Popen(  # noqa: S603 - this program's own module, nothing from outside
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    ) as child:
        try:
            output, _ = child.communicate(request, timeout=seconds + _GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    return output
