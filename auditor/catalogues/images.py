"""Parses image references by the grammar of OCI distribution."""

from __future__ import annotations

import re

from msgspec import Struct

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?"
)
_LONGEST = 1024


class Image(Struct, frozen=True, kw_only=True):
    """A parsed reference; `registry` is empty where the reference names none."""

    registry: str
    repository: str
    tag: str
    digest: str


def parse(reference: str) -> Image | None:
    """Return the parts of `reference`, or `None` where it is no reference (a placeholder).

    The first part is a registry when it holds a dot or colon or is `localhost`, as every engine
    decides it: `vllm/vllm-openai` names no registry, `registry.example/vllm` does.
    """
    if len(reference) > _LONGEST:
        return None
    first, slash, _ = reference.partition("/")
    has_host = bool(slash) and (
        "." in first or ":" in first or first == "localhost" or first != first.lower()
    )
    match = _REFERENCE.fullmatch(reference if has_host else f"none.invalid/{reference}")
    if match is None or match["host"] is None:
        return None
    return Image(
        registry=match["host"].lower() if has_host else "",
        repository=match["repository"],
        tag=match["tag"] or "",
        digest=match["digest"] or "",
    )
