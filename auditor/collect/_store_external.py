"""Looks whether the data that a model keeps in other files is there, whole, and in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from auditor.collect._reading import Reading
from auditor.collect._store_view import StoreView
from auditor.evidence.paths import recordable
from auditor.formats import ExternalData, Inspection
from auditor.stores import File, Odd, odd, within

# Folders times locations: a hundred links to a model of a thousand files.
MOST = 100_000


def external(
    view: StoreView, file: File, names: tuple[str, ...], inspected: Inspection, reading: Reading
) -> Iterator[Odd]:
    """Yield what is wrong with a model's external data; more than are looked for are a gap.

    A location counts from the folder that the model is loaded from: for a blob of a cache that
    is the folder of each link to it.
    """
    if not inspected.external:
        return
    folders = dict.fromkeys(path.rpartition("/")[0] for path in names or (file.path,))
    pairs = ((folder, data) for folder in folders for data in inspected.external)
    for folder, data in islice(pairs, MOST):
        yield from _one(view, file, folder, data)
    if len(folders) * len(inspected.external) > MOST:
        detail = f"of its external data only the first {MOST} places were looked at"
        reading.miss(recordable(file.path), "limit", detail)


def _one(view: StoreView, file: File, folder: str, data: ExternalData) -> Iterator[Odd]:
    path = within(folder, data.location)
    shown = data.location[:200]
    if not path:
        yield odd(file.path, "external-escaping", f"it takes data from {shown}")
        return
    above, _, name = path.rpartition("/")
    held = view.contents.folder(above)
    link = held.link(name) if held is not None else None
    if link is not None and link.state in ("outside", "unknown"):
        yield odd(file.path, "external-escaping", f"{shown} is a link to {link.words}")
        return
    found = view.contents.at(path)
    if found is None:
        yield odd(file.path, "external-missing", f"not there: {shown}")
    elif found.size < data.needed:
        detail = f"{shown} has {found.size} bytes, {data.needed} are needed"
        yield odd(file.path, "external-missing", detail)
