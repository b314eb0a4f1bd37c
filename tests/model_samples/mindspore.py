from __future__ import annotations

from tests.model_wire import message


def sample() -> bytes:
    tensor = message((1, 2), (1, 3), (2, "Float32"), (3, b"\0" * 24))
    return message((1, message((1, "fc.weight"), (2, tensor))))
