"""The sealed inference server as an ordinary user sees it: less to see, so less that is proven."""

from __future__ import annotations

from . import sealed_inference
from .memory import Machine

UID = 1000
GROUPS = (1000, 4, 27)  # ops: its own group, adm, sudo


def machine() -> Machine:
    """Return the server while the user `ops` audits it, without sudo."""
    return sealed_inference.machine(UID)
