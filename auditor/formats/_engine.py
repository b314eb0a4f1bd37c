"""Says of compiled engines that what they do cannot be read, whatever their header tells."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelHeader


def opaque(
    context: Context, name: str, title: str, producer: str = "", header: ModelHeader | None = None
) -> Inspection:
    """Return the inspection of an engine: never more than `not-inspectable`."""
    detail = f"{title} holds compiled code, or code that the loader looks up: it cannot be read"
    reason = context.reason(f"{name}-opaque", "not-inspectable", detail, offset=0)
    return Inspection(
        model_format=name,
        role="engine",
        header=header or ModelHeader(producer=producer),
        verdict=reason.verdict,
        reasons=(reason,),
    )
