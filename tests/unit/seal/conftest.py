"""A small audit, a sealed output folder of it, and the keys of two signers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec import Struct

from auditor._version import __version__
from auditor.evidence import ASSUMED_SITE, SCHEMA, Evidence, Gap, Origin, Subject, Tool
from auditor.evidence import bundle as evidence_bundle
from auditor.policy import findings as judgement
from auditor.policy.findings import AppliedPack, Findings, Text
from auditor.policy.summary import Summary, summarize
from auditor.seal.folder import seal_folder
from auditor.seal.keys import SigningKey
from auditor.seal.trust import TrustedKey

BODY = b'<!doctype html>\n<html lang="en"><title>Audit</title>\n<p>Host inference-1</p>\n</html>\n'


class Audit(Struct, frozen=True, kw_only=True):
    """One audit: its parts, and the files that were written of it."""

    evidence: Evidence
    findings: Findings
    summary: Summary
    files: dict[str, bytes]

    def sealed(self, key: SigningKey) -> dict[str, bytes]:
        made = seal_folder(
            self.files,
            key,
            evidence=self.evidence,
            findings=self.findings,
            summary=self.summary,
        )
        return {**self.files, **made}


def make_audit(host: str = "inference-1", version: str = __version__) -> Audit:
    evidence = Evidence(
        schema=SCHEMA,
        tool=Tool(name="auditor", version=version),
        mode="host",
        subject=Subject(name=host, host_id="a" * 32),
        taken_at="2026-01-02T03:04:05Z",
        site=ASSUMED_SITE,
        gaps=(
            Gap(kind="mount", reason="denied", detail="no", origin=Origin("mounts", "/"), count=3),
        ),
    )
    data = evidence_bundle.encode(evidence)
    findings = Findings(
        schema=judgement.SCHEMA,
        tool_version=version,
        evidence_sha256=hashlib.sha256(data).hexdigest(),
        judged_at="2026-01-02T03:04:06Z",
        profile="",
        params=(),
        fail_on="medium",
        allow_unknown=False,
        packs=(AppliedPack(name="perimeter", version="1", title=Text(en="P"), sha256="b" * 64),),
        rules=(),
        findings=(),
    )
    return Audit(
        evidence=evidence,
        findings=findings,
        summary=summarize(evidence, findings),
        files={
            "evidence.json": data,
            "findings.json": judgement.encode(findings),
            "report.html": BODY.replace(b"inference-1", host.encode()),
            "results.sarif": b"{}\n",
        },
    )


def signing_key(seed: int) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return signing_key(1)


@pytest.fixture(scope="session")
def stranger() -> SigningKey:
    return signing_key(2)


@pytest.fixture(scope="session")
def p256() -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return SigningKey(ec.derive_private_key(12345, ec.SECP256R1()))


@pytest.fixture(scope="session")
def trusted(key: SigningKey) -> tuple[TrustedKey, ...]:
    return (TrustedKey(key=key.public, name="auditor"),)


@pytest.fixture(scope="session")
def audit() -> Audit:
    return make_audit()


@pytest.fixture(scope="session")
def other_audit() -> Audit:
    return make_audit("inference-2")


@pytest.fixture(scope="session")
def old_audit() -> Audit:
    return make_audit(version="0.0.1")


@pytest.fixture
def output(tmp_path: Path, audit: Audit, key: SigningKey) -> Path:
    """Return a sealed output folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, data in audit.sealed(key).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="session")
def about(audit: Audit):
    from auditor.seal import statement

    return statement.predicate(
        audit.evidence, audit.findings, audit.summary, findings_sha256="c" * 64
    )
