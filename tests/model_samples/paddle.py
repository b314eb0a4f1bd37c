from __future__ import annotations

from tests.model_wire import message


def sample() -> bytes:
    tensor = message((1, 5), (2, 8), (2, 4))
    weight = message((1, "fc.w"), (2, message((1, 7), (3, message((1, tensor))))), (3, 1))
    op = message((1, message((1, "X"), (2, "x"))), (3, "mul"))
    block = message((1, 0), (2, -1), (3, weight), (4, op))
    return message((1, block), (4, message((1, 3003001))))
