from __future__ import annotations

from tests.model_wire import Flat


def sample() -> bytes:
    return Flat(b"ET12").build([("I", 0), None])
