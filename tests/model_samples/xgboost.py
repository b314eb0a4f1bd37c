from __future__ import annotations

import json
import struct

MODEL = {
    "learner": {
        "attributes": {},
        "feature_names": [],
        "gradient_booster": {"model": {"trees": []}, "name": "gbtree"},
        "learner_model_param": {"num_feature": "2", "num_class": "0"},
        "objective": {"name": "reg:squarederror"},
    },
    "version": [3, 2, 0],
}


def ubjson(value) -> bytes:
    """Write a value as XGBoost does."""
    if isinstance(value, dict):
        pairs = (
            b"L" + struct.pack(">q", len(k)) + k.encode() + ubjson(v) for k, v in value.items()
        )
        return b"{" + b"".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(ubjson, value))
    if isinstance(value, str):
        return b"SL" + struct.pack(">q", len(value)) + value.encode()
    return b"L" + struct.pack(">q", value)


def text() -> bytes:
    return json.dumps(MODEL, separators=(",", ":")).encode()


def sample() -> bytes:
    return ubjson(MODEL)
