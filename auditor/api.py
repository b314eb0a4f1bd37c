"""The library's face: scan, gate, evaluate, render, seal and verify as plain functions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.api_evidence import NO_DIGESTS, Hashing, Progress, gate, models, scan, traffic
from auditor.errors import EvidenceError, PackError, UsageError
from auditor.evidence import Evidence, bundle
from auditor.evidence.site import ASSUMED_SITE, Site
from auditor.regular_file import read_regular

if TYPE_CHECKING:
    from auditor.policy.findings import Findings, Severity
    from auditor.policy.profile import Profile
    from auditor.policy.rules import Pack
    from auditor.policy.summary import Summary
    from auditor.policy.waivers import Waiver
    from auditor.policy.wording import Sentences
    from auditor.report import Judgement

__all__ = [
    "NO_DIGESTS",
    "Criteria",
    "Hashing",
    "Prepared",
    "Progress",
    "evaluate",
    "gate",
    "judgement",
    "load_evidence",
    "load_findings",
    "load_site",
    "models",
    "moment",
    "now",
    "prepare",
    "read_input",
    "rejudge",
    "render",
    "rerender",
    "scan",
    "summary",
    "traffic",
]

# A site, pack, waiver or profile file is written by hand: beyond this it is something else.
MAX_INPUT_BYTES = 64 * 1024 * 1024


class Criteria(Struct, frozen=True, kw_only=True):
    """What evidence is judged by: packs by name or path, a profile, waivers and thresholds.

    `judged_at` fixes the day that waivers and exceptions are held against (RFC 3339); without
    it the time of the evidence counts, so that a later judgement gives the same bytes.
    """

    packs: tuple[str, ...] = ()
    profile: Path | None = None
    waivers: Path | None = None
    fail_on: Severity = "medium"
    allow_unknown: bool = False
    judged_at: str = ""


class Prepared(Struct, frozen=True, kw_only=True):
    """Criteria whose packs, profile and waivers have been read and checked."""

    criteria: Criteria
    packs: tuple[Pack, ...]
    profile: Profile | None
    waivers: tuple[Waiver, ...]


def now() -> str:
    """Return the time as RFC 3339 in UTC, to the second: the one place that reads the clock."""
    return _rfc3339(dt.datetime.now(dt.UTC))  # noqa: TID251 - the one place


def _rfc3339(moment: dt.datetime) -> str:
    """Return a time in UTC to the second, its year with four digits (strftime's has fewer)."""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moment(text: str) -> str:
    """Return a time given by the user as RFC 3339 in UTC; raises `UsageError` where it is none."""
    try:
        parsed = dt.datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=dt.UTC)
        parsed = parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"'{text}' is not a time", hint="Write it as 2026-11-26T08:00:00Z"
        ) from None
    return _rfc3339(parsed)


def read_input(path: Path) -> bytes:
    """Return the bytes of a file that the user named; raises `AuditError` (exit 4)."""
    return read_regular(path, limit=MAX_INPUT_BYTES)


def load_site(path: Path | None) -> Site:
    """Return the declared site, or the assumed one where no file is named."""
    if path is None:
        return ASSUMED_SITE
    from auditor import site

    return site.load_site(read_input(path), str(path))


def load_evidence(path: Path) -> Evidence:
    """Return the evidence in a file, or in the `evidence.json` of a folder."""
    file = path / "evidence.json" if path.is_dir() else path
    data = read_regular(file, limit=bundle.MAX_BYTES, error=EvidenceError)
    return bundle.ordered(bundle.decode(data, where=str(file)))


def load_findings(path: Path) -> Findings:
    """Return the findings in a file, or in the `findings.json` of a folder."""
    from auditor.policy import findings

    file = path / "findings.json" if path.is_dir() else path
    return findings.decode(read_input(file), where=str(file))


def prepare(criteria: Criteria) -> Prepared:
    """Return the criteria read and checked: call it before any work that may be in vain."""
    from auditor.policy import pack, profile, waivers

    return Prepared(
        criteria=criteria,
        packs=pack.load_packs(criteria.packs, examples=False),
        profile=profile.load_profile(read_input(criteria.profile), str(criteria.profile))
        if criteria.profile
        else None,
        waivers=waivers.load_waivers(read_input(criteria.waivers), str(criteria.waivers))
        if criteria.waivers
        else (),
    )


def evaluate(
    evidence: Evidence,
    criteria: Criteria | Prepared,
    *,
    language: str = "en",
    sentences: Sentences | None = None,
) -> Judgement:
    """Return the judgement of the evidence by the criteria.

    Its findings say what was seen and expected, where not only some `sentences` are asked for.
    """
    from auditor import derive
    from auditor.policy import engine
    from auditor.policy.expression import ExpressionError
    from auditor.policy.wording import EVERY
    from auditor.report import Judgement

    ready = criteria if isinstance(criteria, Prepared) else prepare(criteria)
    judged_at = ready.criteria.judged_at or evidence.taken_at
    derived = derive.derive(evidence, at=judged_at)
    try:
        findings = engine.evaluate(
            ready.packs,
            evidence,
            derived,
            evidence_sha256=bundle.sha256(evidence),
            judged_at=judged_at,
            profile=ready.profile,
            waivers=ready.waivers,
            fail_on=ready.criteria.fail_on,
            allow_unknown=ready.criteria.allow_unknown,
            sentences=EVERY if sentences is None else sentences,
        )
    except ExpressionError as error:  # in a pack that was checked when it was shipped (ADR 18)
        raise PackError(f"a shipped pack does not fit this toolkit: {error.what}") from error
    return Judgement(evidence=evidence, derived=derived, findings=findings, language=language)


def summary(judgement: Judgement) -> Summary:
    """Return the figures of a judgement, its exit code among them."""
    from auditor.policy.summary import summarize

    return summarize(judgement.evidence, judgement.findings)


def render(name: str, judgement: Judgement) -> bytes:
    """Return the judgement in a report format (`html`, `json`, `sarif`, `text` …)."""
    from auditor import report

    return report.load(name).render(judgement)


def judgement(evidence: Evidence, findings: Findings, *, language: str = "en") -> Judgement:
    """Return finished findings with their evidence, as they were judged."""
    from auditor import derive
    from auditor.report import Judgement

    derived = derive.derive(evidence, at=findings.judged_at)
    return Judgement(evidence=evidence, derived=derived, findings=findings, language=language)


def rerender(evidence: bytes, findings: bytes, language: str) -> bytes:
    """Return the HTML report's body that evidence and findings give: what a verifier compares."""
    from auditor.policy.findings import decode

    read = bundle.ordered(bundle.decode(evidence))
    return render("html", judgement(read, decode(findings), language=language))


def rejudge(evidence: bytes, findings: bytes) -> bytes:
    """Return the findings that the evidence gives under the packs that `findings` names.

    Raises `NotCheckedError` where those packs, or what retuned them, are not at hand.
    """
    from auditor.policy import findings as judged
    from auditor.policy.pack import load_packs
    from auditor.seal.checks import NotCheckedError

    made = judged.decode(findings)
    if made.profile:
        raise NotCheckedError("a profile was used: judge again with audit evaluate --profile")
    if made.unused_waivers or any(finding.waiver for finding in made.findings):
        raise NotCheckedError("waivers were used: judge again with audit evaluate --waivers")
    shipped = {pack.sha256: pack for pack in load_packs(examples=False)}
    strange = [pack.name for pack in made.packs if pack.sha256 not in shipped]
    if strange:
        raise NotCheckedError(f"this toolkit does not hold these packs: {', '.join(strange)}")
    again = evaluate(
        bundle.ordered(bundle.decode(evidence)),
        Prepared(
            criteria=Criteria(
                fail_on=made.fail_on, allow_unknown=made.allow_unknown, judged_at=made.judged_at
            ),
            packs=tuple(shipped[pack.sha256] for pack in made.packs),
            profile=None,
            waivers=(),
        ),
    )
    return judged.encode(again.findings)
