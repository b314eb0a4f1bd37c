"""Runs the collectors, each a file of this folder found by listing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from auditor.evidence import CollectorRun, Coverage, Gap, Origin, Record, kind_of, run_of
from auditor.evidence.site import Site
from auditor.host import Host, Unreadable
from auditor.listing import constant_of, public_modules

Fact = Record | Gap | Coverage


def unheard(_done: int, _total: int) -> None:
    """Tell nobody how far hashing has come."""


class Options(Struct, frozen=True, kw_only=True):
    """What the user adds to a scan: store folders, and the declared site.

    `probe_loopback` lets this host's own listeners be asked how they speak (docs/adr/0012).
    Without `discover` only the named stores are looked at. `digests` are the algorithms that
    files are hashed with (none: nothing is read but headers), `digest_cache` a file that keeps
    them between runs, `shard` the part `i/n` of the files that is hashed here. `hashing` hears
    how many bytes are hashed, and of how many.
    """

    stores: tuple[str, ...] = ()
    site: Site = Site()
    probe_loopback: bool = False
    discover: bool = True
    digests: tuple[str, ...] = ()
    digest_cache: str = ""
    shard: str = ""
    hashing: Callable[[int, int], None] = unheard


class Collector(Struct, frozen=True, kw_only=True):
    """A collector: `yields` are its record types, `reads` the paths that it looks at."""

    title: str
    yields: tuple[type[Record], ...]
    reads: tuple[str, ...]
    collect: Callable[[Host, Options], Iterator[Fact]]


class Collected(Struct, frozen=True, kw_only=True):
    """What the collectors brought home."""

    records: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    runs: tuple[CollectorRun, ...]


def names() -> tuple[str, ...]:
    """Return the collectors' names, sorted: the public files of this folder."""
    return public_modules(__path__)


def load(name: str) -> Collector:
    """Return one collector by its file's name."""
    return constant_of(f"{__name__}.{name}", "COLLECTOR", Collector)


def run(
    host: Host,
    options: Options,
    *,
    only: tuple[str, ...] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Collected:
    """Run the collectors (all, or `only` these) over `host`.

    An exception in one becomes a gap in its kinds.
    """
    records: list[Record] = []
    gaps: list[Gap] = []
    runs: list[CollectorRun] = []
    for name in only or names():
        progress(name)
        collector = load(name)
        facts = list(_facts(name, collector, host, options))
        runs.append(run_of(name, collector.title, collector.yields, facts))
        records += [fact for fact in facts if isinstance(fact, Record)]
        gaps += [fact for fact in facts if isinstance(fact, Gap)]
    return Collected(records=tuple(records), gaps=tuple(gaps), runs=tuple(runs))


def _facts(name: str, collector: Collector, host: Host, options: Options) -> Iterator[Fact]:
    """Yield what the collector yields, and a gap for each of its kinds where it breaks off."""
    try:
        for fact in collector.collect(host, options):
            yield _storable(fact)
    except Unreadable as error:
        for record_type in collector.yields:
            yield error.gap(kind_of(record_type), name)
    except Exception as error:  # noqa: BLE001 - the one place: a crash is a gap, never silence
        for record_type in collector.yields:
            yield Gap(
                kind=kind_of(record_type),
                reason="crashed",
                detail=f"the collector broke off: {type(error).__name__}: {error}"[:300],
                origin=Origin(name, "auditor"),
            )


def _storable(fact: Fact) -> Fact:
    r"""Return the fact as a bundle can hold it: names that are not UTF-8 are written `\xff`."""
    try:
        msgspec.json.encode(fact)
    except UnicodeEncodeError:
        return msgspec.convert(_utf8(msgspec.to_builtins(fact)), type(fact))
    return fact


def _utf8(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: _utf8(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_utf8(item) for item in value]
    return value
