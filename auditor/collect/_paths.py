"""Follows a path of a host to the folder or file itself, and writes it as a record can hold it."""

from __future__ import annotations

from auditor.host import Host, Stat, Unreadable

MAX_LINKS = 40  # as the kernel, path_resolution(7)


def recordable(path: str) -> str:
    r"""Return a path as UTF-8 text: bytes that are not UTF-8 are written `\xff`."""
    if path.isascii():
        return path
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of a pair, which JSON can write and no file name holds
        raw = path.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


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
