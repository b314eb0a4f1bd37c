"""Generates the JSON Schema of the site file, for editors that complete and check as one types."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from auditor.evidence.schema import schema_document
from auditor.evidence.site import Site
from auditor.evidence.traffic import Industrial

SCHEMA_ID = "auditor.site/1"
_HOST = "a host name, a suffix with a leading dot, an address or a CIDR"


def site_schema() -> bytes:
    """Return the schema (draft 2020-12) as UTF-8 JSON, derived from the site's record types.

    It is looser than the reader, which also checks ranges, names, dates and countries.
    """
    (top,), parts = msgspec.json.schema_components([Site], ref_template="#/$defs/{name}")
    properties: dict[str, Any] = parts["Site"]["properties"]
    del properties["assumed"]
    text = {"type": "string"}
    for name, short in (("networks", "Network"), ("stores", "Store")):
        properties[name]["items"] = {"anyOf": [text, {"$ref": f"#/$defs/{short}"}]}
    for values in properties.values():
        # A list that is left empty (`names:` and nothing under it) is null in YAML.
        if values.get("type") == "array":
            values["type"] = ["array", "null"]
    for name in ("resolvers", "time_servers", "registries", "mirrors"):
        properties[name]["description"] = _HOST
    parts["EgressException"]["properties"]["expires"]["format"] = "date"
    parts["EgressException"]["properties"]["port"] |= {"minimum": 0, "maximum": 65535}
    country = {"pattern": "^[A-Za-z]{2}$"}
    parts["Jurisdiction"]["properties"]["home"] |= country
    parts["Jurisdiction"]["properties"]["allowed"]["items"] |= country
    allowed = parts["AllowedGlobal"]["properties"]
    allowed["expires"]["format"] = "date"
    allowed["sha256"]["items"] |= {"pattern": "^(sha256:)?[0-9A-Fa-f]{64}$"}
    properties["model_origins"]["description"] = "registry/repository, with * for any part"
    parts["Crossing"]["properties"]["applications"]["items"] = {"enum": list(get_args(Industrial))}
    parts["Store"]["properties"]["path"]["pattern"] = "^/"
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "The declared perimeter of an organisation's plant",
        **top,
        "$defs": parts,
    }
    return schema_document(document)
