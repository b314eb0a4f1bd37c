"""The commands about model stores: inspect them, and keep and check what they hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from auditor import api
from auditor.api import Hashing
from auditor.commands._terminal import progress
from auditor.commands.auditing import Asked, audited_host, judge, ready
from auditor.errors import ExitCode, UsageError
from auditor.evidence.site import Site

ALGORITHMS = ("sha256", "sha512", "blake3", "sm3")
_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", re.ASCII)


def hashing(
    algorithms: Sequence[str] | None, cache: Path | None, shard: str, *, nothing: bool
) -> Hashing:
    """Return which digests are asked for: SHA-256 where nothing is said."""
    if nothing:
        if algorithms or cache or shard:
            raise UsageError("nothing is to be hashed: leave out the other options about digests")
        return Hashing()
    chosen = tuple(dict.fromkeys(algorithms or ("sha256",)))
    for name in chosen:
        if name not in ALGORITHMS:
            raise UsageError(
                f"there is no digest '{name}' here", hint=f"One of: {', '.join(ALGORITHMS)}"
            )
    return Hashing(algorithms=chosen, cache=cache, shard=_checked_shard(shard))


def inspect(
    paths: tuple[str, ...], asked: Asked, root: Path | None, hashes: Hashing, more: Path | None
) -> ExitCode:
    """Inspect the stores at `paths`, on this host or in the tree `root`, and judge them."""
    prepared = ready(asked)
    site = _site(asked.site, more)
    with audited_host(root) as (host, restraints), progress("reading", quiet=asked.quiet) as show:
        evidence = api.models(
            host,
            tuple(_absolute(path, root) for path in paths),
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


def _absolute(path: str, root: Path | None) -> str:
    """Return a path as the audited machine knows it: within a recorded tree it begins there."""
    return str(Path("/", path)) if root is not None else str(Path(path).absolute())


def _checked_shard(text: str) -> str:
    if not text:
        return ""
    found = _SHARD.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"'{text}' is no shard", hint="Write the first of four as 1/4")
    return text
