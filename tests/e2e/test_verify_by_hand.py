"""The commands of the how-to, word for word, on a machine with OpenSSL and OpenSSH alone."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.evidence import ASSUMED_SITE, SCHEMA, Evidence, Subject, Tool
from auditor.policy.findings import Findings
from auditor.policy.summary import summarize
from auditor.seal import container, sshsig, statement
from auditor.seal.keys import generate

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "verify-a-report.md"
BODY = b"<!doctype html>\n<p>all is well</p>\n</html>\n"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "openssl", "ssh-keygen", "python3", "sha256sum"))),
    reason="needs bash, openssl, ssh-keygen, python3 and sha256sum",
)


def commands(heading: str) -> str:
    """Return the commands of the console blocks under a heading: `$ …` up to the answer."""
    section = DOCUMENT.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    script = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = command.splitlines()
            end = 1
            while lines[end - 1].endswith("\\"):
                end += 1
            if "<<'END'" in lines[0]:
                end = lines.index("END") + 1
            script += lines[:end]
    return "\n".join(["set -euo pipefail", *script, ""])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that holds a sealed report and its signer's public key."""
    evidence = Evidence(
        schema=SCHEMA,
        tool=Tool(name="auditor", version="1"),
        mode="host",
        subject=Subject(name="inference-1"),
        taken_at="2026-01-02T03:04:05Z",
        site=ASSUMED_SITE,
    )
    findings = Findings(
        schema="auditor.findings/1",
        tool_version="1",
        evidence_sha256="0" * 64,
        judged_at="2026-01-02T03:04:05Z",
        profile="",
        params=(),
        fail_on="medium",
        allow_unknown=False,
        packs=(),
        rules=(),
        findings=(),
    )
    about = statement.predicate(
        evidence, findings, summarize(evidence, findings), findings_sha256="1" * 64
    )
    key = generate(tmp_path / "signing.key").key
    report = container.seal(BODY, key, about)
    (tmp_path / "report.html").write_bytes(report)
    (tmp_path / "report.html.sig").write_bytes(sshsig.sign(report, key))
    return tmp_path


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash"], input=script, cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )


def test_openssl_verifies_the_report_by_the_commands_of_the_document(folder: Path) -> None:
    done = run(commands("With nothing but OpenSSL"), folder)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    # The digest is printed twice: of all lines but the last, and within the statement.
    assert done.stdout.count(hashlib.sha256(BODY).hexdigest()) == 2
    assert container.BODY in done.stdout


def test_ssh_keygen_verifies_the_report_by_the_command_of_the_document(folder: Path) -> None:
    script = commands("With nothing but OpenSSH")
    done = run(script, folder)
    assert done.returncode == 0, done.stderr
    assert 'Good "audit-report" signature for auditor' in done.stdout
    with (folder / "report.html").open("ab") as report:
        report.write(b"x")
    assert run(script, folder).returncode != 0
