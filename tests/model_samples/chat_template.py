from __future__ import annotations


def sample() -> bytes:
    return b"{%- for message in messages %}{{ message['content'] }}{%- endfor %}\n"
