"""The cache of huggingface_hub: refs, snapshots of links, and blobs named by their digest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Link, Odd, Store, StoreLayout, Told, joined, odd

# huggingface_hub/constants.py and file_download.py: `models--org--name`, blobs named by their
# ETag (SHA-256 of what lies in LFS, git's SHA-1 of the rest), `<blob>.incomplete` while loading.
_REPOSITORY = re.compile(r"(models|datasets|spaces)--(?P<name>[^/]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REF_LIMIT = 4096
_DIGESTS = {40: "git-sha1", 64: "sha256"}
_HEX = re.compile(r"[0-9a-f]+")
# HF_TOKEN_PATH and HF_STORED_TOKENS_PATH by default, beside `hub`.
_SECRETS = ("token", "stored_tokens")
# Signing a snapshot puts its signature there.
_SIGNATURES = (".sig", ".sigstore", ".sigstore.json", "claims.jsonl")
_NO_BLOB = "a file of its own among links to blobs: no digest says that it is the repository's"
REGISTRY = "huggingface.co"


def _recognises(folder: Folder) -> bool:
    if _REPOSITORY.fullmatch(folder.name) and {"snapshots", "blobs"} & set(folder.folders):
        return True
    return any(_REPOSITORY.fullmatch(name) for name in folder.folders)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    if any(_REPOSITORY.fullmatch(name) for name in folder.folders):
        yield from _secrets(folder, store)
    if _REPOSITORY.fullmatch(folder.name):
        yield from _repository(folder, store)


def _secrets(hub: Folder, store: Store) -> Iterator[Odd]:
    """Yield the tokens beside the cache; where the cache is a store's folder, others see them."""
    if hub.path != store.contents.root:
        return
    above = hub.path.rpartition("/")[0]
    for name in _SECRETS:
        mode = store.beside(joined(above, name))
        if mode is not None:
            detail = f"the hub's access token lies here, mode {mode:04o}"
            yield odd(joined(above, name), "credential", detail)


def _repository(folder: Folder, store: Store) -> Iterator[Found]:
    kind, _, name = folder.name.partition("--")
    repository = name.replace("--", "/", 1)
    if kind != "models":
        repository = f"{kind}/{repository}"
    facts = Facts(registry=REGISTRY, repository=repository, name=repository)
    yield Told(path=folder.path, facts=facts, below=True)
    snapshots = store.contents.folder(joined(folder.path, "snapshots"))
    commits = snapshots.folders if snapshots is not None else ()
    named, broken = _references(folder, store, commits)
    yield from broken
    for commit in commits:
        path = joined(joined(folder.path, "snapshots"), commit)
        if not _COMMIT.fullmatch(commit):
            yield odd(path, "reference-broken", "a snapshot is named by a commit; this is none")
        # The files that `main` leads to are those that are loaded by default.
        rank = 0 if "main" in named.get(commit, ()) else 1
        yield Told(path=path, facts=Facts(revision=commit), below=True, rank=rank)
    yield from _blobs(folder, store, f"{folder.path}/snapshots")


def _references(
    folder: Folder, store: Store, commits: tuple[str, ...]
) -> tuple[dict[str, list[str]], list[Odd]]:
    """Return the names of each commit, and what is wrong with them."""
    named: dict[str, list[str]] = {}
    wrong: list[Odd] = []
    top = joined(folder.path, "refs")
    for file in (file for below in store.contents.below(top) for file in below.files):
        data = store.read(file.path, _REF_LIMIT)
        if data is None:
            continue
        commit = data.decode("utf-8", "replace").strip()
        name = file.path.removeprefix(f"{top}/")
        if not _COMMIT.fullmatch(commit):
            wrong.append(odd(file.path, "reference-broken", f"it names no commit: {commit[:80]!r}"))
            continue
        named.setdefault(commit, []).append(name)
        if commit not in commits:
            wrong.append(odd(file.path, "reference-broken", f"there is no snapshot of {commit}"))
        elif name != commit:
            detail = f"who loads {name} gets {commit} here, whatever else it is elsewhere"
            wrong.append(odd(file.path, "reference-mutable", detail))
    return named, wrong


def _blobs(folder: Folder, store: Store, snapshots: str) -> Iterator[Found]:
    blobs = joined(folder.path, "blobs")
    used: set[str] = set()
    own: list[str] = []
    for below in store.contents.below(snapshots):
        own += [file.path for file in below.files if not file.name.endswith(_SIGNATURES)]
        for link in below.links:
            used.add(link.end)
            yield from _link(link, blobs)
    if used:  # else it is a copy, or lies where there are no links: all are files
        yield from (odd(path, "blob-missing", _NO_BLOB) for path in own)
    held = store.contents.folder(blobs)
    for file in held.files if held is not None else ():
        if file.name.endswith(".incomplete"):
            yield odd(file.path, "download-unfinished", f"{file.size} bytes of a blob have come")
            continue
        if file.path not in used:
            yield odd(file.path, "blob-orphan", "no snapshot leads to this blob")


def _link(link: Link, blobs: str) -> Iterator[Odd]:
    if link.state == "inside" and not link.end.startswith(f"{blobs}/"):
        detail = f"a snapshot's file is to lead into blobs, not to {link.words}"
        yield odd(link.path, "link-escaping", detail)


def digest_named(path: str) -> str:
    """Return the digest that a blob of such a cache is named by (`sha256:<hex>`), `` for none."""
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    if last != "blobs" or not _REPOSITORY.fullmatch(above.rpartition("/")[2]):
        return ""
    algorithm = _DIGESTS.get(len(name), "")
    return f"{algorithm}:{name}" if algorithm and _HEX.fullmatch(name) else ""


LAYOUT = StoreLayout(
    title="Hugging Face cache",
    tool="huggingface",
    rank=0,
    recognises=_recognises,
    look=_look,
    named_by_digest=digest_named,
)
