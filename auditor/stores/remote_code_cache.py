"""The code of models that transformers, diffusers and datasets have fetched, and imported here."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Folder, Found, Store, StoreLayout, odd

# HF_MODULES_CACHE: transformers/utils/hub.py and dynamic_module_utils.py, datasets/load.py.
_CACHES = frozenset(
    {"transformers_modules", "datasets_modules", "diffusers_modules", "evaluate_modules"}
)
_NAMED = 5


def _recognises(folder: Folder) -> bool:
    return folder.name in _CACHES


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    for below in store.contents.below(folder.path):
        code = [f.name for f in below.files if f.name.endswith(".py") and f.name != "__init__.py"]
        if code:
            more = f" and {len(code) - _NAMED} more" if len(code) > _NAMED else ""
            detail = f"code of a model was imported here: {', '.join(code[:_NAMED])}{more}"
            yield odd(below.path, "remote-code-cached", detail)


LAYOUT = StoreLayout(
    title="Code of models that was imported",
    tool="huggingface-modules",
    recognises=lambda folder: _recognises(folder) or not _CACHES.isdisjoint(folder.folders),
    look=lambda folder, store: _look(folder, store) if _recognises(folder) else iter(()),
    rank=1,
)
