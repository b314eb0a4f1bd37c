"""Files that some tool has not finished fetching, by the names that it gives them meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Folder, Found, Store, StoreLayout, odd

# huggingface_hub, LM Studio, browsers, aria2, wget and curl users, Ollama (`-partial-N`).
_SUFFIXES = (
    ".incomplete", ".part", ".partial", ".crdownload", ".aria2", ".download", ".downloading",
    ".!qb",
)  # fmt: skip


def _unfinished(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def _recognises(folder: Folder) -> bool:
    # The caches' own folders of blobs are told by their layouts.
    return folder.name != "blobs" and any(_unfinished(file.name) for file in folder.files)


def _look(folder: Folder, _store: Store) -> Iterator[Found]:
    for file in folder.files:
        if _unfinished(file.name):
            yield odd(file.path, "download-unfinished", f"{file.size} bytes, by its name not all")


LAYOUT = StoreLayout(title="Unfinished downloads", recognises=_recognises, look=_look, rank=8)
