"""Sealing a folder: everything is named, nothing foreign is signed, the bytes repeat."""

from __future__ import annotations

import base64
import json

import pytest

from auditor.errors import SignatureError
from auditor.seal import container, sshsig, statement
from auditor.seal.folder import seal_folder
from auditor.seal.keys import SigningKey


def named(attestation: bytes) -> dict[str, str]:
    signed = json.loads(base64.b64decode(json.loads(attestation)["payload"]))
    return {item["name"]: item["digest"]["sha256"] for item in signed["subject"]}


def test_the_attestation_names_every_other_file(audit, key: SigningKey) -> None:
    folder = audit.sealed(key)
    assert named(folder["attestation.json"]) == {
        name: statement.sha256(data) for name, data in folder.items() if name != "attestation.json"
    }
    assert sorted(folder) == [
        "attestation.json",
        "evidence.json",
        "findings.json",
        "report.html",
        "report.html.sig",
        "results.sarif",
    ]


def test_the_report_is_signed_twice(audit, key: SigningKey) -> None:
    folder = audit.sealed(key)
    opened = container.open_report(folder["report.html"], [key.public])
    assert opened.body == audit.files["report.html"]
    assert sshsig.verify(folder["report.html"], folder["report.html.sig"], [key.public])


def test_the_same_key_makes_the_same_bytes_and_sealing_again_changes_nothing(
    audit, key: SigningKey
) -> None:
    once = audit.sealed(key)
    assert audit.sealed(key) == once
    again = seal_folder(
        once, key, evidence=audit.evidence, findings=audit.findings, summary=audit.summary
    )
    assert {**once, **again} == once


def test_another_key_replaces_the_seal(audit, key: SigningKey, stranger: SigningKey) -> None:
    again = seal_folder(
        audit.sealed(key),
        stranger,
        evidence=audit.evidence,
        findings=audit.findings,
        summary=audit.summary,
    )
    assert container.open_report(again["report.html"], [stranger.public]).signers == (
        stranger.public,
    )


def test_findings_about_other_evidence_are_not_signed(audit, other_audit, key: SigningKey) -> None:
    mixed = {**audit.files, "evidence.json": other_audit.files["evidence.json"]}
    with pytest.raises(SignatureError, match="other evidence"):
        seal_folder(
            mixed, key, evidence=audit.evidence, findings=audit.findings, summary=audit.summary
        )
