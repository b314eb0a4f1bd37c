from __future__ import annotations

import json

from tests.model_samples._archives import zipped


def node(loader, module, name, content=None):
    return {"__loader__": loader, "__module__": module, "__class__": name, "content": content}


def sample() -> bytes:
    state = node("DictNode", "builtins", "dict", {"C": node("JsonNode", "builtins", "str", "1")})
    model = node("ObjectNode", "sklearn.linear_model._logistic", "LogisticRegression", state)
    return zipped({"schema.json": json.dumps(model | {"_skops_version": "0.13"}).encode()})
