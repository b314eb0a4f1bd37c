"""Hashes parts of files, each for itself, with all the cores that this process may use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Lock

from msgspec import Struct

from auditor.collect._hashing import Heard, Outcome
from auditor.host import Host, Unreadable

_MOST_THREADS = 16
_TICK = 0.2  # seconds between two words of progress


class Part(Struct, frozen=True):
    """A content of a model: `name` in the model, `path` on the host, `size` in bytes.

    Its bytes are those from `begin` to `end` of the file, -1 for all of them.
    """

    name: str
    path: str
    size: int
    begin: int
    end: int


def hash_parts(
    host: Host, parts: Sequence[Part], algorithms: tuple[str, ...], heard: Heard
) -> dict[Part, Outcome]:
    """Return the digests of every part, or why it has none; nothing is taken from a cache."""
    total = sum(part.size for part in parts)
    done = 0
    lock = Lock()

    def add(count: int) -> None:
        nonlocal done
        with lock:
            done += count

    def outcome(part: Part) -> Outcome:
        try:
            return host.digest(part.path, algorithms, span=(part.begin, part.end), told=add)
        except Unreadable as error:
            return error

    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        futures: dict[Part, Future[Outcome]] = {part: pool.submit(outcome, part) for part in parts}
        try:
            while wait(futures.values(), _TICK, FIRST_EXCEPTION).not_done:
                heard(done, total)
                _raise_first(futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    heard(done, total)
    return {part: future.result() for part, future in futures.items()}


def _raise_first(futures: dict[Part, Future[Outcome]]) -> None:
    """Raise what went wrong in a thread, so that the others are not waited for."""
    for future in futures.values():
        if future.done():
            future.result()
