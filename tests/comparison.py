"""Compares two judgements of one host: what was lost or spoilt between them adds no pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditor import api, derive
from auditor.evidence import Evidence, Gap
from auditor.host import Host
from auditor.host.tree import TreeHost
from auditor.policy import engine, pack
from auditor.policy.findings import Finding, Findings
from auditor.policy.summary import Outcome, summarize

ROOT = Path(__file__).resolve().parents[1]
HOSTS = ROOT / "samples" / "hosts"
SITES = {"edge-box": "line.yaml"}
NAMES = ("edge-box", "leaky-inference", "locked-down-view", "sealed-inference")
AT = "2026-01-15T08:00:00Z"
_PORT = re.compile(r"(?<= )(?:tcp|udp) \S+:\d+$")
_CONTAINER = re.compile(r"(?<= in )[a-z-]+:[0-9a-f]{12}$")


@dataclass(frozen=True)
class Judged:
    evidence: Evidence
    findings: Findings

    @property
    def outcome(self) -> Outcome:
        return summarize(self.evidence, self.findings).outcome

    @property
    def passes(self) -> list[Finding]:
        return [finding for finding in self.findings.findings if finding.verdict == "pass"]

    @property
    def passed_rules(self) -> set[str]:
        return {rule.id for rule in self.findings.rules if rule.verdict == "pass"}


@cache
def packs() -> tuple[pack.Pack, ...]:
    return pack.load_packs(())


def judged(name: str, host: Host) -> Judged:
    site = api.load_site(ROOT / "samples" / "sites" / SITES.get(name, "plant.yaml"))
    evidence = api.scan(host, site=site, at=AT)
    findings = engine.evaluate(
        packs(), evidence, derive.derive(evidence), evidence_sha256="", judged_at=AT,
        profile=None, waivers=(), fail_on="medium", allow_unknown=False,
    )  # fmt: skip
    return Judged(evidence, findings)


@cache
def whole(name: str) -> Judged:
    return judged(name, TreeHost(HOSTS / name))


def worse(before: Judged, after: Judged) -> list[str]:
    """Return what got better, in words: nothing may.

    A finding whose subject is called otherwise now (a socket without its process, a variable of
    a process without its unit) is known by its origin, or by what stands before the owner; a
    port or a service of which now the engine tells instead of the kernel, by its address or
    its container.
    """
    found = [f"rule {rule} passes now" for rule in sorted(after.passed_rules - before.passed_rules)]
    verdicts = {(f.rule, f.subject): f.verdict for f in before.findings.findings}
    passed = {(f.rule, f.subject) for f in before.passes}
    places = {(f.rule, f.origin.place) for f in before.passes}
    things = {(f.rule, thing(f)) for f in before.passes}
    for finding in after.passes:
        key = (finding.rule, finding.subject)
        if key in passed:
            continue
        renamed = (finding.rule, finding.origin.place) in places or (
            (finding.rule, thing(finding)) in things
        )
        if key in verdicts or not renamed:
            was = verdicts.get(key, "no finding")
            found.append(f"{finding.rule} of {finding.subject}: {was} became pass")
    if after.outcome == "compliant" != before.outcome:
        found.append(f"the outcome was {before.outcome} and is compliant")
    return found


def thing(finding: Finding) -> str:
    """Return what a finding is about without its owner: `NAME` of `NAME (vllm.service)`.

    Of a port (`docker-proxy tcp 0.0.0.0:8080`) that is protocol and address, of a service in a
    container (`llama-server in docker:9c1f9c1f9c1f`) the container.
    """
    known = _PORT.search(finding.subject) or _CONTAINER.search(finding.subject)
    return known[0] if known else finding.subject.partition(" (")[0]


def crashed(evidence: Evidence) -> list[Gap]:
    return [gap for gap in evidence.gaps if gap.reason == "crashed"]
