"""Tells an optimizer's state from a model's by the names in a checkpoint."""

from __future__ import annotations

import re

from auditor.evidence.models import Role
from auditor.formats import View

_LOOKED_AT = 1 << 20
# What an optimizer's state has (torch/optim/optimizer.py), and what only a model's has.
_OPTIMIZER = b"param_groups"
_PARAMETER = re.compile(rb"\.(?:weight|bias|running_mean)(?!_)")


def role_of(view: View) -> Role:
    """Return what a checkpoint is for; `optimizer` only where nothing of a model is in it."""
    names = view.at(0, _LOOKED_AT)
    return "optimizer" if _OPTIMIZER in names and not _PARAMETER.search(names) else "weights"
