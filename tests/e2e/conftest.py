"""Hands the tests of this folder the judgements to render."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def judgements() -> SimpleNamespace:
    """Return `tests/judgements.py`: builders of leaky, sealed, manifest and hostile judgements."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "judgements.py")))
