from __future__ import annotations


def sample() -> bytes:
    return b'{"prompt": "a", "answer": "b"}\n{"prompt": "c", "answer": "d"}\n{"prompt": "e"}\n'
