"""Hashes many files with all the cores that this process may use, in bounded memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from msgspec import Struct

from auditor.collect import unheard
from auditor.collect._digest_cache import DigestCache
from auditor.host import MIB, Host, Stat, Unreadable
from auditor.host._digests import state

VERITY = "fs-verity"
_MOST_THREADS = 16
_STACK = MIB  # the address space of a scan is limited, and so is the C stack that hashing needs
_TICK = 0.2  # seconds between two words of progress
_PATIENCE = 2.0  # seconds that a thread has to end when the user wants to
# Below this many bytes to start threads takes longer than it saves. Above it even one file has
# a thread of its own, so that progress can be told.
_SMALL = 8 * MIB

Outcome = tuple[str, ...] | Unreadable
# Hears how many bytes are done, and of how many.
Heard = Callable[[int, int], None]


class Job(Struct, frozen=True, gc=False):
    """A file to be hashed: its path, the size that it had when it was listed, and how."""

    path: str
    size: int
    algorithms: tuple[str, ...]


class _StoppedError(Exception):
    """Hashing is over, because another thread failed or the user has had enough."""


class Hashing:
    """Hashes on one host, sparing what a cache knows."""

    def __init__(
        self,
        host: Host,
        *,
        cache: DigestCache | None = None,
        heard: Heard = unheard,
        threads: int | None = None,
        total: int = 0,
    ) -> None:
        """Hash on `host`; as many threads as there are cores to run on, unless told otherwise.

        `total` is how many bytes all the calls of `of` will hash, for those who wait; without
        it every call counts for itself.
        """
        self._host = host
        self._cache = cache
        self._heard = heard
        self._threads = threads or min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        self._total = total
        self._done = 0
        self._without_verity: set[str] = set()

    def of(self, jobs: Sequence[Job]) -> dict[str, Outcome]:
        """Return the digests of every file, or why it has none, the largest files first.

        Whatever else goes wrong in a thread is raised here.
        """
        here = sum(job.size for job in jobs)
        progress = _Progress(self._done, self._total or here, self._heard)
        queue = _Queue(jobs, lambda job: self._outcome(job, progress))
        threads = [] if here < _SMALL else _started(queue.work, min(self._threads, len(jobs)))
        try:
            if not threads:
                queue.work(progress.tell)
            for thread in threads:
                while thread.is_alive():
                    thread.join(_TICK)
                    progress.tell()
        finally:
            progress.stopped.set()
            for thread in threads:
                thread.join(_PATIENCE)
        if queue.failures:
            raise queue.failures[0]
        progress.tell()
        self._done = progress.done if self._total else 0
        return queue.outcomes

    def _outcome(self, job: Job, progress: _Progress) -> Outcome:
        try:
            return self._digests(job, progress)
        except Unreadable as error:
            return error

    def _digests(self, job: Job, progress: _Progress) -> tuple[str, ...]:
        contents = tuple(name for name in job.algorithms if name != VERITY)
        # The kernel is asked first: from then on the file cannot change any more.
        sealed = self._verity(job.path) if VERITY in job.algorithms else ()
        found = self._contents(job, contents, progress) if contents else ()
        return (*found, *sealed)

    def _contents(
        self, job: Job, algorithms: tuple[str, ...], progress: _Progress
    ) -> tuple[str, ...]:
        """Return the digests of a file's bytes, from the cache where it knows this state."""
        cache = self._cache
        if cache is None:
            return self._host.digest(job.path, algorithms, told=progress.add)
        before = self._host.stat(job.path)
        plain = before.file_type == "file"
        known = cache.recall(before, algorithms) if plain else None
        if known is not None:
            progress.add(before.size)
            return known
        begun = cache.begin()
        found = self._host.digest(job.path, algorithms, told=progress.add)
        if plain and _same(before, self._host.stat(job.path)):
            cache.keep(before, found, begun)
        return found

    def _verity(self, path: str) -> tuple[str, ...]:
        """Return the digest that the kernel holds the file to, where it has one.

        A folder whose file system has none is not asked again.
        """
        folder = path.rpartition("/")[0]
        if folder in self._without_verity:
            return ()
        try:
            digest = self._host.verity_digest(path)
        except Unreadable as error:
            if error.reason != "unsupported":
                raise
            self._without_verity.add(folder)
            return ()
        return (f"{VERITY}-{digest}",) if digest else ()


class _Progress:
    """How many bytes are done, counted by every thread and told by one."""

    def __init__(self, done: int, total: int, heard: Heard) -> None:
        self.done = done
        self.stopped = threading.Event()
        self._total = total
        self._heard = heard
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Count some bytes more; raises `_StoppedError` where all is over."""
        if self.stopped.is_set():
            raise _StoppedError
        with self._lock:
            self.done += count

    def tell(self) -> None:
        """Tell how far it has come: for the thread that the user sees."""
        self._heard(self.done, self._total)


class _Queue:
    """The files that wait, and what became of those that do not wait any more."""

    def __init__(self, jobs: Sequence[Job], hashed: Callable[[Job], Outcome]) -> None:
        self._waiting = iter(sorted(jobs, key=lambda job: -job.size))
        self._hashed = hashed
        self._lock = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}
        self.failures: list[BaseException] = []

    def work(self, after_each: Callable[[], None] = lambda: None) -> None:
        """Hash until nothing waits or something failed: what every thread does."""
        try:
            while not self.failures:
                with self._lock:
                    job = next(self._waiting, None)
                if job is None:
                    return
                self.outcomes[job.path] = self._hashed(job)
                after_each()
        except _StoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            self.failures.append(error)


def _same(before: Stat, after: Stat) -> bool:
    return before.file_type == after.file_type and state(before) == state(after)


def _started(work: Callable[[], None], number: int) -> list[threading.Thread]:
    """Start threads; where the machine allows fewer, those that it allows."""
    usual = threading.stack_size(_STACK)
    threads: list[threading.Thread] = []
    try:
        for _ in range(number):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            threads.append(thread)
    except RuntimeError:
        pass  # none more is to be had
    finally:
        threading.stack_size(usual)
    return threads
