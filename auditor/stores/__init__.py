"""Knows what model stores say of themselves, one file a layout, and looks whether it is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Protocol

from msgspec import Struct

from auditor.listing import constant_of, public_modules
from auditor.stores._contents import (
    LOW,
    Contents,
    File,
    Folder,
    Link,
    Special,
    joined,
    stamp_of,
    within,
)
from auditor.stores._found import Facts, Found, Judged, Leads, Odd, Told, merged, odd
from auditor.stores._marks import marked

__all__ = [
    "LOW",
    "Contents",
    "Facts",
    "File",
    "Folder",
    "Found",
    "Judged",
    "Leads",
    "Link",
    "Odd",
    "Special",
    "Store",
    "StoreLayout",
    "Told",
    "joined",
    "load",
    "look",
    "merged",
    "named_by_digest",
    "names",
    "odd",
    "stamp_of",
    "tool_of",
    "within",
]


class Store(Protocol):
    """A store that was walked, and the way to read the small files in it."""

    @property
    def contents(self) -> Contents:
        """What lies in it."""

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a file's bytes, links within the store followed; `None` where it cannot be had.

        A refusal and a file of more than `limit` bytes are gaps; absent is none. What a link
        outside the store holds is not the store's: absent.
        """

    def digests(self, path: str) -> tuple[str, ...] | None:
        """Return the digests of a file that were computed (`sha256:<hex>`), `None` for none."""

    def beside(self, path: str) -> int | None:
        """Return the permission bits of a file outside the store, `None` where there is none.

        For what a tool keeps next to its store: keys, tokens. It is never read.
        """


def _no_digest(_path: str) -> str:
    return ""


def _nothing(_folder: Folder, _store: Store) -> Iterator[Found]:
    return iter(())


class StoreLayout(Struct, frozen=True, kw_only=True):
    """How a tool lays out its files, or one thing that lies in many a store.

    `recognises` is asked of every folder by what lies in it; `look` then tells what that folder
    says of files, and what of it is not so. `tool` is the word for a store whose own folder is
    recognised, `` where the layout is no tool's. Lower ranks are asked first. `named_by_digest`
    returns the digest (`sha256:<hex>`, `git-sha1:<hex>`) that the layout names a file by, by its
    path, `` where its name is none.
    """

    title: str
    recognises: Callable[[Folder], bool]
    look: Callable[[Folder, Store], Iterator[Found]] = _nothing
    tool: str = ""
    rank: int = 5
    named_by_digest: Callable[[str], str] = _no_digest


@cache
def names() -> tuple[str, ...]:
    """Return the layouts' names: the public files of this folder."""
    return public_modules(__path__)


@cache
def load(name: str) -> StoreLayout:
    """Return one layout by its file's name."""
    return constant_of(f"{__name__}.{name}", "LAYOUT", StoreLayout)


@cache
def _by_rank() -> tuple[StoreLayout, ...]:
    ranked = sorted(names(), key=lambda name: (load(name).rank, name))
    return tuple(load(name) for name in ranked)


def tool_of(folder: Folder) -> str:
    """Return the tool whose layout a store's own folder has, `folder` for none."""
    for layout in _by_rank():
        if layout.tool and layout.recognises(folder):
            return layout.tool
    return marked(folder) or "folder"


def named_by_digest(path: str) -> str:
    """Return the digest that a store names a file by, `` where its name is none."""
    return next((named for layout in _by_rank() if (named := layout.named_by_digest(path))), "")


def look(store: Store) -> Iterator[Found]:
    """Yield what the layouts find in a store, folder by folder."""
    contents = store.contents
    for folder in contents.below(contents.root):
        for layout in _by_rank():
            if layout.recognises(folder):
                yield from layout.look(folder, store)
