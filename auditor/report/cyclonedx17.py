"""Renders what lies in model stores as a bill of materials: CycloneDX 1.7 (ECMA-424)."""

from __future__ import annotations

from auditor.report import Judgement, Renderer
from auditor.report._bom import render_bill


def render(judgement: Judgement) -> bytes:
    """Return the bill as JSON; raises `UsageError` for manifests, which hold no models."""
    return render_bill(judgement, "1.7")


RENDERER = Renderer(
    title="Bill of materials of models (CycloneDX 1.7)", filename="bom17.cdx.json", render=render
)
