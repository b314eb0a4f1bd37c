"""The declared perimeter: read from the site file, asked for addresses and names."""

from __future__ import annotations

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

__all__ = [
    "LINK_LOCAL",
    "METADATA",
    "THIS_HOST",
    "excepted",
    "is_inside_name",
    "listed",
    "matches",
    "zone_of",
]
