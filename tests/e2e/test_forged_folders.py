"""A folder that somebody forged whole, so that every digest in it fits, is still found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from auditor import api, delivery
from auditor.commands import sealing
from auditor.errors import EvidenceError, ExitCode, SignatureError
from auditor.evidence import Evidence, bundle, decode, encode
from auditor.evidence.site import EgressException, Site
from auditor.host.tree import TreeHost
from auditor.policy.findings import Findings
from auditor.report import Judgement
from auditor.seal import dsse, keys, statement

ROOT = Path(__file__).resolve().parents[2]
LEAKY = ROOT / "samples/hosts/leaky-inference"
AT = "2026-01-15T08:00:00Z"


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return api.scan(TreeHost(LEAKY), at=AT)


def handed_over(judgement: Judgement, folder: Path) -> Path:
    """Write what a host would hand over, sealed by a key that its owner made up."""
    key = keys.generate(folder.parent / f"{folder.name}.key").key
    delivery.output.write_all(folder, delivery.sealed(judgement, (), key))
    return folder


def whitewashed(findings: Findings) -> Findings:
    """Return the findings with every failure turned into a pass."""
    return msgspec.structs.replace(
        findings,
        findings=tuple(
            msgspec.structs.replace(f, verdict="pass") if f.verdict == "fail" else f
            for f in findings.findings
        ),
        rules=tuple(
            msgspec.structs.replace(r, verdict="pass", passed=r.passed + r.failed, failed=0)
            if r.verdict == "fail"
            else r
            for r in findings.rules
        ),
    )


def test_the_station_signs_no_findings_that_the_rules_do_not_give(
    evidence: Evidence, tmp_path: Path
) -> None:
    honest = api.evaluate(evidence, api.Criteria())
    forged = msgspec.structs.replace(honest, findings=whitewashed(honest.findings))
    folder = handed_over(forged, tmp_path / "forged")
    signer = keys.generate(tmp_path / "signer.key")
    with pytest.raises(SignatureError, match="the rules give other findings"):
        sealing.sign(folder, signer.private_path, None)
    assert sealing.sign(handed_over(honest, tmp_path / "honest"), signer.private_path, None) is (
        ExitCode.PASS
    )


@pytest.mark.parametrize("name", ["../victim.html", "/etc/hostname", "a/b", ".hidden", ""])
def test_the_station_neither_reads_nor_writes_outside_the_folder(
    name: str, evidence: Evidence, tmp_path: Path
) -> None:
    honest = api.evaluate(evidence, api.Criteria())
    folder = handed_over(honest, tmp_path / "out")
    victim = tmp_path / "victim.html"
    victim.write_bytes(b"<html></html>\n")
    digests = {
        path.name: statement.sha256(path.read_bytes())
        for path in folder.iterdir()
        if path.name != "attestation.json"
    }
    about = statement.predicate(
        evidence, honest.findings, api.summary(honest), findings_sha256=digests["findings.json"]
    )
    payload = statement.encode({**digests, name: statement.sha256(victim.read_bytes())}, about)
    forger = keys.generate(tmp_path / "forger.key").key
    (folder / "attestation.json").write_bytes(dsse.encode(dsse.sign(payload, forger)))
    signer = keys.generate(tmp_path / "signer.key")
    with pytest.raises(SignatureError, match="no file here"):
        sealing.sign(folder, signer.private_path, None)
    assert victim.read_bytes() == b"<html></html>\n"
    assert not (tmp_path / "victim.html.sig").exists()


def test_the_verifier_judges_again(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = api.evaluate(evidence, api.Criteria())
    forged = msgspec.structs.replace(honest, findings=whitewashed(honest.findings))
    for judgement, code in ((honest, ExitCode.PASS), (forged, ExitCode.SIGNATURE)):
        folder = handed_over(judgement, tmp_path / f"out{code.value}")
        trusted = folder / delivery.PUBLIC_KEY
        assert sealing.verify(folder, [trusted], None) is code
        said = capsys.readouterr().out
        assert ("FAILS       findings.json: judged again" in said) is (code is not ExitCode.PASS)
        assert "made again: the evidence and the findings give the same bytes" in said


def test_the_verifier_says_which_machine_and_when_lest_another_report_be_replayed(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = msgspec.structs.replace(
        evidence, subject=msgspec.structs.replace(evidence.subject, name="a\x1b[2J\nok  b")
    )
    folder = handed_over(api.evaluate(hostile, api.Criteria()), tmp_path / "out")
    sealing.verify(folder, [folder / delivery.PUBLIC_KEY], None)
    said = capsys.readouterr().out
    assert r"about       a\x1b[2J\nok  b (host id " in said
    assert f"audited     {AT}, judged as of {AT}: not-compliant" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: {**document, "taken_at": ""},
        lambda document: {**document, "taken_at": "1-01-01T00:00:00Z"},
        lambda document: {**document, "taken_at": "2026-02-30T00:00:00Z"},
        lambda document: {**document, "taken_at": "2026-01-15T08:00:00+02:00"},
        lambda document: {**document, "taken_at": "२०२६-01-15T08:00:00Z"},
    ],
)
def test_evidence_without_a_time_is_refused_for_no_waiver_would_ever_end(
    spoil: Callable[[dict[str, object]], dict[str, object]], evidence: Evidence
) -> None:
    document = spoil(json.loads(encode(evidence)))
    with pytest.raises(EvidenceError, match="no time in UTC"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("judged_at", "exception", "verdict"),
    [
        ("", True, "pass"),
        ("2026-06-30T23:59:59Z", True, "pass"),
        ("2026-07-01T00:00:00Z", False, "fail"),
    ],
)
def test_an_exception_that_has_ended_by_the_day_of_the_judgement_excepts_nothing(
    judged_at: str, exception: bool, verdict: str, evidence: Evidence
) -> None:
    site = Site(
        name="Line",
        exceptions=(
            EgressException(
                destination="203.0.113.53", owner="IT", reason="until the move",
                expires="2026-06-30",
            ),
        ),
    )  # fmt: skip
    ours = msgspec.structs.replace(evidence, site=site)
    judgement = api.evaluate(ours, api.Criteria(judged_at=judged_at))
    (found,) = (
        finding
        for finding in judgement.findings.findings
        if finding.rule == "PER-DNS-001" and "203.0.113.53" in finding.subject
    )
    assert found.verdict == verdict
    again = api.judgement(bundle.decode(encode(ours)), judgement.findings)
    assert set(again.derived) == set(judgement.derived)
    assert exception == any(getattr(record, "exception", "") for record in judgement.derived)
