"""Renders a judgement, one file a format: pure, the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from auditor.errors import UsageError
from auditor.evidence import Evidence, Record
from auditor.listing import constant_of, public_modules
from auditor.policy.findings import Findings


class Judgement(Struct, frozen=True, kw_only=True):
    """What a renderer is given: the evidence, what was derived from it, and the findings."""

    evidence: Evidence
    derived: tuple[Record, ...]
    findings: Findings
    language: str = "en"


class Renderer(Struct, frozen=True, kw_only=True):
    """A report format: its file name in the output folder, and the function that makes it."""

    title: str
    filename: str
    render: Callable[[Judgement], bytes]


def names() -> tuple[str, ...]:
    """Return the formats' names: the public files of this folder."""
    return public_modules(__path__)


def load(name: str) -> Renderer:
    """Return one renderer by its format's name; raises `UsageError` for an unknown one."""
    if name not in names():
        known = ", ".join(names())
        raise UsageError(f"there is no report format '{name}'", hint=f"Formats: {known}")
    return constant_of(f"{__name__}.{name}", "RENDERER", Renderer)
