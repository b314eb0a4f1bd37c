"""Makes this process a modest guest on a production host."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_FILES = 1024
_MEMORY = 2 * 1024**3
_NICE = 10


def restrain() -> tuple[str, ...]:
    """Give way to everybody else, and give up what the audit does not need.

    Returns a word for each restraint that took effect: `nice`, `idle-io`, `no-core`, `memory`
    (2 GiB of address space; a scan needs a tenth), `open-files`, `not-dumpable` (this process
    holds secrets for an instant), `no-new-privileges`. One that the machine refuses is left
    out, not an error.
    """
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("nice", _nice),
        ("idle-io", _idle_io),
        ("no-core", lambda: _lower(resource.RLIMIT_CORE, 0)),
        ("memory", lambda: _lower(resource.RLIMIT_AS, _MEMORY)),
        ("open-files", lambda: _lower(resource.RLIMIT_NOFILE, _FILES)),
        ("not-dumpable", lambda: _prctl(_PR_SET_DUMPABLE, 0)),
        ("no-new-privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
    )
    return tuple(word for word, step in steps if _took_effect(step))


def _took_effect(step: Callable[[], bool]) -> bool:
    try:
        return step()
    except (OSError, ValueError, AttributeError):
        return False


def _nice() -> bool:
    return os.nice(max(0, _NICE - os.nice(0))) >= _NICE


def _idle_io() -> bool:
    # Here alone: it takes longer to import than most files to read.
    import psutil

    try:
        own = psutil.Process()
        own.ionice(psutil.IOPRIO_CLASS_IDLE)
        return own.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
    except psutil.Error:
        return False


def _lower(limit: int, most: int) -> bool:
    soft, hard = resource.getrlimit(limit)
    if soft == resource.RLIM_INFINITY or soft > most:
        resource.setrlimit(limit, (most, hard))
    return resource.getrlimit(limit)[0] <= most


def _prctl(option: int, value: int) -> bool:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    return int(library.prctl(option, value, 0, 0, 0)) == 0
