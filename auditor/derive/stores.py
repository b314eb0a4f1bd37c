"""Tells of every store, data folder and swap area whether it is encrypted at rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from msgspec import Struct

from auditor.derive import Derivation
from auditor.derive._layers import Layers
from auditor.derive._protection import Protection, unknown
from auditor.evidence import Evidence, Origin, Record, kind_of
from auditor.evidence.derived import StoreEncryption
from auditor.evidence.site import Store, StorePurpose
from auditor.evidence.storage import BlockDevice, DataFolder, ModelStore, Mount, Swap
from auditor.evidence.volumes import MemoryDump

_PURPOSES: dict[str, StorePurpose] = {purpose: purpose for purpose in get_args(StorePurpose)}


# Core dumps beside whatever crashed, or given to a program, lie in no place of their own.
_PLACES = ("device", "folder", "remote")


class _Subject(Struct, frozen=True, kw_only=True):
    """A path that is judged: `path` as the reader knows it, `protection` as it was found."""

    origin: Origin
    source_kind: str
    path: str
    holds: StorePurpose
    mount: str
    protection: Protection
    declared: bool = False


def _derive(evidence: Evidence) -> Iterator[Record]:
    if evidence.mode != "host":
        return
    layers = Layers(evidence)
    stores = [record for record in evidence.records if isinstance(record, ModelStore)]
    for store in stores:
        yield _record(_of_store(layers, store, _declaration(evidence, store)))
    for declared in evidence.site.stores:
        if not any(_names(declared, store) for store in stores):
            yield _record(_unseen(declared))
    for record in evidence.records:
        if isinstance(record, DataFolder):
            yield _record(_of_folder(layers, record))
        elif isinstance(record, Swap):
            yield _record(_of_swap(layers, record))
        elif isinstance(record, MemoryDump) and record.target_type in _PLACES:
            yield _record(_of_dump(layers, record))


def _of_store(layers: Layers, store: ModelStore, declared: Store | None) -> _Subject:
    protection = layers.below(store.path, store.device_number)
    if store.encryption_policy:
        # The kernel keeps every file below such a folder under its policy (fscrypt), but what
        # is mounted below it has its own.
        policy = f"fscrypt {store.encryption_policy}"
        own = Protection(verdict="verified", chain=(policy,), ciphers=(policy,))
        protection = layers.with_deeper(own, store.path)
    return _Subject(
        origin=store.origin,
        source_kind=kind_of(store),
        path=store.path,
        holds=declared.holds if declared else _PURPOSES.get(store.holds, "other"),
        mount=_mount(layers, store.path),
        protection=protection,
        declared=declared is not None and declared.encryption == "declared",
    )


def _unseen(declared: Store) -> _Subject:
    """Return a store of the site that no collector found.

    Judged by its name alone it would get the verdict of whatever is mounted above.
    """
    path = declared.path
    return _Subject(
        origin=Origin("stores", path),
        source_kind="model_store",
        path=path,
        holds=declared.holds,
        mount="",
        protection=unknown(f"the folder {path} was not seen on this host", path),
    )


def _of_folder(layers: Layers, folder: DataFolder) -> _Subject:
    return _Subject(
        origin=folder.origin,
        source_kind=kind_of(folder),
        path=folder.known_as,
        holds=folder.holds,
        mount=_mount(layers, folder.path),
        protection=layers.below(folder.path, folder.device_number),
    )


def _of_swap(layers: Layers, swap: Swap) -> _Subject:
    return _Subject(
        origin=swap.origin,
        source_kind=kind_of(swap),
        path=swap.path,
        holds="swap",
        mount=_mount(layers, swap.path) if swap.swap_type == "file" else "",
        protection=layers.swap(swap),
    )


def _of_dump(layers: Layers, dump: MemoryDump) -> _Subject:
    """Return where memory would be written: a hibernation image is as telling as swap."""
    if dump.target_type == "device":
        protection = layers.device(dump.target).under(f"device {dump.target}")
    elif dump.target_type == "folder":
        protection = layers.below(dump.target)
    else:
        reason = f"another machine keeps it ({dump.target})"
        protection = Protection(verdict="remote", reason=reason, beyond=True)
    return _Subject(
        origin=dump.origin,
        source_kind=kind_of(dump),
        path=dump.target,
        holds="swap" if dump.mechanism == "hibernation" else "other",
        mount=_mount(layers, dump.target) if dump.target_type == "folder" else "",
        protection=protection,
    )


def _record(subject: _Subject) -> StoreEncryption:
    found = subject.protection
    # What the site declares counts only where this machine cannot look, never against what was
    # seen, and never in place of evidence that is missing.
    by_declaration = subject.declared and found.beyond and found.verdict != "mixed"
    return StoreEncryption(
        origin=subject.origin,
        source_kind=subject.source_kind,
        path=subject.path,
        holds=subject.holds,
        mount=subject.mount,
        encryption="declared" if by_declaration else found.verdict,
        chain=found.under(subject.path).chain,
        cipher=", ".join(found.ciphers),
        reason=f"the site declares it: {found.reason}" if by_declaration else found.reason,
    )


def _mount(layers: Layers, path: str) -> str:
    mount = layers.table.find(path)
    return mount.path if mount is not None else ""


def _declaration(evidence: Evidence, store: ModelStore) -> Store | None:
    return next((declared for declared in evidence.site.stores if _names(declared, store)), None)


def _names(declared: Store, store: ModelStore) -> bool:
    path = declared.path.rstrip("/") or "/"
    return path in (store.path, store.origin.source)


DERIVATION = Derivation(
    title="Encryption at rest of stores, data folders and swap",
    yields=StoreEncryption,
    sources=(ModelStore, DataFolder, Swap, MemoryDump, Mount, BlockDevice),
    derive=_derive,
)
