"""Collects the folders that hold models and data, what lies in them, and what is odd there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect._homes import homes
from auditor.collect._model_files import ModelFiles
from auditor.collect._paths import device_number, resolve
from auditor.collect._reading import Reading
from auditor.collect._store_contents import StoreFacts
from auditor.collect._store_links import is_within
from auditor.collect._store_places import IN_HOME, ON_SYSTEM, Place, well_known
from auditor.collect._store_walk import ASKED_FOR, FOUND, Bounds, Walk, Walker
from auditor.collect._units import UNIT_FOLDERS
from auditor.evidence import Coverage
from auditor.evidence.models import ModelFile, StoreAnomaly
from auditor.evidence.paths import recordable
from auditor.evidence.storage import ModelStore
from auditor.host import Absent, Host, Stat, Unreadable
from auditor.stores import tool_of

NAME = "stores"
_KINDS = ("model_store", "model_file", "store_anomaly")
_NAMED = ("option", "site")


class _Found(Struct, frozen=True, kw_only=True):
    """A store that is there: `path` is the folder itself, `only` the file that is meant alone."""

    place: Place
    path: str
    status: Stat
    only: str = ""


def _collect(host: Host, options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, *_KINDS)
    contents = Reading(host, NAME, "model_file", "store_anomaly")
    unjudged = Reading(host, NAME, "model_file")
    models = ModelFiles(contents)
    stores: list[str] = []
    out: list[tuple[str, str]] = []
    whole = 0
    for found in _found(host, options, reading):
        bounds = ASKED_FOR if found.place.discovered_by == "option" else FOUND
        walk = _walk(reading, found, bounds)
        facts = StoreFacts(contents, walk, only=found.only)
        store = _store(host, found, walk, facts)
        yield store
        stores.append(found.only or found.path)
        whole += store.complete
        out += facts.leading_out()
        before = models.total
        yield from facts.of(models, options, bounds)
        if models.total == before:
            _tell_of_nothing(unjudged, found, walk, facts)
    for link, target in out:
        if not is_within(target, stores):
            detail = f"a link leads to {target}, which is no store that was looked at (--store)"
            reading.miss(recordable(link), "unsupported", recordable(detail))
    yield from reading.gaps()
    yield from contents.gaps()
    yield from unjudged.gaps()
    if stores:
        yield Coverage(what="model stores", seen=whole, total=len(stores))
    if models.total:
        yield Coverage(what="model files", seen=models.seen, total=models.total)


def _tell_of_nothing(unjudged: Reading, found: _Found, walk: Walk, facts: StoreFacts) -> None:
    """Note that nothing was judged where the user says that there are models.

    Where a disk is not mounted there is an empty folder; a file may be gone since it was named.
    """
    if found.place.discovered_by != "option" or not walk.complete:
        return  # elsewhere models may be; what was not seen is told
    said = "no model is there: nothing was judged" if facts.files else "nothing is there"
    unjudged.miss(recordable(found.only or found.path), "absent", said)


def _walk(reading: Reading, found: _Found, bounds: Bounds) -> Walk:
    walker = Walker(reading, most=bounds.entries)
    return (walker.beside if found.only else walker.walk)(found.path, found.status)


def _found(host: Host, options: Options, reading: Reading) -> Iterator[_Found]:
    """Yield each store once: as it was asked for, and where it really lies."""
    known: set[str] = set()
    for place in _places(host, options, reading):
        found = _resolved(host, place, reading)
        if found is None:
            continue
        path = found.only or found.path
        if path in known or (place.discovered_by not in _NAMED and _within(path, known)):
            continue
        known.add(path)
        yield found


def _places(host: Host, options: Options, reading: Reading) -> Iterator[Place]:
    for path in options.stores:
        yield Place(asked=_plain(path), tool="", holds="models", discovered_by="option")
    if not options.discover:
        return
    # What knows services and units is loaded where stores are looked for.
    from auditor.collect._store_services import ServiceFolders
    from auditor.collect._store_units import unit_places

    for store in options.site.stores:
        yield Place(asked=_plain(store.path), tool="", holds=store.holds, discovered_by="site")
    yield from well_known(_homes(host, reading))
    yield from ServiceFolders(host, reading).places()
    yield from unit_places(reading)


def _homes(host: Host, reading: Reading) -> tuple[str, ...]:
    """Return the home folders that can be looked into."""
    kept = []
    for home in homes(reading):
        try:
            host.stat(f"{home.path}/.cache")
        except Absent:
            pass  # not there, or the home itself is not
        except Unreadable as error:
            reading.miss(recordable(home.path), error.reason, error.detail)
            continue
        kept.append(home.path)
    return tuple(kept)


def _resolved(host: Host, place: Place, reading: Reading) -> _Found | None:
    try:
        host.stat(place.asked)
        path, status = resolve(host, place.asked)
    except Absent as error:
        # A site declares the stores of all its machines: one that is not here is undecided by
        # itself (`derive.stores`), and no reason to doubt the others.
        if place.discovered_by == "option":
            reading.miss(recordable(place.asked), error.reason, "there is no such store")
        return None
    except Unreadable as error:
        reading.miss(recordable(place.asked), error.reason, error.detail)
        return None
    if status.file_type == "directory":
        return _Found(place=place, path=path, status=status)
    named = place.discovered_by in _NAMED
    if status.file_type == "file" and (named or _is_model(host, path)):
        folder, above = resolve(host, posixpath.dirname(path))
        if named:
            return _Found(place=place, path=folder, status=above, only=path)
        # A server is given a model file: what else lies in its folder is its store.
        return _Found(place=place, path=folder, status=above)
    if named:
        detail = f"a {status.file_type}, neither a folder nor a file"
        reading.miss(recordable(place.asked), "unsupported", detail)
    return None


def _is_model(host: Host, path: str) -> bool:
    """Return whether a service's argument is a model file: then its folder is the store."""
    try:
        return host.inspect_model(path) is not None
    except Unreadable:
        # What is no readable file (a socket, a device) is no store either.
        return False


def _store(host: Host, found: _Found, walk: Walk, facts: StoreFacts) -> ModelStore:
    place, folder = found.place, walk.contents.folders[found.path]
    tool = place.tool if place.tool not in ("", "folder") else tool_of(folder)
    return ModelStore(
        origin=facts.origin(recordable(place.asked)),
        path=recordable(found.only or found.path),
        tool="file" if found.only else tool,
        discovered_by=place.discovered_by,
        holds=place.holds,
        owner=found.status.uid,
        writers=walk.writers,
        files=len(facts.files) if found.only else walk.files,
        size=sum(file.size for file in facts.files) if found.only else walk.size,
        complete=walk.complete,
        device_number=device_number(host, found.status),
        encryption_policy=_policy(host, found.path),
    )


def _policy(host: Host, path: str) -> str | None:
    """Return the fscrypt policy, `None` where it may not be asked: that is never a pass."""
    try:
        return host.encryption_policy(path)
    except Unreadable:
        return None


def _within(path: str, known: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:end]) in known for end in range(2, len(parts)))


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"


COLLECTOR = Collector(
    title="Model stores and model files",
    yields=(ModelStore, ModelFile, StoreAnomaly),
    reads=(
        "/etc/passwd",
        *(path for path, _, _ in ON_SYSTEM),
        *(f"~/{path}" for path, _, _ in IN_HOME),
        *(f"{folder}/*.service" for folder in UNIT_FOLDERS),
        "/proc/*/cmdline", "/proc/*/environ", "/proc/*/mountinfo", "/proc/*/ns/mnt",
    ),
    collect=_collect,
)  # fmt: skip
