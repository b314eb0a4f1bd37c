from __future__ import annotations

from tests.model_samples._archives import torch_members, zipped


def sample() -> bytes:
    return zipped(torch_members())
