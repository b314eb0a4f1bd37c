"""What lies in a store, as it was walked: folders with their files and links, nothing followed."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import Literal

from msgspec import Struct

_BY_NAME = attrgetter("name")
_BITS = 64
LOW = (1 << _BITS) - 1


class File(Struct, frozen=True, gc=False):
    """A regular file of a store: size in bytes, `mode` its permission bits, `stamp` of its inode.

    Of a million files the path is kept once, by whoever needs it, and one number.
    """

    path: str
    size: int
    mode: int = 0o644
    stamp: int = 0

    @property
    def folder(self) -> str:
        """Return the path of the folder that it lies in."""
        return self.path.rpartition("/")[0] or "/"

    @property
    def name(self) -> str:
        """Return its own name."""
        return self.path.rpartition("/")[2]

    @property
    def inode(self) -> int:
        """Return the inode's number, 0 unknown."""
        return self.stamp >> _BITS

    @property
    def changed_ns(self) -> int:
        """Return the low 64 bits of its inode's last change when it was listed, 0 unknown."""
        return self.stamp & LOW


class Link(Struct, frozen=True, gc=False):
    """A symbolic link, and where it leads.

    `end` is the path of the last thing on the way, links resolved. `inside` the store, `outside`
    of it, `dangling` where nothing is there, `unknown` where that may not be asked.
    """

    folder: str
    name: str
    words: str
    state: Literal["inside", "outside", "dangling", "unknown"]
    end: str = ""

    @property
    def path(self) -> str:
        """Return the whole path of the link itself."""
        return joined(self.folder, self.name)


class Special(Struct, frozen=True, gc=False):
    """What is no file, folder or link: a FIFO, a socket, a device."""

    folder: str
    name: str
    file_type: str

    @property
    def path(self) -> str:
        """Return the whole path."""
        return joined(self.folder, self.name)


class Folder(Struct, frozen=True, kw_only=True):
    """A folder of a store. All parts are sorted by name; `folders` are names."""

    path: str
    mode: int
    files: tuple[File, ...] = ()
    links: tuple[Link, ...] = ()
    specials: tuple[Special, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the folder's own name."""
        return self.path.rpartition("/")[2]

    def file(self, name: str) -> File | None:
        """Return the regular file of that name in this folder."""
        at = bisect_left(self.files, name, key=_BY_NAME)
        found = self.files[at] if at < len(self.files) else None
        return found if found is not None and found.name == name else None

    def link(self, name: str) -> Link | None:
        """Return the symbolic link of that name in this folder."""
        at = bisect_left(self.links, name, key=_BY_NAME)
        found = self.links[at] if at < len(self.links) else None
        return found if found is not None and found.name == name else None

    def holds(self, *names: str) -> bool:
        """Return whether all the names are files, links or folders here."""
        return all(
            self.file(name) is not None or self.link(name) is not None or name in self.folders
            for name in names
        )

    def names(self) -> Iterator[str]:
        """Yield the names of files and links."""
        yield from (file.name for file in self.files)
        yield from (link.name for link in self.links)


class Contents(Struct, frozen=True, kw_only=True):
    """A store's folders by path, its own among them.

    Not `complete`: something of it could not be seen, so that what is missing may be there.
    """

    root: str
    folders: dict[str, Folder]
    complete: bool = True

    def folder(self, path: str) -> Folder | None:
        """Return a folder of the store, `None` for what is none."""
        return self.folders.get(path)

    def file(self, path: str) -> File | None:
        """Return a regular file of the store by its path, no link followed."""
        folder, _, name = path.rpartition("/")
        found = self.folders.get(folder or "/")
        return found.file(name) if found is not None else None

    def at(self, path: str) -> File | None:
        """Return the regular file that a path ends at, a link of the store followed."""
        folder, _, name = path.rpartition("/")
        found = self.folders.get(folder or "/")
        if found is None:
            return None
        link = found.link(name)
        if link is None:
            return found.file(name)
        return self.file(link.end) if link.state == "inside" else None

    def below(self, path: str) -> Iterator[Folder]:
        """Yield the folder and every folder in it, sorted by path, each before those in it."""
        waiting = [path]
        while waiting:
            found = self.folders.get(waiting.pop())
            if found is not None:
                yield found
                waiting += [joined(found.path, name) for name in reversed(found.folders)]


def stamp_of(inode: int, changed_ns: int) -> int:
    """Return an inode's number and its last change (ctime, nanoseconds) as one number."""
    return inode << _BITS | changed_ns & LOW


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder."""
    return f"{folder.rstrip('/')}/{name}"


def within(folder: str, location: str) -> str:
    """Return where a location written in a store's file leads, `` where it leaves the folder.

    Nothing is followed; an absolute path leaves every folder.
    """
    path = posixpath.normpath(posixpath.join(folder, location))
    if location.startswith("/") or not path.startswith(f"{folder.rstrip('/')}/"):
        return ""
    return path
