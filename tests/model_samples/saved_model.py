from __future__ import annotations

from tests.model_wire import message


def sample() -> bytes:
    node = message((1, "x"), (2, "Placeholder"))
    function = message((1, message((1, "f"))), (3, message((1, "y"), (2, "Relu"), (3, "x"))))
    graph = message((1, node), (2, message((1, function))), (4, message((1, 1882))))
    shape = message((2, message((1, 3))), (2, message((1, 2))))
    variable = message((7, message((1, 1), (2, shape), (3, 1), (6, "layer/w"))))
    meta = message(
        (1, message((4, "serve"), (5, "2.21.0"))), (2, graph), (7, message((1, variable)))
    )
    return message((1, 1), (2, meta))
