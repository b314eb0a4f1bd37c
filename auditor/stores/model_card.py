"""The card and the licence that lie beside a model, as the hubs have them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined
from auditor.stores._documents import text, texts, yaml_from
from auditor.stores._licenses import license_of

_CARD = "README.md"
_LICENSES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")
_CARD_LIMIT = 4 * 1024 * 1024
_FRONT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_OTHER = frozenset({"other", "unknown"})


def _recognises(folder: Folder) -> bool:
    return any(folder.holds(name) for name in (_CARD, *_LICENSES))


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    if folder.holds(_CARD):
        yield from _card(folder, store)
    for name in _LICENSES:
        data = store.read(joined(folder.path, name), _CARD_LIMIT) if folder.holds(name) else None
        if data:
            facts = Facts(license=license_of(data))
            yield Told(path=folder.path, facts=facts, below=True, rank=1)
            return


def _card(folder: Folder, store: Store) -> Iterator[Found]:
    path = joined(folder.path, _CARD)
    data = store.read(path, _CARD_LIMIT)
    front = _FRONT.match(data) if data else None
    if front is None:
        return  # a README of no hub: it says nothing in fields
    card = yaml_from(front[1], path)
    if isinstance(card, Odd):
        yield card
        return
    license_ = text(card.get("license"))
    if license_ in _OTHER:
        license_ = text(card.get("license_name")) or license_
    bases = texts(card.get("base_model"))
    yield Told(
        path=folder.path,
        facts=Facts(
            license=license_,
            base_model=", ".join(bases)[:200],
            datasets=texts(card.get("datasets")),
            producer=text(card.get("library_name")),
        ),
        below=True,
        rank=0,
    )


LAYOUT = StoreLayout(title="Model cards and licences", recognises=_recognises, look=_look, rank=6)
