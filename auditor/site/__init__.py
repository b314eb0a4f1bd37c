"""The declared perimeter: read from the site file, asked for addresses and names."""

from __future__ import annotations

from auditor.site.file import load_allowed_globals, load_site
from auditor.site.perimeter import (
    LINK_LOCAL,
    METADATA,
    THIS_HOST,
    excepted,
    is_inside_name,
    listed,
    matches,
    zone_of,
)
from auditor.site.schema import site_schema

__all__ = [
    "LINK_LOCAL",
    "METADATA",
    "THIS_HOST",
    "excepted",
    "is_inside_name",
    "listed",
    "load_allowed_globals",
    "load_site",
    "matches",
    "site_schema",
    "zone_of",
]
