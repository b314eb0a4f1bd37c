from __future__ import annotations

from tests.model_wire import message


def sample() -> bytes:
    weights = message((1, 2), (1, 2), (2, 1), (8, "w"), (9, b"\0" * 16))
    node = message((1, "x"), (1, "w"), (2, "y"), (3, "n"), (4, "MatMul"))
    graph = message((1, node), (2, "tiny"), (5, weights), (11, message((1, "x"))))
    return message(
        (1, 8), (2, "own"), (3, "1.0"), (7, graph), (8, message((1, ""), (2, 17))),
        (14, message((1, "license"), (2, "MIT"))),
    )  # fmt: skip
