"""One pod template gives the same findings whatever kind of object holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import api

SAMPLES = Path(__file__).parents[2] / "samples" / "manifests"


def findings_of(file: Path) -> list[tuple[str, str, str, str]]:
    judgement = api.evaluate(api.gate((file,), at="2026-11-26T08:00:00Z"), api.Criteria())
    resource = next(
        r.resource for r in judgement.evidence.records if type(r).__name__ == "Workload"
    )
    return sorted(
        (
            finding.rule,
            finding.verdict,
            finding.subject.replace(resource, "*"),
            finding.observed.replace(resource, "*"),
        )
        for finding in judgement.findings.findings
    )


def test_five_kinds_of_object_one_set_of_findings():
    files = sorted((SAMPLES / "same-template").iterdir())
    assert len(files) == 5
    first, *others = map(findings_of, files)
    assert sum(verdict == "fail" for _, verdict, _, _ in first) >= 8
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ("folder", "outcome"), [("clean", "compliant"), ("leaky", "not-compliant")]
)
def test_the_sealed_manifests_pass_and_the_leaky_do_not(folder, outcome):
    site = api.load_site(SAMPLES / "site.yaml")
    evidence = api.gate((SAMPLES / folder,), site=site, at="2026-11-26T08:00:00Z")
    assert api.summary(api.evaluate(evidence, api.Criteria())).outcome == outcome


def test_what_cannot_be_read_is_never_compliant():
    for name in ("chart-template.yaml", "kustomization.yaml", "twice.yaml", "empty.yaml"):
        evidence = api.gate((SAMPLES / "malformed" / name,), at="2026-11-26T08:00:00Z")
        summary = api.summary(api.evaluate(evidence, api.Criteria()))
        assert (summary.outcome, summary.exit_code) == ("inconclusive", 3), name
