"""A PEFT adapter: the base model that it belongs to, and the code that it names."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined, odd
from auditor.stores._documents import json_of, mapping, text

_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin", "adapter_model.pt")


def _recognises(folder: Folder) -> bool:
    return folder.holds(_CONFIG)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    path = joined(folder.path, _CONFIG)
    document = json_of(store, path)
    if isinstance(document, Odd):
        yield document
    if not isinstance(document, dict):
        return
    kind = text(document.get("peft_type"))
    base = text(document.get("base_model_name_or_path"))
    yield Told(path=folder.path, facts=Facts(base_model=base, architecture=kind))
    for name in _WEIGHTS:
        file = store.contents.at(joined(folder.path, name))
        if file is not None:
            yield Told(path=joined(folder.path, name), facts=Facts(role="adapter"))
    library = text(mapping(document.get("auto_mapping")).get("parent_library"))
    if library and library.partition(".")[0] not in ("transformers", "peft", "diffusers"):
        yield odd(path, "remote-code-declared", f"it asks to import {library}")
        yield Told(path=folder.path, facts=Facts(remote_code=True))


LAYOUT = StoreLayout(title="PEFT adapters", tool="peft", recognises=_recognises, look=_look)
