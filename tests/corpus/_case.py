"""What one hostile file is: its bytes, the way it hides, and who described it first."""

from __future__ import annotations

import re
from typing import NamedTuple


class Case(NamedTuple):
    """`bypass` is the class of the research note (1 to 12), `reference` a CVE, GHSA or issue."""

    name: str
    data: bytes
    bypass: str
    reference: str
    why: str


def slug(text: str) -> str:
    """Return the text as a part of a file's name."""
    return re.sub(r"[^a-z0-9_]+", "_", text.lower())
