"""Writes package URLs of what came from Hugging Face (package-url/purl-spec, type huggingface)."""

from __future__ import annotations

import re
from urllib.parse import quote

HUGGING_FACE = "huggingface.co"
# A repository is `namespace/name`; the hub allows these characters (huggingface_hub,
# utils/_validators.py). Caches keep data sets and spaces under their own prefix.
_REPOSITORY = re.compile(
    r"(?:(?P<kind>datasets|spaces)/)?(?P<namespace>[\w.-]{1,96})/(?P<name>[\w.-]{1,96})", re.ASCII
)
_KINDS = {"datasets": "?type=dataset", "spaces": "?type=space"}
_COMMIT = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)


def purl(registry: str, repository: str, revision: str = "") -> str:
    """Return `pkg:huggingface/Org/Name@commit`, `` for what came from elsewhere.

    Names keep their case, the version is a commit in lower case or, as it is, a tag.
    """
    match = _REPOSITORY.fullmatch(repository)
    if registry != HUGGING_FACE or match is None:
        return ""
    version = revision.lower() if _COMMIT.fullmatch(revision) else revision
    encoded = f"@{quote(version, safe=':', errors='surrogatepass')}" if version else ""
    kind = _KINDS.get(match["kind"] or "", "")
    return f"pkg:huggingface/{match['namespace']}/{match['name']}{encoded}{kind}"
