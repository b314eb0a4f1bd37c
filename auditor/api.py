"""The library's face: scan, gate, evaluate, render, seal and verify as plain functions."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor._version import __version__
from auditor.errors import AuditError, EvidenceError, UsageError
from auditor.evidence import SCHEMA, Evidence, Subject, Tool, bundle, encode
from auditor.evidence.site import ASSUMED_SITE, Site

if TYPE_CHECKING:
    from auditor.host import Host
    from auditor.policy.findings import Findings, Severity
    from auditor.policy.profile import Profile
    from auditor.policy.rules import Pack
    from auditor.policy.summary import Summary
    from auditor.policy.waivers import Waiver
    from auditor.report import Judgement

Progress = Callable[[str], None]
TOOL = Tool(name="auditor", version=__version__)
# A site, pack, waiver or profile file is written by hand: beyond this it is something else.
MAX_INPUT_BYTES = 64 * 1024 * 1024


def _silent(_: str) -> None:
    """Tell nobody."""


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
    moment = dt.datetime.now(dt.UTC)  # noqa: TID251 - the one place
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> str:
    """Return a time given by the user as RFC 3339 in UTC; raises `UsageError` where it is none."""
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"'{text}' is not a time", hint="Write it as 2026-11-26T08:00:00Z"
        ) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=dt.UTC)
    return parsed.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_input(path: Path) -> bytes:
    """Return the bytes of a file that the user named; raises `AuditError` (exit 4)."""
    try:
        if not path.is_file():
            raise AuditError("there is no such file", where=str(path))
        with path.open("rb") as file:
            data = file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise AuditError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > MAX_INPUT_BYTES:
        raise AuditError(f"larger than {MAX_INPUT_BYTES} bytes", where=str(path))
    return data


def load_site(path: Path | None) -> Site:
    """Return the declared site, or the assumed one where no file is named."""
    if path is None:
        return ASSUMED_SITE
    from auditor import site

    return site.load_site(read_input(path), str(path))


def scan(
    host: Host, *, site: Site = ASSUMED_SITE, stores: tuple[str, ...] = (), at: str,
    progress: Progress = _silent,
) -> Evidence:  # fmt: skip
    """Return the evidence of a host, taken at `at` (RFC 3339)."""
    from auditor import collect
    from auditor.host.identity import host_id

    collected = collect.run(host, collect.Options(stores=stores, site=site), progress=progress)
    evidence = Evidence(
        schema=SCHEMA,
        tool=TOOL,
        mode="host",
        subject=Subject(
            name=host.name,
            host_id=host_id(host),
            uid=host.uid,
            privileged=host.privileged,
            recorded=not host.live,
        ),
        taken_at=at,
        site=site,
        runs=collected.runs,
        gaps=collected.gaps,
        records=collected.records,  # type: ignore[arg-type]  # collectors yield collected kinds
    )
    return bundle.ordered(evidence)


def gate(
    paths: tuple[Path, ...], *, site: Site = ASSUMED_SITE, at: str, progress: Progress = _silent
) -> Evidence:
    """Return the evidence of deployment manifests, read from files and folders."""
    from auditor import manifests

    read = manifests.read(paths, progress=progress)
    evidence = Evidence(
        schema=SCHEMA,
        tool=TOOL,
        mode="manifests",
        subject=Subject(name=", ".join(path.as_posix() for path in paths)),
        taken_at=at,
        site=site,
        inputs=read.inputs,
        runs=read.runs,
        gaps=read.gaps,
        records=read.records,  # type: ignore[arg-type]  # readers yield collected kinds
    )
    return bundle.ordered(evidence)


def load_evidence(path: Path) -> Evidence:
    """Return the evidence in a file, or in the `evidence.json` of a folder."""
    file = path / "evidence.json" if path.is_dir() else path
    try:
        size = file.stat().st_size
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", where=str(file)) from error
    if size > bundle.MAX_BYTES:
        raise EvidenceError(f"larger than {bundle.MAX_BYTES} bytes", where=str(file))
    return bundle.ordered(bundle.decode(file.read_bytes(), where=str(file)))


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
        packs=pack.load_packs(criteria.packs),
        profile=profile.load_profile(read_input(criteria.profile), str(criteria.profile))
        if criteria.profile
        else None,
        waivers=waivers.load_waivers(read_input(criteria.waivers), str(criteria.waivers))
        if criteria.waivers
        else (),
    )


def evaluate(
    evidence: Evidence, criteria: Criteria | Prepared, *, language: str = "en"
) -> Judgement:
    """Return the judgement of the evidence by the criteria."""
    from auditor import derive
    from auditor.policy import engine
    from auditor.report import Judgement

    ready = criteria if isinstance(criteria, Prepared) else prepare(criteria)
    derived = derive.derive(evidence)
    findings = engine.evaluate(
        ready.packs,
        evidence,
        derived,
        evidence_sha256=hashlib.sha256(encode(evidence)).hexdigest(),
        judged_at=ready.criteria.judged_at or evidence.taken_at,
        profile=ready.profile,
        waivers=ready.waivers,
        fail_on=ready.criteria.fail_on,
        allow_unknown=ready.criteria.allow_unknown,
    )
    return Judgement(evidence=evidence, derived=derived, findings=findings, language=language)


def summary(judgement: Judgement) -> Summary:
    """Return the figures of a judgement, its exit code among them."""
    from auditor.policy.summary import summarize

    return summarize(judgement.evidence, judgement.findings)


def render(name: str, judgement: Judgement) -> bytes:
    """Return the judgement in a report format (`html`, `json`, `sarif`, `text` …)."""
    from auditor import report

    return report.load(name).render(judgement)


def rerender(evidence: bytes, findings: bytes, language: str) -> bytes:
    """Return the HTML report's body that evidence and findings give: what a verifier compares."""
    from auditor import derive
    from auditor.policy.findings import decode
    from auditor.report import Judgement

    read = bundle.ordered(bundle.decode(evidence))
    judgement = Judgement(
        evidence=read,
        derived=derive.derive(read),
        findings=decode(findings),
        language=language,
    )
    return render("html", judgement)
