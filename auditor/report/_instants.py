"""Writes instants in nanoseconds as RFC 3339, to the nanosecond, by integers alone."""

from __future__ import annotations

import datetime as dt

_NS = 1_000_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# The last second that RFC 3339 can write (9999-12-31T23:59:59Z).
_LAST = 253_402_300_799


def instant(nanoseconds: int) -> str:
    """Return nanoseconds since 1970 as `2026-11-27T08:00:00.000000000Z`.

    What lies beyond the years that RFC 3339 can write is written as the nearest that it can.
    """
    seconds, rest = divmod(max(0, nanoseconds), _NS)
    if seconds > _LAST:
        seconds, rest = _LAST, _NS - 1
    moment = _EPOCH + dt.timedelta(seconds=seconds)
    return f"{moment.replace(tzinfo=None).isoformat()}.{rest:09d}Z"


def short_instant(nanoseconds: int) -> str:
    """Return nanoseconds since 1970 as people read them: `2026-11-27 08:00:00`."""
    text = instant(nanoseconds)
    return f"{text[:10]} {text[11:19]}"


def duration(seconds: int) -> str:
    """Return a length of time in its two largest units: `1 h 2 min`, `45 s`."""
    for name, step, lower, below in (("d", 86400, "h", 3600), ("h", 3600, "min", 60),
                                     ("min", 60, "s", 1)):  # fmt: skip
        if seconds >= step:
            rest = seconds % step // below
            return f"{seconds // step} {name}" + (f" {rest} {lower}" if rest else "")
    return f"{seconds} s"
