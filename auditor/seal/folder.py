"""Seals an output folder: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.errors import SignatureError
from auditor.evidence import Evidence
from auditor.policy.findings import Findings
from auditor.policy.summary import Summary
from auditor.seal import container, dsse, sshsig, statement
from auditor.seal.keys import SigningKey

ATTESTATION = "attestation.json"
EVIDENCE = "evidence.json"
FINDINGS = "findings.json"
REPORT = "report.html"
REPORT_SUFFIX = ".html"
SIDECAR_SUFFIX = ".sig"


def seal_folder(
    files: Mapping[str, bytes],
    key: SigningKey,
    *,
    evidence: Evidence,
    findings: Findings,
    summary: Summary,
) -> dict[str, bytes]:
    """Return the files that sealing makes or changes, by name; the rest stays as it is.

    `files` are all files of the output folder by name, among them `evidence.json` and
    `findings.json`. Every `*.html` gets its signed last line (a seal that it has is replaced)
    and an SSH signature `*.html.sig`; `attestation.json` names them all. Raises `SignatureError`
    where the findings judge other evidence: what does not belong together is not signed.
    """
    if statement.sha256(files[EVIDENCE]) != findings.evidence_sha256:
        raise SignatureError("the findings are about other evidence", where=FINDINGS)
    about = statement.predicate(
        evidence, findings, summary, findings_sha256=statement.sha256(files[FINDINGS])
    )
    reports = sorted(name for name in files if name.endswith(REPORT_SUFFIX))
    made: dict[str, bytes] = {}
    for name in reports:
        made[name] = container.seal(container.unsealed(files[name]), key, about)
        made[name + SIDECAR_SUFFIX] = sshsig.sign(made[name], key)
    whole = {name: data for name, data in {**files, **made}.items() if name != ATTESTATION}
    digests = {name: statement.sha256(data) for name, data in whole.items()}
    made[ATTESTATION] = dsse.encode(dsse.sign(statement.encode(digests, about), key))
    return made
