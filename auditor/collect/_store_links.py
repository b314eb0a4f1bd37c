"""Tells the symbolic links of a store that lead out of it: what lies there is not the store's."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from auditor.collect._paths import resolve
from auditor.collect._reading import Reading
from auditor.host import Absent, Host, Unreadable

# Folders of programs and of the kernel: a virtual environment's link to the interpreter is no data.
_NO_DATA = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys", "/dev")


def leading_out(reading: Reading, store: str, links: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each link of `links` that leads out of the folder `store`, and where it ends.

    A link that leads nowhere holds nothing. One that cannot be followed is a gap.
    """
    for link in links:
        try:
            target = _target(reading.host, store, link)
        except Absent:
            continue
        except Unreadable as error:
            reading.miss(link, error.reason, error.detail)
            continue
        if target and not is_within(target, (store, *_NO_DATA)):
            yield link, target


def is_within(path: str, folders: Iterable[str]) -> bool:
    """Return whether a path is one of the folders or lies below one."""
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _target(host: Host, store: str, link: str) -> str:
    """Return where a link ends, `` where its words alone keep it in the store.

    Links on that way are links of the store themselves, and told by themselves.
    """
    words = host.readlink(link)
    if is_within(posixpath.normpath(posixpath.join(posixpath.dirname(link), words)), (store,)):
        return ""
    return resolve(host, link)[0]
