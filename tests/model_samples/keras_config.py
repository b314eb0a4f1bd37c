from __future__ import annotations

import json


def sample() -> bytes:
    layer = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "dense", "units": 2, "activation": "relu"},
        "registered_name": None,
        "build_config": {"input_shape": [None, 4]},
    }
    return json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {"name": "tiny", "layers": [layer]},
            "registered_name": None,
        }
    ).encode()
