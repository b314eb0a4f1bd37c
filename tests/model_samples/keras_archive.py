from __future__ import annotations

import json

from tests.model_samples._archives import zipped


def members() -> dict[str, bytes]:
    config = {
        "module": "keras", "class_name": "Sequential", "registered_name": None,
        "config": {"name": "s", "trainable": True, "layers": []},
    }  # fmt: skip
    return {
        "metadata.json": json.dumps({"keras_version": "3.9.0"}).encode(),
        "config.json": json.dumps(config).encode(),
    }


def sample() -> bytes:
    return zipped(members())
