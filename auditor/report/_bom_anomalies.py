"""Finds the model that each anomaly of a store belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence.models import StoreAnomaly
from auditor.report._bom_models import Bundle


class Placed(Struct, frozen=True, kw_only=True):
    """Anomalies by the models (`Bundle.ref`) that they are found in; `left` are in none."""

    by_bundle: dict[str, list[StoreAnomaly]]
    left: tuple[StoreAnomaly, ...]


def place(bundles: Iterable[Bundle], anomalies: Iterable[StoreAnomaly]) -> Placed:
    """Return where anomalies belong: to the models whose file they are of, or in whose folder.

    A folder that several models share (blobs, GGUFs side by side) belongs to none.
    """
    files: dict[tuple[str, str], set[str]] = {}
    folders: dict[tuple[str, str], set[str]] = {}
    for bundle in bundles:
        folders.setdefault((bundle.store, bundle.folder), set()).add(bundle.ref)
        for artifact in bundle.artifacts:
            for path in (artifact.file.path, *artifact.file.links):
                files.setdefault((bundle.store, path), set()).add(bundle.ref)
    placed: dict[str, list[StoreAnomaly]] = {}
    left: list[StoreAnomaly] = []
    for anomaly in anomalies:
        owners = files.get((anomaly.store, anomaly.path)) or _above(anomaly, folders)
        for ref in owners:
            placed.setdefault(ref, []).append(anomaly)
        if not owners:
            left.append(anomaly)
    return Placed(by_bundle=placed, left=tuple(left))


def _above(anomaly: StoreAnomaly, folders: dict[tuple[str, str], set[str]]) -> set[str]:
    path = anomaly.path
    while path and (anomaly.store, path) not in folders:
        path = path.rpartition("/")[0]
    owners = folders.get((anomaly.store, path), set())
    return owners if len(owners) == 1 else set()
