"""The verifier: what was changed, swapped, left out or signed by another is found."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import AuditError, EvidenceError, ExitCode, SignatureError, UsageError
from auditor.seal import dsse, statement
from auditor.seal._files import Files
from auditor.seal.checks import Check, NotCheckedError, Verification
from auditor.seal.keys import SigningKey
from auditor.seal.trust import TrustedKey
from auditor.seal.verify import verify_output

ALL_FILES = (
    "evidence.json",
    "findings.json",
    "report.html",
    "report.html.sig",
    "results.sarif",
    "attestation.json",
)


def states(verification: Verification) -> dict[str, str]:
    return {check.name: check.state for check in verification.checks}


def failing(verification: Verification) -> list[str]:
    return [check.name for check in verification.checks if check.state == "fails"]


def rendered(body: bytes):
    return lambda evidence, findings, language: body


def same_findings(evidence: bytes, findings: bytes) -> bytes:
    return findings


def test_a_whole_folder_holds(output: Path, audit, trusted) -> None:
    found = verify_output(
        output, trusted, rerender=rendered(audit.files["report.html"]), rejudge=same_findings
    )
    assert set(states(found).values()) == {"holds"}
    assert len(found.checks) == 15
    assert found.holds
    assert found.exit_code is ExitCode.PASS
    assert found.signers == trusted
    assert found.uncovered == ()
    assert found.claims is not None
    assert found.claims.subject.name == "inference-1"
    found.demand()


def test_the_folder_and_its_attestation_are_the_same_thing(output: Path, trusted) -> None:
    assert verify_output(output / "attestation.json", trusted) == verify_output(output, trusted)


def test_what_was_not_checked_is_told(output: Path, trusted) -> None:
    assert states(verify_output(output, trusted))["report.html: made again"] == "not-checked"
    alone = verify_output(output / "report.html", trusted)
    assert alone.holds
    assert states(alone)["report.html: evidence"] == "not-checked"


@pytest.mark.parametrize("name", ALL_FILES)
def test_any_changed_file_is_found(output: Path, trusted, name: str) -> None:
    data = bytearray((output / name).read_bytes())
    for position in range(0, len(data), max(1, len(data) // 40)):
        changed = data.copy()
        changed[position] ^= 0x01
        (output / name).write_bytes(changed)
        found = verify_output(output, trusted)
        assert found.exit_code is ExitCode.SIGNATURE, (name, position)
        with pytest.raises(SignatureError):
            found.demand()


@pytest.mark.parametrize("name", ALL_FILES)
def test_any_missing_file_is_found(output: Path, trusted, name: str) -> None:
    (output / name).unlink()
    assert verify_output(output, trusted).exit_code is ExitCode.SIGNATURE


@pytest.mark.parametrize("name", ALL_FILES)
def test_any_file_of_another_audit_by_the_same_signer_is_found(
    output: Path, other_audit, key: SigningKey, trusted, name: str
) -> None:
    other = other_audit.sealed(key)[name]
    if other != (output / name).read_bytes():
        (output / name).write_bytes(other)
        assert verify_output(output, trusted).exit_code is ExitCode.SIGNATURE
    else:
        assert name == "results.sarif"


def test_swapped_evidence_is_found_even_where_the_attestation_is_swapped_with_it(
    output: Path, other_audit, key: SigningKey, trusted
) -> None:
    other = other_audit.sealed(key)
    for name in ("evidence.json", "findings.json", "attestation.json"):
        (output / name).write_bytes(other[name])
    found = verify_output(output, trusted)
    assert "report.html: evidence.json" in failing(found)
    assert "report.html: findings.json" in failing(found)


def test_findings_that_judge_other_evidence_are_found_though_a_trusted_key_signed_both(
    output: Path, other_audit, key: SigningKey, trusted, about
) -> None:
    """A signer (or a stolen station) that signs what does not belong together is caught too."""
    (output / "evidence.json").write_bytes(other_audit.files["evidence.json"])
    names = [n for n in ALL_FILES if n != "attestation.json"]
    digests = {n: statement.sha256((output / n).read_bytes()) for n in names}
    (output / "attestation.json").write_bytes(
        dsse.encode(dsse.sign(statement.encode(digests, about), key))
    )
    assert "findings.json: evidence.json" in failing(verify_output(output, trusted))


def test_a_folder_signed_by_a_stranger_is_not_trusted(
    tmp_path: Path, audit, stranger: SigningKey, trusted
) -> None:
    for name, data in audit.sealed(stranger).items():
        (tmp_path / name).write_bytes(data)
    found = verify_output(tmp_path, trusted)
    assert failing(found)[0] == "attestation.json: signature"
    assert found.signers == ()
    assert all("do not trust" in c.detail for c in found.checks if c.state == "fails")
    alone = verify_output(tmp_path / "report.html", trusted)
    assert alone.exit_code is ExitCode.SIGNATURE
    assert f"do not trust: {stranger.public.key_id}" in alone.checks[0].detail


@pytest.mark.parametrize("target", ["", "report.html", "attestation.json", "evidence.json"])
def test_nothing_is_verified_where_no_key_is_trusted(
    output: Path, key: SigningKey, target: str
) -> None:
    with pytest.raises(UsageError, match=key.public.key_id) as caught:
        verify_output(output / target, ())
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_damaged_report_is_damaged_before_anybody_is_asked_for_a_key(output: Path) -> None:
    report = output / "report.html"
    report.write_bytes(report.read_bytes() + b"x")
    with pytest.raises(SignatureError):
        verify_output(report, ())


def test_a_report_envelope_is_no_attestation(output: Path, trusted) -> None:
    from auditor.seal import container

    envelope = container.split((output / "report.html").read_bytes())[1]
    (output / "attestation.json").write_bytes(dsse.encode(envelope))
    assert "attestation.json: signature" in failing(verify_output(output, trusted))


def test_files_that_nobody_signed_are_listed(output: Path, trusted) -> None:
    (output / "notes.txt").write_text("trust me")
    (output / "extra").mkdir()
    found = verify_output(output, trusted)
    assert found.uncovered == ("extra", "notes.txt")
    assert found.holds
    assert verify_output(output / "notes.txt", trusted).exit_code is ExitCode.SIGNATURE


def test_one_file_is_checked_by_the_attestation_beside_it(output: Path, trusted) -> None:
    found = verify_output(output / "results.sarif", trusted)
    assert states(found)["results.sarif: digest"] == "holds"
    assert states(found)["the other files"] == "not-checked"
    assert found.holds
    (output / "results.sarif").write_bytes(b"{ }\n")
    assert not verify_output(output / "results.sarif", trusted).holds


def test_a_file_with_nothing_signed_beside_it_does_not_hold(tmp_path: Path, trusted) -> None:
    (tmp_path / "evidence.json").write_bytes(b"{}")
    found = verify_output(tmp_path / "evidence.json", trusted)
    assert failing(found) == ["attestation.json: signature"]
    assert found.exit_code is ExitCode.SIGNATURE


def test_an_empty_folder_does_not_hold(tmp_path: Path, trusted) -> None:
    assert verify_output(tmp_path, trusted).exit_code is ExitCode.SIGNATURE
    with pytest.raises(AuditError, match="nothing to verify"):
        verify_output(tmp_path / "absent", trusted)


@pytest.mark.parametrize(
    "names", [(), ("../evidence.json",), ("/etc/passwd",), ("a/b",), ("..",), ("\n",), ("",)]
)
def test_a_signed_name_never_leads_out_of_the_folder(
    output: Path, key: SigningKey, trusted, about, names: tuple[str, ...]
) -> None:
    signed = statement.encode(dict.fromkeys(names, "0" * 64), about)
    (output / "attestation.json").write_bytes(dsse.encode(dsse.sign(signed, key)))
    assert failing(verify_output(output, trusted))[0] == "attestation.json: signature"


def test_links_and_fifos_in_the_folder_are_not_followed(output: Path, trusted) -> None:
    content = (output / "results.sarif").read_bytes()
    (output.parent / "elsewhere").write_bytes(content)
    (output / "results.sarif").unlink()
    (output / "results.sarif").symlink_to(output.parent / "elsewhere")
    assert failing(verify_output(output, trusted)) == ["results.sarif: digest"]
    (output / "results.sarif").unlink()
    os.mkfifo(output / "results.sarif")
    assert failing(verify_output(output, trusted)) == ["results.sarif: digest"]


def test_a_link_that_the_user_names_is_followed(output: Path, trusted) -> None:
    link = output.parent / "latest"
    link.symlink_to(output)
    assert verify_output(link, trusted).holds
    assert verify_output(link / "report.html", trusted).holds


def test_a_report_that_the_evidence_does_not_give_is_found(output: Path, trusted) -> None:
    found = verify_output(output, trusted, rerender=rendered(b"<p>another</p>\n"))
    assert failing(found) == ["report.html: made again"]


def test_a_report_that_cannot_be_made_again_is_found(output: Path, trusted) -> None:
    def broken(evidence: bytes, findings: bytes, language: str) -> bytes:
        raise EvidenceError("the bundle breaks its schema")

    assert failing(verify_output(output, trusted, rerender=broken)) == ["report.html: made again"]


def test_findings_that_the_rules_do_not_give_are_found(output: Path, trusted) -> None:
    found = verify_output(output, trusted, rejudge=lambda evidence, findings: findings + b" ")
    assert failing(found) == ["findings.json: judged again"]


def test_findings_of_packs_that_are_not_at_hand_are_told_not_blamed(output: Path, trusted) -> None:
    def cannot(evidence: bytes, findings: bytes) -> bytes:
        raise NotCheckedError("waivers were used")

    found = verify_output(output, trusted, rejudge=cannot)
    assert states(found)["findings.json: judged again"] == "not-checked"
    assert found.holds


def test_a_link_is_called_a_link(output: Path, trusted) -> None:
    (output / "evidence.json").rename(output / "other.json")
    (output / "evidence.json").symlink_to("other.json")
    found = verify_output(output, trusted)
    assert any("symbolic link" in check.detail for check in found.checks)


def test_another_version_that_renders_otherwise_is_told_not_blamed(
    tmp_path: Path, old_audit, key: SigningKey, trusted
) -> None:
    for name, data in old_audit.sealed(key).items():
        (tmp_path / name).write_bytes(data)
    found = verify_output(tmp_path, trusted, rerender=rendered(b"<p>newer</p>\n"))
    assert states(found)["report.html: made again"] == "not-checked"
    assert found.holds


def test_the_renderer_is_given_the_reports_language(
    tmp_path: Path, audit, key: SigningKey, trusted
) -> None:
    body = b'<!doctype html>\n<html class="x" lang="zh-CN">\n</html>\n'
    files = {**audit.files, "report.html": body}
    from msgspec.structs import replace

    for name, data in replace(audit, files=files).sealed(key).items():
        (tmp_path / name).write_bytes(data)
    asked = []

    def render(evidence: bytes, findings: bytes, language: str) -> bytes:
        asked.append((evidence, findings, language))
        return body

    assert verify_output(tmp_path, trusted, rerender=render).holds
    assert asked == [(files["evidence.json"], files["findings.json"], "zh")]


def test_a_key_counts_only_within_its_time(output: Path, key: SigningKey) -> None:
    until = (TrustedKey(key=key.public, valid_before=datetime(2026, 1, 1, tzinfo=UTC)),)
    assert verify_output(output, until, at=datetime(2025, 12, 1, tzinfo=UTC)).holds
    for at in (datetime(2026, 2, 1, tzinfo=UTC), None):
        found = verify_output(output, until, at=at)
        assert found.exit_code is ExitCode.SIGNATURE
        assert found.signers == ()
        assert failing(found) == [
            "attestation.json: signature",
            "report.html: signature",
            "report.html.sig: signature",
        ]


def test_a_bad_ssh_signature_is_found_beside_a_lone_report(output: Path, trusted) -> None:
    (output / "report.html.sig").write_bytes(b"nonsense")
    assert failing(verify_output(output / "report.html", trusted)) == ["report.html.sig: signature"]


def test_a_verification_without_a_check_does_not_hold(trusted) -> None:
    digest = Check(name="a: digest", state="holds", detail="")
    for checks, signers in (((), trusted), ((digest,), ())):
        nothing = Verification(checks=checks, signers=signers, claims=None, uncovered=())
        assert nothing.exit_code is ExitCode.SIGNATURE
        with pytest.raises(SignatureError):
            nothing.demand()


def test_a_file_that_changes_between_two_looks_is_found(output: Path) -> None:
    files = Files(output)
    files.sha256("evidence.json")
    (output / "evidence.json").write_bytes(b"{}")
    with pytest.raises(SignatureError, match="changed while"):
        files.read("evidence.json")


def test_enormous_files_are_bounded(output: Path, trusted) -> None:
    for name in ("results.sarif", "attestation.json"):
        with (output / name).open("r+b") as file:
            file.truncate(5 * 1024 * 1024 * 1024)
        found = verify_output(output, trusted)
        assert any("larger than" in check.detail for check in found.checks)
        assert not found.holds
