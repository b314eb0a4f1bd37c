"""Hands the tests of this folder the judgements to render."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from auditor.evidence import SCHEMA, Evidence, Gap, Input, Origin, Subject, Tool
from auditor.evidence.derived import Destination
from auditor.evidence.site import ASSUMED_SITE
from auditor.policy.findings import (
    SCHEMA as FINDINGS_SCHEMA,
)
from auditor.policy.findings import (
    AppliedPack,
    AppliedRule,
    AppliedWaiver,
    Control,
    Finding,
    Findings,
    Text,
)
from auditor.report import Judgement


@pytest.fixture(scope="session")
def judgements() -> SimpleNamespace:
    """Return `tests/judgements.py`: builders of leaky, sealed, manifest and hostile judgements."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "judgements.py")))


HOSTILE = "<script>\x1b[2J]]>\u202e\ufffe"


def rule(number, verdict, **counts):
    figures = {"judged": 0, "passed": 0, "failed": 0, "unknown": 0, "errors": 0, "waived": 0}
    return AppliedRule(
        id=f"TST-{number:03}",
        pack="first" if number < 4 else "second",
        title=Text(en=f"Rule {number}", zh=f"规则 {number}"),
        severity=("critical", "high", "medium", "low", "info")[number % 5],
        each="container",
        of=(),
        require="object.privileged == false",
        remediation=Text(en="Do something.", zh="整改。"),
        controls=(Control(framework="iso-27001-2022", id="A.8.24"),),
        verdict=verdict,
        reason="nothing to judge" if verdict == "not-applicable" else "",
        **(figures | counts),
    )


def finding(number, verdict, subject, **more):
    given = {
        "rule": f"TST-{number:03}",
        "verdict": verdict,
        "severity": ("critical", "high", "medium", "low", "info")[number % 5],
        "kind": "container",
        "subject": subject,
        "observed": f"{subject} is privileged",
        "expected": "no privileged container",
        "reason": "privileged could not be read" if verdict in ("unknown", "error") else "",
        "origin": Origin("kubernetes", "a folder/päth:1.yaml", 12, 3),
        "fingerprint": f"{number:032x}",
    }
    return Finding(**(given | more))


WAIVER = AppliedWaiver(owner="zhang.wei", approved_by="ciso", reason="SEC-1", expires="2027-03-31")


@pytest.fixture
def every_verdict() -> Judgement:
    """Return a judgement by hand that holds every verdict and severity, a gap and a waiver."""
    findings = Findings(
        schema=FINDINGS_SCHEMA,
        tool_version="0",
        evidence_sha256="0" * 64,
        judged_at="2026-11-26T08:00:00Z",
        profile="",
        params=(),
        fail_on="medium",
        allow_unknown=False,
        packs=tuple(
            AppliedPack(name=name, version="1", title=Text(en=name), sha256="0" * 64)
            for name in ("first", "second")
        ),
        rules=(
            rule(0, "fail", judged=2, failed=1, passed=1),
            rule(1, "unknown", judged=1, unknown=1),
            rule(2, "error", judged=1, errors=1),
            rule(3, "waived", judged=1, waived=1),
            rule(4, "pass", judged=1, passed=1),
            rule(5, "not-applicable"),
            rule(6, "fail", judged=1, failed=1),
        ),
        findings=(
            finding(0, "fail", "ai/Deployment/llm:server"),
            finding(0, "pass", "ai/Deployment/other:server"),
            finding(1, "unknown", HOSTILE, count=3),
            finding(2, "error", "ai/Deployment/broken:server"),
            finding(3, "waived", "ai/Deployment/accepted:server", waiver=WAIVER),
            finding(4, "pass", "ai/Deployment/good:server"),
            finding(6, "fail", "ai/Deployment/low:server"),
        ),
        unused_waivers=("TST-009 nobody",),
    )
    evidence = Evidence(
        schema=SCHEMA,
        tool=Tool(name="auditor", version="0"),
        mode="manifests",
        subject=Subject(name="a folder"),
        taken_at="2026-11-26T08:00:00Z",
        site=ASSUMED_SITE,
        inputs=(
            Input(path="a folder/päth:1.yaml", status="judged", documents=3),
            Input(path="a folder/bad.yaml", status="gap", reason="malformed: this is not YAML"),
        ),
        gaps=(
            Gap(
                kind="workload",
                reason="malformed",
                detail="this is not YAML" + HOSTILE[:3],
                origin=Origin("files", "a folder/bad.yaml", 2, 1),
                count=2,
            ),
        ),
    )
    destination = Destination(
        origin=Origin("kubernetes", "a folder/päth:1.yaml", 4, 1),
        source_kind="remote_reference",
        basis="configured",
        use="api",
        subject="ai/Deployment/llm:server",
        target="api.openai.com",
        address="",
        port=443,
        inside=False,
        approved=False,
        zone="",
        country="",
        operator="OpenAI",
        operator_country="US",
        category="inference-api",
        exception="",
        how=("api.openai.com is under none of the site's names",),
    )
    return Judgement(evidence=evidence, derived=(destination,), findings=findings)
