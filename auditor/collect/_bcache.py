"""Tells the caches of a bcache device (Documentation/admin-guide/bcache.rst)."""

from __future__ import annotations

import re

from auditor.evidence.paths import recordable
from auditor.host import Host, Unreadable

_CACHE = re.compile(r"cache[0-9]{1,3}")


def caches(host: Host, device: str) -> tuple[str, ...] | None:
    """Return the names of the block devices that cache for a device's folder in sysfs.

    The cache set links each of them as `cacheN`, to the folder `bcache` of its device. `None`
    where the set, or where one of its links leads, is not told.
    """
    folder = f"{device}/bcache/cache"
    try:
        links = [name for name in host.list(folder) if _CACHE.fullmatch(name)]
        targets = [host.readlink(f"{folder}/{name}").rstrip("/").split("/") for name in links]
    except Unreadable:
        return None
    if not targets or any(len(parts) < 2 or parts[-1] != "bcache" for parts in targets):  # noqa: PLR2004
        return None
    return tuple(sorted(recordable(parts[-2]) for parts in targets))
