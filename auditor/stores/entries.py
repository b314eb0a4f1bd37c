"""Links that lead nowhere or out of a store, and what is neither file nor folder."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Folder, Found, Link, Odd, Store, StoreLayout, odd

# Programs and their libraries: a Python environment's links to them take no data out.
_PROGRAMS = (
    "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libexec/",
    "/usr/local/bin/", "/usr/local/lib/", "/usr/local/lib64/", "/usr/include/", "/bin/", "/sbin/",
    "/lib/", "/lib32/", "/lib64/",
)  # fmt: skip


def is_program(path: str) -> bool:
    """Return whether a path is a program's or a library's, as links of environments lead to."""
    return path.startswith(_PROGRAMS)


def _recognises(folder: Folder) -> bool:
    return bool(folder.specials) or any(link.state != "inside" for link in folder.links)


def _look(folder: Folder, _store: Store) -> Iterator[Found]:
    for link in folder.links:
        yield from _link(link)
    for special in folder.specials:
        yield odd(special.path, "special-file", f"a {special.file_type}: it was not opened")


def _link(link: Link) -> Iterator[Odd]:
    if link.state == "dangling":
        yield odd(link.path, "link-dangling", f"there is nothing at {link.words}")
    elif link.state == "outside" and not is_program(link.end):
        yield odd(link.path, "link-escaping", f"it leads out of the store, to {link.end}")


LAYOUT = StoreLayout(title="Links and special files", recognises=_recognises, look=_look, rank=8)
