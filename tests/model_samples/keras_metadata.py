from __future__ import annotations

import json

from tests.model_wire import message


def sample() -> bytes:
    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 2}, "name": "dense"}
    saved = message(
        (2, 1),
        (3, "root.layer-0"),
        (4, "_tf_keras_layer"),
        (5, json.dumps(layer)),
        (6, b"\x08\x01"),
    )
    return message((1, saved))
