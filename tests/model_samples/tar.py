from __future__ import annotations

from tests.model_samples._archives import tarred


def sample() -> bytes:
    return tarred({"./notes.txt": b"nothing to run", "./" + "long/" * 40 + "name.txt": b"words"})
