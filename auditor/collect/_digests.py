"""Computes the digests of a store's files: which files, which algorithms, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Protocol

from auditor.collect import Options
from auditor.collect._digest_cache import DigestCache
from auditor.collect._hashing import VERITY, Hashing, Job
from auditor.collect._reading import Reading
from auditor.errors import UsageError
from auditor.evidence.paths import recordable
from auditor.host import Host, Unreadable
from auditor.host._digests import ALGORITHMS, hasher
from auditor.models.shards import shard

_NONE_BESIDES: Mapping[str, tuple[str, ...]] = {}


class Sized(Protocol):
    """A file as a walk found it."""

    @property
    def path(self) -> str:
        """Its path on the host."""

    @property
    def size(self) -> int:
        """How many bytes it had."""


def check(options: Options) -> None:
    """Raise `UsageError` where the files cannot be hashed as the options want it.

    To be called before any work: what goes wrong later is a gap.
    """
    check_algorithms(options.digests)
    shard(options.shard)
    if options.digest_cache:
        DigestCache(options.digest_cache).close()


def check_algorithms(names: tuple[str, ...]) -> None:
    """Raise `UsageError` for a digest that nobody knows, or that is not to be had here."""
    for name in names:
        if name not in (*ALGORITHMS, VERITY):
            known = ", ".join((*ALGORITHMS, VERITY))
            raise UsageError(f"there is no digest called '{name:.40}'", hint=f"Digests: {known}")
        if name != VERITY:
            _check_that_it_is_here(name)


def _check_that_it_is_here(name: str) -> None:
    try:
        hasher(name, 0, "")
    except Unreadable as error:
        hint = "pip install 'sovereignty-auditor[blake3]'" if name == "blake3" else ""
        raise UsageError(error.detail, hint=hint) from error


def digests_of(  # noqa: PLR0913 - what, how, and where what fails is told
    host: Host,
    files: Sequence[Sized],
    options: Options,
    reading: Reading,
    *,
    root: str = "",
    also: Mapping[str, tuple[str, ...]] = _NONE_BESIDES,
) -> dict[str, tuple[str, ...]]:
    """Return the digests of files by their paths, each `<algorithm>:<hex>`.

    Empty where no digests are asked for. `also` asks for further algorithms of single files.
    Files that belong to other parts (`options.shard`, by their path below the store `root`) are
    left out; so is what cannot be hashed, which is a gap in `reading`.
    """
    if not options.digests:
        return {}
    mine = shard(options.shard)
    jobs = [
        Job(file.path, file.size, _once((*options.digests, *also.get(file.path, ()))))
        for file in files
        if mine.holds(relative(file.path, root))
    ]
    with ExitStack() as stack:
        cache = _opened(stack, options, reading)
        hashing = Hashing(host, cache=cache, heard=options.hashing)
        outcomes = hashing.of(jobs)
    found = {}
    for path in sorted(outcomes):
        outcome = outcomes[path]
        if isinstance(outcome, Unreadable):
            reading.miss(recordable(path), outcome.reason, outcome.detail)
        else:
            found[path] = outcome
    return found


def relative(path: str, root: str) -> str:
    """Return a path below the store `root`, which is `/` or has none at its end."""
    return path.removeprefix(root).lstrip("/") if root else path


def _opened(stack: ExitStack, options: Options, reading: Reading) -> DigestCache | None:
    """Open the cache that the user named; one that cannot be had costs time, no fact."""
    if not options.digest_cache or not reading.host.live:
        return None
    return stack.enter_context(closing(DigestCache(options.digest_cache)))


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
