from __future__ import annotations

from tests.model_samples import npy


def sample() -> bytes:
    return b'{"in_size": 2, "depth": 2}\n' + npy.sample() * 2
