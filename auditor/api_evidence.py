"""Takes evidence: of a host, of model stores alone, of deployment manifests, of captures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from auditor._version import __version__
from auditor.errors import UsageError
from auditor.evidence import SCHEMA, Evidence, Subject, Tool, bundle
from auditor.evidence.bundle import Mode
from auditor.evidence.paths import recordable
from auditor.evidence.site import ASSUMED_SITE, Site
from auditor.pace import Pace

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.host import Host
    from auditor.manifests import Manifests
    from auditor.packets import Captured

Progress = Callable[[str], None]
TOOL = Tool(name="auditor", version=__version__)


def _silent(_: str) -> None:
    """Tell nobody."""


class Hashing(Struct, frozen=True, kw_only=True):
    """Which digests of model files are computed: none unless they are asked for.

    `cache` is a file that keeps them between runs, `shard` the part `i/n` of the files.
    """

    algorithms: tuple[str, ...] = ()
    cache: Path | None = None
    shard: str = ""


NO_DIGESTS = Hashing()


def scan(  # noqa: PLR0913 - each is a choice of the user's
    host: Host, *, site: Site = ASSUMED_SITE, stores: tuple[str, ...] = (),
    captures: tuple[Path, ...] = (), deep: bool = False, probe_loopback: bool = False,
    hashing: Hashing = NO_DIGESTS, restraints: tuple[str, ...] = (), at: str,
    progress: Progress = _silent,
) -> Evidence:  # fmt: skip
    """Return the evidence of a host, taken at `at` (RFC 3339), and of `captures` of its traffic.

    `deep` has the industrial messages in them dissected by a process of its own.
    `probe_loopback` has the host's own listeners asked over loopback: nothing else connects.
    `restraints` are the words of `host.live.restrain`, kept as a fact of the audit.
    """
    from auditor import collect
    from auditor.collect._digests import check

    options = collect.Options(
        stores=stores,
        site=site,
        probe_loopback=probe_loopback,
        digests=hashing.algorithms,
        digest_cache=str(hashing.cache or ""),
        shard=hashing.shard,
        hashing=Pace(progress),
    )
    check(options)
    read = _captured(captures, site, progress, deep=deep) if captures else None
    collected = collect.run(host, options, progress=progress)
    evidence = _of_host(host, "host", host.name, collected, site=site, restraints=restraints, at=at)
    return _joined(evidence, read) if read else evidence


def models(  # noqa: PLR0913 - each is a choice of the user's
    host: Host, paths: tuple[str, ...], *, site: Site = ASSUMED_SITE,
    hashing: Hashing = NO_DIGESTS, restraints: tuple[str, ...] = (), at: str,
    progress: Progress = _silent,
) -> Evidence:  # fmt: skip
    """Return the evidence of the named model stores (folders or single files) and nothing else.

    Raises `UsageError` where there is nothing at a path. The rest is as in `scan`.
    """
    from auditor import collect
    from auditor.collect._digests import check
    from auditor.host import Absent, Unreadable

    for path in paths:
        try:
            host.stat(path)
        except Absent:
            raise UsageError(f"there is no such file or folder: {path}") from None
        except Unreadable:
            continue  # a gap, which the collector tells
    options = collect.Options(
        stores=paths,
        # The stores that a site declares are those of all its machines: here the paths count.
        site=msgspec.structs.replace(site, stores=()),
        discover=False,
        digests=hashing.algorithms,
        digest_cache=str(hashing.cache or ""),
        shard=hashing.shard,
        hashing=Pace(progress),
    )
    check(options)
    collected = collect.run(host, options, only=("stores",), progress=progress)
    name = ", ".join(recordable(path) for path in paths)
    return _of_host(host, "models", name, collected, site=site, restraints=restraints, at=at)


def _of_host(  # noqa: PLR0913 - each is a part of the bundle
    host: Host, mode: Mode, name: str, collected: Collected, *, site: Site,
    restraints: tuple[str, ...], at: str,
) -> Evidence:  # fmt: skip
    """Return what was collected as a bundle."""
    from auditor.host.identity import host_id

    evidence = Evidence(
        schema=SCHEMA,
        tool=TOOL,
        mode=mode,
        subject=Subject(
            name=name,
            host_id=host_id(host),
            uid=host.uid,
            privileged=host.privileged,
            recorded=not host.live,
            restraints=restraints,
        ),
        taken_at=at,
        site=site,
        runs=collected.runs,
        gaps=collected.gaps,
        records=collected.records,  # type: ignore[arg-type]  # collectors yield collected kinds
    )
    return bundle.ordered(evidence)


def gate(
    paths: tuple[Path, ...], *, site: Site = ASSUMED_SITE, at: str, progress: Progress = _silent
) -> Evidence:
    """Return the evidence of deployment manifests, read from files and folders."""
    from auditor import manifests

    read = manifests.read(paths, progress=progress)
    return _joined(_of_files("manifests", paths, site, at), read)


def traffic(
    paths: tuple[Path, ...],
    *,
    site: Site = ASSUMED_SITE,
    deep: bool = False,
    at: str,
    progress: Progress = _silent,
) -> Evidence:
    """Return the evidence of capture files (pcap, pcapng, also compressed).

    `deep` has industrial messages dissected by a process of its own (ADR 8).

    Raises `UsageError` for a path that is not there. What of a file cannot be read is a gap.
    """
    return _joined(
        _of_files("traffic", paths, site, at), _captured(paths, site, progress, deep=deep)
    )


def _of_files(mode: Mode, paths: tuple[Path, ...], site: Site, at: str) -> Evidence:
    """Return the evidence of files of which nothing is read yet."""
    return Evidence(
        schema=SCHEMA,
        tool=TOOL,
        mode=mode,
        subject=Subject(name=", ".join(recordable(path.as_posix()) for path in paths)),
        taken_at=at,
        site=site,
    )


def _captured(paths: tuple[Path, ...], site: Site, progress: Progress, *, deep: bool) -> Captured:
    from auditor import packets
    from auditor.site import zone_of

    def crosses(one: str, other: str) -> bool:
        """Return whether two addresses lie in two zones; what is outside is one of its own."""
        first, second = zone_of(site, one), zone_of(site, other)
        return first is None or second is None or first.zone != second.zone

    return packets.read(paths, deep=crosses if deep else None, progress=progress)


def _joined(evidence: Evidence, read: Captured | Manifests) -> Evidence:
    """Return the evidence with what captures or manifests told."""
    return bundle.ordered(
        msgspec.structs.replace(
            evidence,
            inputs=(*evidence.inputs, *read.inputs),
            runs=(*evidence.runs, *read.runs),
            gaps=(*evidence.gaps, *read.gaps),
            records=(*evidence.records, *read.records),
        )
    )
