"""A model of sentence-transformers: the chain of modules that are imported to load it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Store, StoreLayout, Told, joined, odd
from auditor.stores._documents import JSON_LIMIT, malformed, mapping, text

_MODULES = "modules.json"
_OWN = "sentence_transformers."


def _recognises(folder: Folder) -> bool:
    return folder.holds(_MODULES)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    path = joined(folder.path, _MODULES)
    data = store.read(path, JSON_LIMIT)
    if data is None:
        return
    try:
        modules = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        yield malformed(path, f"not JSON: {type(error).__name__}: {error}")
        return
    if not isinstance(modules, list):
        yield malformed(path, "no list of modules")
        return
    named = [text(mapping(module).get("type")) for module in modules]
    yield Told(path=folder.path, facts=Facts(producer="sentence-transformers"), below=True, rank=2)
    foreign = [name or "something that is no name" for name in named if not name.startswith(_OWN)]
    if foreign:
        yield odd(path, "remote-code-declared", "it asks to import " + ", ".join(foreign[:5]))
        yield Told(path=folder.path, facts=Facts(remote_code=True), below=True)


LAYOUT = StoreLayout(
    title="Models of sentence-transformers",
    tool="sentence-transformers",
    recognises=_recognises,
    look=_look,
)
