"""Finds the files that a pattern of a configuration file stands for (glob(7))."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from auditor.collect._reading import FOLDER_LIMIT, Reading

_PATTERN = re.compile(r"[*?\[]")
_LONGEST = 4096
_MOST_LISTINGS = 5_000


def matching(reading: Reading, pattern: str) -> tuple[str, ...]:
    """Return the paths that an absolute pattern stands for, sorted; a leading dot is written out.

    A folder that cannot be listed is a gap; one that is absent holds nothing. More than 5,000
    folders are not listed for the patterns of one collector: a line `Include /*/*/*/*` would
    have the whole disk listed.
    """
    if len(pattern) > _LONGEST or "\0" in pattern:
        reading.miss("include", "malformed", "a pattern of no path")
        return ()
    found = [""]
    for part in pattern.strip("/").split("/"):
        if not _PATTERN.search(part):
            found = [f"{folder}/{part}" for folder in found]
            continue
        found = [
            f"{folder}/{name}"
            for folder in found
            for name in _names(reading, folder or "/")
            if fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))
        ]
    return tuple(found[:FOLDER_LIMIT])


def _names(reading: Reading, folder: str) -> tuple[str, ...]:
    if reading.listings == _MOST_LISTINGS:
        reading.miss("include", "limit", "patterns of included files that match too much")
        return ()
    reading.listings += 1
    return reading.names(folder, limit=FOLDER_LIMIT)
