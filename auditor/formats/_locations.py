"""Tells where a path that is written in a model would lead out of the model's folder."""

from __future__ import annotations

import re

_DRIVE = re.compile(r"[A-Za-z]:")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def escaping(location: str) -> str:
    """Return why a relative path is none, `` where it stays beside the model.

    Backslashes count as separators: the file may be loaded on Windows. Links are the business
    of whoever has the folder before them.
    """
    parts = location.replace("\\", "/").split("/")
    checks = (
        ("\0" in location, "holds a NUL"),
        (location.startswith(("/", "\\", "~")), "is absolute"),
        (_DRIVE.match(location) is not None, "names a drive"),
        (_SCHEME.match(location) is not None, "is an address"),
        (".." in parts, "climbs out with `..`"),
        ("\\" in location, "holds a backslash"),
        (any(ord(letter) < 0x20 for letter in location), "holds a control character"),  # noqa: PLR2004
    )
    return next((why for wrong, why in checks if wrong), "")
