"""Writes a JSON Schema as the document that is published: the same bytes each time."""

from __future__ import annotations

import json
from collections.abc import Mapping


def schema_document(schema: Mapping[str, object]) -> bytes:
    """Return a schema as indented JSON, its keys sorted."""
    return (json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
