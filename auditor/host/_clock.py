"""Asks the kernel whether it holds its clock synchronised; sets nothing."""

from __future__ import annotations

import os

from auditor.host import Unreadable

SOURCE = "adjtimex(2)"
# struct timex is 208 bytes on 64-bit Linux; `modes`, its first word, 0 asks and sets nothing.
_ROOM = 512
# The clock state that adjtimex(2) returns where STA_UNSYNC or an error of the PPS is set.
_TIME_ERROR = 5


def synchronized() -> bool:
    """Return whether the clock is synchronised, as chrony, ntpd, timesyncd or PTP tell the kernel.

    Needs no privilege. Raises `Unreadable` where the kernel does not answer.
    """
    import ctypes  # here alone: most audits of models and captures ask no clock

    try:
        libc = ctypes.CDLL(None, use_errno=True)
        state = int(libc.adjtimex(ctypes.create_string_buffer(_ROOM)))
    except (OSError, AttributeError) as error:
        raise Unreadable(SOURCE, "unsupported", f"the system has no adjtimex: {error}") from error
    if state < 0:
        detail = os.strerror(ctypes.get_errno())
        raise Unreadable(SOURCE, "denied", f"the kernel does not tell its clock's state: {detail}")
    return state != _TIME_ERROR
