"""Says how far a long reading has come, how fast it goes and how long it will yet take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_WINDOW = 30.0  # seconds over which the pace is taken: caches and disks differ
_SOON = 1.0  # before that a pace says nothing
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_STEP = 1000
_TEN = 10
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Pace:
    """Turns bytes done and bytes in all into words for `say`, which shows them."""

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        what: str = "hashed",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Say what is done as `what`; `clock` counts seconds."""
        self._say = say
        self._what = what
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is. Fewer bytes than before begin another piece of work."""
        now = self._clock()
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        self._say(f"{size(done)} of {size(total)} {self._what}{self._rate(now, done, total)}")

    def _rate(self, now: float, done: int, total: int) -> str:
        begin, before = self._seen[0]
        if now - begin < _SOON or done <= before:
            return ""
        rate = (done - before) / (now - begin)
        left = f", {duration((total - done) / rate)} left" if done < total else ""
        return f", {size(int(rate))}/s{left}"


def size(count: int) -> str:
    """Return a number of bytes in three figures or so: `1.5 GB`, powers of a thousand."""
    amount = float(count)
    for unit in _UNITS:
        if amount < _STEP or unit == _UNITS[-1]:
            break
        amount /= _STEP
    return f"{amount:.1f} {unit}" if amount < _TEN and unit != "B" else f"{amount:.0f} {unit}"


def duration(seconds: float) -> str:
    """Return a time that is yet to pass, roughly: `14 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _DAY:.1f} days"
