from __future__ import annotations

import gzip


def sample() -> bytes:
    # Packing around nothing: what is in anything else decides what the file is.
    empty = gzip.compress(b"", mtime=0)
    named = empty[:3] + b"\x18" + empty[4:10] + b"a name\0a comment\0" + empty[10:]
    return empty + named + empty
