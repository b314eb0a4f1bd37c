"""Collects the folders that hold models and data, and the headers of the models in them."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._homes import homes
from auditor.collect._model_files import ModelFiles
from auditor.collect._paths import device_number, recordable, resolve
from auditor.collect._reading import Reading
from auditor.collect._store_links import is_within, leading_out
from auditor.collect._store_places import IN_HOME, ON_SYSTEM, Place, layout, well_known
from auditor.collect._store_services import ServiceFolders
from auditor.collect._store_walk import Walk, Walker
from auditor.evidence import Coverage
from auditor.evidence.models import ModelFile
from auditor.evidence.storage import ModelStore
from auditor.host import Absent, Host, Stat, Unreadable

NAME = "stores"


def _collect(host: Host, options: Options) -> Iterator[Fact]:
    both = Reading(host, NAME, "model_store", "model_file")
    headers = Reading(host, NAME, "model_file")
    models = ModelFiles(host, headers)
    stores: list[str] = []
    out: list[tuple[str, str]] = []
    whole = 0
    for place, path, status in _found(host, options, both):
        store, walk = _store(host, both, place, path, status)
        yield store
        stores.append(path)
        out += leading_out(both, path, walk.links)
        whole += store.complete
        yield from models.of(path, walk.files)
    for link, target in out:
        if not is_within(target, stores):
            detail = f"a link leads to {target}, which is no store that was looked at (--store)"
            both.miss(recordable(link), "unsupported", recordable(detail))
    yield from both.gaps()
    yield from headers.gaps()
    if stores:
        yield Coverage(what="model stores", seen=whole, total=len(stores))
    if models.recognised:
        yield Coverage(what="model files", seen=models.read, total=models.recognised)


def _found(host: Host, options: Options, reading: Reading) -> Iterator[tuple[Place, str, Stat]]:
    """Yield each store once: as it was asked for, and where it really lies."""
    known: set[str] = set()
    for place in _places(host, options, reading):
        found = _resolved(host, place, reading)
        if found is None:
            continue
        path, status = found
        asked_for = place.discovered_by in ("option", "site")
        if path in known or (not asked_for and _within(path, known)):
            continue
        known.add(path)
        yield place, path, status


def _places(host: Host, options: Options, reading: Reading) -> Iterator[Place]:
    for path in options.stores:
        yield Place(asked=_plain(path), tool="", holds="models", discovered_by="option")
    for store in options.site.stores:
        yield Place(asked=_plain(store.path), tool="", holds=store.holds, discovered_by="site")
    yield from well_known(_homes(host, reading))
    yield from ServiceFolders(host, reading).places()


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


def _resolved(host: Host, place: Place, reading: Reading) -> tuple[str, Stat] | None:
    named = place.discovered_by in ("option", "site")
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
        return path, status
    if named:
        reading.miss(recordable(place.asked), "unsupported", f"a {status.file_type}, not a folder")
    elif place.discovered_by == "service" and _is_model(host, path):
        return resolve(host, path.rpartition("/")[0] or "/")
    return None


def _is_model(host: Host, path: str) -> bool:
    """Return whether a service's argument is a model file: then its folder is the store."""
    try:
        return host.inspect_model(path) is not None
    except Unreadable:
        # What is no readable file (a socket, a device) is no store either.
        return False


def _store(
    host: Host, reading: Reading, place: Place, path: str, status: Stat
) -> tuple[ModelStore, Walk]:
    walk = Walker(host, reading).walk(path, status)
    tool = place.tool if place.tool not in ("", "folder") else _layout(host, path)
    store = ModelStore(
        origin=reading.origin(recordable(place.asked)),
        path=recordable(path),
        tool=tool,
        discovered_by=place.discovered_by,
        holds=place.holds,
        owner=status.uid,
        writers=walk.writers,
        files=len(walk.files),
        size=walk.size,
        complete=walk.complete,
        device_number=device_number(host, status),
        encryption_policy=_policy(host, path),
    )
    return store, walk


def _layout(host: Host, path: str) -> str:
    try:
        return layout(host.list(path))
    except Unreadable:
        # The walk has already told that the folder cannot be read.
        return "folder"


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
    yields=(ModelStore, ModelFile),
    reads=(
        "/etc/passwd",
        *(path for path, _, _ in ON_SYSTEM),
        *(f"~/{path}" for path, _, _ in IN_HOME),
        "/proc/*/cmdline", "/proc/*/environ", "/proc/*/mountinfo", "/proc/*/ns/mnt",
    ),
    collect=_collect,
)  # fmt: skip
