"""The command that inspects model stores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from auditor import api
from auditor.api import Hashing
from auditor.commands._terminal import progress
from auditor.commands.auditing import Asked, audited_host, judge, ready
from auditor.errors import ExitCode, UsageError
from auditor.evidence.site import Site


def hashing(
    algorithms: Sequence[str] | None, cache: Path | None, shard: str, *, nothing: bool
) -> Hashing:
    """Return which digests are asked for: SHA-256 where nothing is said."""
    if nothing:
        if algorithms or cache or shard:
            raise UsageError("nothing is to be hashed: leave out the other options about digests")
        return Hashing()
    chosen = tuple(dict.fromkeys(algorithms or ("sha256",)))
    return Hashing(algorithms=chosen, cache=cache, shard=shard)


def inspect(
    paths: tuple[str, ...], asked: Asked, root: Path | None, hashes: Hashing, more: Path | None
) -> ExitCode:
    """Inspect the stores at `paths`, on this host or in the tree `root`, and judge them."""
    prepared = ready(asked)
    site = _site(asked.site, more)
    with audited_host(root) as (host, restraints), progress("reading", quiet=asked.quiet) as show:
        evidence = api.models(
            host,
            tuple(absolute(path, root) for path in paths),
            site=site,
            hashing=hashes,
            restraints=restraints,
            at=asked.moment,
            progress=show,
        )
    return judge(evidence, asked, prepared)


def _site(path: Path | None, more: Path | None) -> Site:
    """Return the site, with the globals that a file of their own allows beside it."""
    site = api.load_site(path)
    if more is None:
        return site
    from auditor.site import load_allowed_globals

    allowed = load_allowed_globals(api.read_input(more), str(more))
    return msgspec.structs.replace(site, allowed_globals=(*site.allowed_globals, *allowed))


def absolute(path: str, root: Path | None) -> str:
    """Return a path as the audited machine knows it: within a recorded tree it begins there.

    Raises `UsageError` for an empty one: a variable that was not set is not this folder.
    """
    if not path:
        raise UsageError("a path is empty")
    return str(Path("/", path)) if root is not None else str(Path(path).absolute())
