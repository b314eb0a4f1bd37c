"""DVC's pointers: which files a `.dvc` file or `dvc.lock` promises, with their sizes."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined, odd, within
from auditor.stores._documents import Document, mapping, text, yaml_of

_LOCK = "dvc.lock"
_POINTER = ".dvc"
_SECRET = "config.local"  # noqa: S105 - a file's name: DVC keeps credentials of remotes there
_MOST = 10_000


def _recognises(folder: Folder) -> bool:
    pointers = any(name.endswith(_POINTER) for name in folder.names())
    return pointers or folder.holds(_LOCK) or _POINTER in folder.folders


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    for name in folder.names():
        if name != _LOCK and not (name.endswith(_POINTER) and name != _POINTER):
            continue
        path = joined(folder.path, name)
        document = yaml_of(store, path)
        if isinstance(document, Odd):
            yield document
        elif document is not None:
            for output in _outputs(document):
                yield from _output(folder, store, path, output)
    settings = store.contents.folder(joined(folder.path, _POINTER))
    if settings is not None and settings.holds(_SECRET):
        secret = joined(settings.path, _SECRET)
        yield odd(secret, "credential", "DVC keeps the credentials of its remotes in this file")


def _outputs(document: Document) -> Iterator[Document]:
    listed = document.get("outs")
    stages = [mapping(stage).get("outs") for stage in mapping(document.get("stages")).values()]
    count = 0
    for outputs in (listed, *stages):
        for output in outputs if isinstance(outputs, list) else []:
            count += 1
            if count > _MOST:
                return
            yield mapping(output)


def _output(folder: Folder, store: Store, pointer: str, output: Document) -> Iterator[Found]:
    name = text(output.get("path"))
    at = within(folder.path, name)
    if not at:
        yield odd(pointer, "external-escaping", f"it names {name or 'no path'}")
        return
    if str(output.get("md5", "")).endswith(".dir") or store.contents.folder(at) is not None:
        return  # a folder: its files are listed in DVC's own cache
    file = store.contents.at(at)
    if file is None:
        yield odd(at, "blob-missing", f"{pointer} says that it is here")
        return
    size = output.get("size")
    if isinstance(size, int) and size != file.size:
        yield odd(at, "blob-size", f"{pointer} says {size} bytes, it has {file.size}")
    yield Told(path=at, facts=Facts(revision=text(output.get("md5"))), rank=3)


LAYOUT = StoreLayout(title="Files that DVC tracks", tool="dvc", recognises=_recognises, look=_look)
