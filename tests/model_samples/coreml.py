from __future__ import annotations

from tests.model_wire import message


def sample() -> bytes:
    metadata = message((1, "tiny"), (4, "MIT"))
    description = message((1, message((1, "x"))), (10, message((1, "y"))), (100, metadata))
    layer = message((1, "fc"), (2, "x"), (3, "y"), (140, message((1, 2), (2, 3))))
    return message((1, 4), (2, description), (500, message((1, layer))))
