"""Holds every model file against the site: its exceptions, and the origins that it approves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from auditor.derive import Derivation
from auditor.evidence import Evidence, Record
from auditor.evidence.models import ModelAssessment, ModelFile, Verdict
from auditor.evidence.site import Site
from auditor.site.models import approves_origin, exceptions_for

# The reason that stands for those that were left out of a file's list (`formats.inspect`).
_MORE = "more"
_LONGEST = 300


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield the assessment of each model file."""
    for record in evidence.records:
        if isinstance(record, ModelFile):
            yield _assessed(record, evidence.site, evidence.taken_at)


def _assessed(file: ModelFile, site: Site, at: str) -> ModelAssessment:
    excepted: list[str] = []
    left: list[str] = []
    refusals: list[str] = []
    for name in file.unlisted:
        entry, refused = exceptions_for(site, file, name, at)
        if entry is not None:
            excepted.append(f"{name} ({entry.owner}, {entry.expires})")
            continue
        left.append(name)
        if refused and refused not in refusals:
            refusals.append(refused)
    verdict: Verdict | None = file.verdict
    if verdict == "unlisted" and not left and not _other_reasons(file):
        verdict = "framework"
    return ModelAssessment(
        origin=file.origin,
        path=file.path,
        store=file.store,
        model_format=file.model_format,
        verdict=verdict,
        excepted=tuple(excepted),
        unlisted=tuple(left),
        registry=file.registry,
        repository=file.repository,
        origin_state=_origin_state(file, site),
        role=file.role,
        why=_strongest(file),
        refused="; ".join(refusals)[:_LONGEST],
    )


def _strongest(file: ModelFile) -> str:
    """Return the strongest reason in words: the check, what it saw, and where."""
    if not file.reasons:
        return ""
    first = file.reasons[0]
    place = f" ({first.place})" if first.place else ""
    return first.words[:_LONGEST] + place


def _other_reasons(file: ModelFile) -> bool:
    """Return whether a file is `unlisted` for more than the globals that it asks for.

    Where reasons were left out that cannot be told: then no exception clears the file. Nor does
    one where it asks for no global at all.
    """
    if not file.unlisted or any(reason.rule == _MORE for reason in file.reasons):
        return True
    named = set(file.unlisted)
    return any(
        reason.verdict == "unlisted" and reason.global_name not in named for reason in file.reasons
    )


def _origin_state(
    file: ModelFile, site: Site
) -> Literal["approved", "unapproved", "undeclared", "unknown"]:
    if not file.registry:
        return "unknown"
    if not site.model_origins:
        return "undeclared"
    approved = approves_origin(site, file.registry, file.repository)
    return "approved" if approved else "unapproved"


DERIVATION = Derivation(
    title="Model files, held against the site's exceptions and approved origins",
    yields=ModelAssessment,
    sources=(ModelFile,),
    derive=_derive,
)
