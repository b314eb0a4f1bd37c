"""Looks whether the data that a model keeps in other files is there, whole, and in its folder."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect._store_view import StoreView
from auditor.formats import ExternalData, Inspection
from auditor.stores import File, Odd, odd, within


def external(
    view: StoreView, file: File, names: tuple[str, ...], inspected: Inspection
) -> Iterator[Odd]:
    """Yield what is wrong with a model's external data.

    A location counts from the folder that the model is loaded from: for a blob of a cache that
    is the folder of each link to it.
    """
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in names or (file.path,)):
        for data in inspected.external:
            yield from _one(view, file, folder, data)


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
