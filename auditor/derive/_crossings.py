"""Says whether traffic crosses zones of the site, and whether the site lets it."""

from __future__ import annotations

from auditor.derive._traffic import OUTSIDE
from auditor.evidence.site import Site
from auditor.site import LINK_LOCAL, THIS_HOST

_ON_THE_SPOT = frozenset({LINK_LOCAL, THIS_HOST})


def crossing(src: str, dst: str) -> bool:
    """Return whether two zones are not one; nothing crosses on one link or within one machine."""
    return (src != dst or src == OUTSIDE) and not {src, dst} & _ON_THE_SPOT


def allowed(site: Site, src: str, dst: str, spoken: str) -> bool:
    """Return whether the site lets `src` begin to speak this to `dst`."""
    return any(
        crossing.from_zone == src
        and crossing.to_zone == dst
        and (not crossing.applications or spoken in crossing.applications)
        for crossing in site.crossings
    )
