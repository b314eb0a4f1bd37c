from __future__ import annotations

import json


def sample() -> bytes:
    header = json.dumps(
        {"a": {"dtype": "F16", "shape": [3], "data_offsets": [0, 6]}, "__metadata__": {"k": "v"}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 6
