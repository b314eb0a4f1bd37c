from __future__ import annotations

from tests.model_wire import Flat


def sample() -> bytes:
    return Flat(b"MSL2").build(["tiny", "2.3"])
