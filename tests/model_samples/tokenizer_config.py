from __future__ import annotations

import json


def sample(**more) -> bytes:
    fields = {
        "add_bos_token": True,
        "tokenizer_class": "LlamaTokenizer",
        "model_max_length": 4096,
        "chat_template": "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    }
    return json.dumps(fields | more).encode()
