from __future__ import annotations

import json


def sample(**more) -> bytes:
    fields = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": 0, "content": "<s>", "special": True}],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "BPE", "vocab": {"<s>": 0, "a": 1}, "merges": []},
    }
    return json.dumps(fields | more, indent=2).encode()
