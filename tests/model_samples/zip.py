from __future__ import annotations

from tests.model_samples._archives import zipped


def sample() -> bytes:
    return zipped({"notes.txt": b"nothing to run", "more/words.txt": b"nothing here either"})
