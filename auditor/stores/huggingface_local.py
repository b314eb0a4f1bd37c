"""A folder that `hf download --local-dir` filled: each file's commit, and its digest then."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Store, StoreLayout, Told, joined, odd
from auditor.stores._documents import malformed

# huggingface_hub/_local_folder.py: commit, ETag and time, a line each.
_NOTES = (".cache", "huggingface", "download")
_SUFFIX = ".metadata"
_LIMIT = 4096
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _recognises(folder: Folder) -> bool:
    return _NOTES[0] in folder.folders


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    top = "/".join((folder.path.rstrip("/"), *_NOTES))
    for below in store.contents.below(top):
        for note in below.files:
            if note.name.endswith(_SUFFIX):
                name = note.path.removeprefix(f"{top}/").removesuffix(_SUFFIX)
                yield from _noted(store, note.path, joined(folder.path, name))


def _noted(store: Store, note: str, path: str) -> Iterator[Found]:
    data = store.read(note, _LIMIT)
    if data is None:
        return
    lines = data.decode("utf-8", "replace").split("\n")
    commit, tag = lines[0].strip(), lines[1].strip() if len(lines) > 1 else ""
    if not _COMMIT.fullmatch(commit):
        yield malformed(note, f"it names no commit: {commit[:80]!r}")
        return
    file = store.contents.at(path)
    if file is None:
        yield odd(path, "blob-missing", f"{note} says that it was fetched")
        return
    yield Told(path=path, facts=Facts(revision=commit))
    computed = [d for d in store.digests(file.path) or () if d.startswith("sha256:")]
    if _SHA256.fullmatch(tag) and computed and f"sha256:{tag}" not in computed:
        yield odd(path, "blob-digest", f"it was fetched as sha256:{tag}, it is {computed[0]}")


LAYOUT = StoreLayout(
    title="Folders filled from the Hugging Face hub",
    recognises=_recognises,
    look=_look,
    rank=1,
)
