"""ModelScope's cache: a folder a model below its owner's, with the revision that was fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Store, StoreLayout, Told, joined, odd

# modelscope/hub/utils/caching.py: `.msc` and `.mdl` are pickles, `.mv` is text.
_KEY, _META, _VERSION = ".msc", ".mdl", ".mv"
_LIMIT = 4096
_REVISION = re.compile(r"Revision:(?P<revision>[^,\n]+)")
_TEMPORARY = "._____temp"
REGISTRY = "modelscope.cn"


def _recognises(folder: Folder) -> bool:
    return any(folder.holds(name) for name in (_KEY, _META, _VERSION))


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    above = folder.path.rpartition("/")[0]
    # A dot in a model's name is written `___` in its folder's.
    repository = f"{above.rpartition('/')[2]}/{folder.name}".replace("___", ".")
    written = store.read(joined(folder.path, _VERSION), _LIMIT) if folder.holds(_VERSION) else None
    match = _REVISION.search(written.decode("utf-8", "replace")) if written else None
    facts = Facts(
        registry=REGISTRY,
        repository=repository,
        name=repository,
        revision=match["revision"].strip() if match else "",
    )
    yield Told(path=folder.path, facts=facts, below=True)
    for name in folder.folders:
        if name == _TEMPORARY:
            yield odd(joined(folder.path, name), "download-unfinished", "files are being fetched")


LAYOUT = StoreLayout(
    title="ModelScope cache", tool="modelscope", recognises=_recognises, look=_look, rank=1
)
