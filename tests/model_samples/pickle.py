from __future__ import annotations

import pickle


def sample() -> bytes:
    return pickle.dumps({"layers": [1, 2.5, "x"], "bytes": b"\0" * 20, "none": None}, protocol=4)
