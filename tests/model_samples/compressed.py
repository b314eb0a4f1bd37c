from __future__ import annotations

import gzip


def sample() -> bytes:
    return gzip.compress(b"words that are no model, " * 9, mtime=0)
