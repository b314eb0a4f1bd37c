"""Says which models the site approves of: by origin, and by the globals that pickles ask for."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from auditor.evidence.models import ModelFile
from auditor.evidence.site import AllowedGlobal, Site

_NO_PART = ("", ".", "..")


def approves_origin(site: Site, registry: str, repository: str) -> bool:
    """Return whether one of the site's `model_origins` names `registry/repository`.

    `*` stands for anything within a part; a last part that is `*` alone for all that follows.
    The registry is compared as a host name. An origin with empty parts or dots for parts is
    approved by nothing: what a store says of itself may be made to look like another's.
    """
    parts = (registry.lower(), *repository.split("/"))
    if any(part in _NO_PART for part in parts):
        return False
    origin = "/".join(parts)
    return any(_pattern(entry).fullmatch(origin) for entry in site.model_origins)


def exceptions_for(
    site: Site, file: ModelFile, name: str, at: str
) -> tuple[AllowedGlobal | None, str]:
    """Return the exception that lets `file` ask for the global `name`, else why none holds.

    `at` is an RFC 3339 time: an exception holds through its last day (UTC). One that is pinned
    to digests holds only for a file whose SHA-256 was computed and is among them.
    """
    why = ""
    for entry in site.allowed_globals:
        if not covers(entry.name, name):
            continue
        why = _refused(entry, file, at)
        if not why:
            return entry, ""
    return None, why


def covers(pattern: str, name: str) -> bool:
    """Return whether an exception's name covers a global: itself, or `module.*` for its module."""
    if not pattern.endswith(".*"):
        return pattern == name
    module = pattern.removesuffix(".*")
    return bool(module) and name.rpartition(".")[0] == module


def _refused(entry: AllowedGlobal, file: ModelFile, at: str) -> str:
    """Return why an exception does not hold, or nothing where it does."""
    today, last = _day(at), _day(entry.expires)
    if today is None or last is None:
        return f"the exception of {entry.owner} for {entry.name} has no day that can be read"
    if today > last:
        return f"the exception of {entry.owner} for {entry.name} expired on {entry.expires}"
    if not entry.sha256:
        return ""
    if not file.sha256:
        return (
            f"the exception of {entry.owner} for {entry.name} is pinned to a SHA-256, and that of "
            "this file was not computed"
        )
    if file.sha256 not in entry.sha256:
        return f"the exception of {entry.owner} for {entry.name} is for a file of another SHA-256"
    return ""


@lru_cache(maxsize=1024)
def _pattern(entry: str) -> re.Pattern[str]:
    registry, *parts = entry.split("/")
    whole = [_part(registry.lower()), *(_part(part) for part in parts)]
    if parts and parts[-1] == "*":
        whole[-1] = ".+"
    return re.compile("/".join(whole), re.DOTALL)


def _part(text: str) -> str:
    return "[^/]*".join(re.escape(piece) for piece in text.split("*"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
