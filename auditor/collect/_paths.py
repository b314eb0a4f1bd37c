"""Follows a path of a host to the folder or file itself, and writes it as a record can hold it."""

from __future__ import annotations

from auditor.host import Host, Stat, Unreadable

MAX_LINKS = 40  # as the kernel, path_resolution(7)


def device_number(host: Host, status: Stat) -> str:
    """Return the file system's number, `` for a copied tree: its files lie on another disk."""
    return status.device if host.uid is not None else ""


def resolve(host: Host, path: str) -> tuple[str, Stat]:
    """Return the path without symbolic links, and what lstat(2) tells of it.

    A store under a link lies on the disk that the link leads to: judged by its name it would
    get another disk's verdict. Raises what `Host.stat` and `Host.readlink` raise, and
    `Unreadable(malformed)` after 40 links.
    """
    here = ""
    left = _parts(path)
    links = 0
    status = host.stat("/")
    while left:
        part = left.pop()
        if part == "..":
            here = here.rpartition("/")[0]
            status = host.stat(here or "/")
            continue
        step = f"{here}/{part}"
        status = host.stat(step)
        if status.file_type != "symlink":
            here = step
            continue
        links += 1
        if links > MAX_LINKS:
            raise Unreadable(path, "malformed", "too many levels of symbolic links")
        target = host.readlink(step)
        if target.startswith("/"):
            here = ""
            status = host.stat("/")
        left += _parts(target)
    # A path may end in a link to where the walk already was.
    return (here or "/"), (host.stat(here or "/") if status.file_type == "symlink" else status)


def _parts(path: str) -> list[str]:
    """Return the names of a path, the next one last."""
    return [part for part in reversed(path.split("/")) if part and part != "."]
