from __future__ import annotations

import struct

from tests.model_wire import message


def sample() -> bytes:
    tensor = message((1, 1), (2, message((2, message((1, 2))))), (4, struct.pack("<2f", 1, 2)))
    value = message((1, "value"), (2, message((8, tensor))))
    return message(
        (1, message((1, "w"), (2, "Const"), (5, value))),
        (1, message((1, "y"), (2, "Relu"), (3, "w"))),
        (4, message((1, 1882))),
    )
