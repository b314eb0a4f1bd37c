"""The command as a person types it: words, files, exit codes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAKY = ROOT / "samples/hosts/leaky-inference"
SEALED = ROOT / "samples/hosts/sealed-inference"
PLANT = ROOT / "samples/sites/plant.yaml"
AT = "2026-01-15T08:00:00Z"


def audit(*words: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, words)],
        cwd=cwd, check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
             "HOME": str(cwd), **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--version",), 0, "audit 0."),
        (("--help",), 0, "Audit the data sovereignty"),
        (("scan", "--nonsense"), 2, "nonsense"),
        (("scan", "--fail-on", "dire"), 2, "dire"),
        (("scan", "--root", "no-such-folder"), 2, "no such folder"),
        (("scan", "--root", LEAKY, "--format", "docx"), 2, "no report format 'docx'"),
        (("scan", "--root", LEAKY, "--at", "yesterday"), 2, "is not a time"),
        (("scan", "--root", LEAKY, "-f", "json", "-f", "sarif"), 2, "several formats"),
        (("scan", "--root", LEAKY, "--site", "no-site.yaml"), 4, "no-site.yaml"),
        (("scan", "--root", LEAKY, "--policy", "no-such-pack"), 2, "no-such-pack"),
        (("gate", "no-such-folder"), 2, "no-such-folder"),
        (("evaluate", "no-evidence.json"), 4, "no-evidence.json"),
        (("verify", "no-report.html", "--trust", "k.pub"), 4, "k.pub"),
        (("policy", "show", "PER-CON-00"), 2, "PER-CON-001"),
        (("schema", "sonnet"), 2, "evidence, findings, site"),
        (("keygen", "README.md"), 4, "README"),
    ],
)
def test_what_the_command_says_and_how_it_ends(
    words: tuple[object, ...], code: int, says: str
) -> None:
    done = audit(*words)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_json_on_standard_output_is_one_document_and_nothing_else() -> None:
    done = audit("scan", "--root", LEAKY, "--at", AT, "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr == ""
    assert document["summary"]["outcome"] == "not-compliant"


def test_quiet_leaves_the_exit_code_and_what_was_asked_for() -> None:
    silent = audit("scan", "--root", LEAKY, "--at", AT, "-q")
    assert (silent.returncode, silent.stdout, silent.stderr) == (1, "", "")
    asked = audit("scan", "--root", LEAKY, "--at", AT, "-q", "-f", "json")
    assert json.loads(asked.stdout)["summary"]["outcome"] == "not-compliant"


def test_no_format_changes_the_exit_code() -> None:
    codes = {
        name: audit("scan", "--root", LEAKY, "--at", AT, "--format", name).returncode
        for name in ("text", "json", "sarif", "junit", "html", "markdown", "csv")
    }
    assert set(codes.values()) == {1}, codes


def test_a_threshold_above_every_failure_is_no_finding_but_never_hides_the_undecided(
    tmp_path: Path,
) -> None:
    done = audit("scan", "--root", SEALED, "--at", AT, "--site", PLANT, "--fail-on", "critical")
    assert done.returncode == 0, done.stdout
    blind = audit("scan", "--root", tmp_path, "--at", AT)
    assert blind.returncode == 3, "a folder that is no machine has nothing to be judged"
    relaxed = audit("scan", "--root", tmp_path, "--at", AT, "--allow-unknown")
    assert relaxed.returncode == 3, "nothing judged is not relaxed"


def test_the_output_folder_is_private_and_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = audit("scan", "--root", LEAKY, "--at", AT, "-o", out, "-f", "sarif", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "evidence.json", "findings.json", "report.html", "report.html.sig", "attestation.json",
        "report.sarif", "signer.pub", "signer.allowed_signers",
    }  # fmt: skip
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in out.iterdir() if p.is_file()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "nothing outside the folder"
    assert "nobody trusts it yet" in done.stdout
    again = audit("verify", out, "--trust", out / "signer.pub")
    assert again.returncode == 0, again.stdout


def test_keygen_sign_on_a_station_and_verify(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert audit("scan", "--root", LEAKY, "--at", AT, "-o", out, "-q").returncode == 1
    key = tmp_path / "station" / "signer.key"
    assert audit("keygen", key).returncode == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert audit("verify", out, "--trust", key.with_suffix(".pub")).returncode == 5
    signed = audit("sign", out, "--key", key)
    assert signed.returncode == 0, signed.stderr
    verified = audit("verify", out, "--trust", key.with_suffix(".pub"))
    assert verified.returncode == 0, verified.stdout
    assert "not signed" not in verified.stdout


def test_the_station_refuses_a_report_that_the_evidence_does_not_give(tmp_path: Path) -> None:
    out = tmp_path / "out"
    audit("scan", "--root", LEAKY, "--at", AT, "-o", out, "-q")
    key = tmp_path / "signer.key"
    audit("keygen", key)
    other = tmp_path / "other"
    audit("scan", "--root", SEALED, "--at", AT, "-o", other, "-q")
    (out / "report.html").write_bytes((other / "report.html").read_bytes())
    assert audit("sign", out, "--key", key).returncode == 5


def test_a_later_judgement_gives_the_same_bytes(tmp_path: Path) -> None:
    key = tmp_path / "signer.key"
    audit("keygen", key)
    first, second = tmp_path / "first", tmp_path / "second"
    audit("scan", "--root", LEAKY, "--at", AT, "--site", PLANT, "-o", first, "--key", key, "-q")
    audit("evaluate", first, "-o", second, "--key", key, "-q")
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_report_prints_another_format_of_a_finished_audit(tmp_path: Path) -> None:
    audit("scan", "--root", LEAKY, "--at", AT, "-o", tmp_path / "out", "-q")
    done = audit("report", tmp_path / "out", "--format", "markdown")
    assert done.returncode == 1
    assert done.stdout.startswith("#")


def test_diff_tells_worse_from_better(tmp_path: Path) -> None:
    audit("scan", "--root", SEALED, "--at", AT, "--site", PLANT, "-o", tmp_path / "a", "-q")
    audit("scan", "--root", LEAKY, "--at", AT, "--site", PLANT, "-o", tmp_path / "b", "-q")
    assert audit("diff", tmp_path / "a", tmp_path / "a").returncode == 0
    worse = audit("diff", tmp_path / "a", tmp_path / "b")
    assert worse.returncode == 1
    assert "worse" in worse.stdout


def test_a_first_site_file_is_written_once_and_loads(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    assert audit("init", "--root", SEALED, "-o", site).returncode == 0
    assert audit("init", "--root", SEALED, "-o", site).returncode == 2, "never overwritten"
    done = audit("scan", "--root", SEALED, "--at", AT, "--site", site)
    assert done.returncode in (0, 1, 3), done.stderr


def test_policies_can_be_listed_shown_checked_and_tested() -> None:
    assert "PER-CON-001" in audit("policy", "list").stdout
    assert "require" in audit("policy", "show", "PER-CON-001").stdout
    assert audit("policy", "check", "policies/perimeter.yaml").returncode == 0
    tested = audit("policy", "test")
    assert tested.returncode == 0, tested.stdout
    assert ", 0 wrong" in tested.stdout


def test_a_closed_pipe_ends_without_a_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m auditor policy list | head -1",
        cwd=ROOT, shell=True, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
