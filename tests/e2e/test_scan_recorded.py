"""The recorded hosts from one end to the other: scanned, judged, sealed, verified, tampered with."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.evidence import encode

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / "samples" / "hosts"
SITES = ROOT / "samples" / "sites"
AT = "2026-01-15T08:00:00Z"
SITE_OF = {"edge-box": "line.yaml"}
EXIT_OF = {"edge-box": 1, "leaky-inference": 1, "locked-down-view": 3, "sealed-inference": 0}
NAMES = tuple(EXIT_OF)

# What must be found on the leaky host, by rule and subject.
LEAKS = (
    ("ENC-MOD-001", "/data/models (models)"),
    ("ENC-MOD-001", "/usr/share/ollama/.ollama/models (models)"),
    ("ENC-MOD-001", "/home/mluser/.cache/huggingface/hub (models)"),
    ("ENC-LOG-001", "/var/log (logs)"),
    ("ENC-TMP-001", "/tmp (temporary)"),
    ("ENC-SWP-001", "/dev/dm-0 (swap)"),
    ("ENC-NUL-001", "dm-0 (cryptswap)"),
    ("ENC-LUK-001", "vault (sda4)"),
    ("ENC-LUK-004", "vault (sda4)"),
    ("ENC-KFL-001", "/etc/ssh/ssh_host_ed25519_key"),
    ("ENC-KFL-002", "/etc/keys/vault.key"),
    ("ENC-KFL-003", "/etc/ssh/ssh_host_ed25519_key"),
    ("MEM-COR-001", "core → core"),
    ("ENC-NFS-001", "/mnt/share"),
    ("EXP-AI-002", "Ollama: ollama.service on [::]:11434"),
    ("EXP-AI-002", "vLLM: vllm.service on 0.0.0.0:8000"),
    ("EXP-AI-003", "Ollama: ollama.service on [::]:11434"),
    ("EXP-AI-003", "vLLM: vllm.service on 0.0.0.0:8000"),
    ("EXP-AI-004", "vLLM: vllm.service on 0.0.0.0:8000"),
    ("EXP-AI-005", "Jupyter: jupyter-lab (mluser) on 0.0.0.0:8888"),
    ("EXP-RCE-001", "vLLM: vllm.service"),
    ("EXP-TUN-001", "Jupyter: jupyter-lab (mluser)"),
    ("EXP-COR-001", "Ollama: ollama.service"),
    ("EXP-COR-001", "vLLM: vllm.service"),
    ("EXP-PRT-002", "redis-server tcp 0.0.0.0:6379"),
    ("HST-SSH-001", "sshd"),
    ("HST-SSH-002", "sshd"),
    ("HST-SSH-007", "sshd"),
    ("HST-ACC-001", "demo"),
    ("HST-ACC-002", "toor"),
    ("HST-KRN-003", "kernel 5.15.0-143-generic"),
    ("HST-GPU-001", "agent (pid 2900): nvidia0"),
    ("HST-MED-001", "sdb"),
    ("HST-PRC-001", "python3 (pid 1330)"),
    ("HST-STO-001", "/data/models"),
    ("PER-CON-001", "torchrun → 198.51.100.20:443"),
    ("PER-CON-001", "torchrun → 2001:db8:ffff::10:443"),
    ("PER-CON-001", "chronyd → 203.0.113.123:123"),
    ("PER-DNS-001", "host → 203.0.113.53:53"),
    ("PER-DNS-002", "vendor.example (host)"),
    ("PER-PRX-001", "host → proxy.vendor.example:3128"),
    ("PER-TIM-001", "chrony → time.vendor.example:123"),
    ("PER-MIR-001", "pip (host) → packages.vendor.example:80"),
    ("PER-MIR-002", "huggingface (host) → hub.vendor.example:443"),
    ("PER-MIR-003", "docker (host) → docker public default:443"),
    ("PER-MIR-004", "pip: packages.vendor.example"),
    ("PER-RTE-001", "route 0.0.0.0/0 dev eno1 → 203.0.113.1"),
    ("PER-TUN-001", "wg0 (wireguard)"),
    ("PER-API-001", "torchrun (mluser) → api.openai.com:443"),
    ("PER-MDL-001", "vllm.service → hub.vendor.example:443"),
    ("PER-KEY-001", "OPENAI_API_KEY (user mluser)"),
    ("WRK-IMG-001", "docker/Container/agent:agent → container engine public default:443"),
    ("WRK-IMG-003", "vendor/agent:latest (docker/Container/agent:agent)"),
    ("WRK-SEC-002", "docker/Container/agent:agent"),
    (
        "WRK-SEC-003",
        "docker/Container/agent:agent /var/run/docker.sock ← hostPath /var/run/docker.sock",
    ),
    ("WRK-STO-001", "docker/Container/agent:agent /host ← hostPath /etc"),
    ("TEL-USE-001", "vllm-usage-stats (vllm.service)"),
    ("TEL-FET-001", "hf-offline (vllm.service)"),
    ("TEL-DST-001", "user mluser → errors.vendor.example:443"),
    ("TEL-DST-002", "torchrun (mluser) → tracker.vendor.example:443"),
    ("TEL-KEY-001", "WANDB_API_KEY (torchrun (mluser))"),
    ("CHN-USB-002", "USB storage"),
    ("CHN-BMC-001", "ipmi0 (bmc)"),
    ("CHN-RAW-001", "tcpdump: packet packet 0x0003"),
    ("CHN-AGT-002", "ngrok"),
    ("CHN-AGT-004", "Debian popularity-contest"),
    ("CHN-DST-001", "cron /etc/cron.d/report (root) → collect.vendor.example:443"),
    ("CHN-DST-001", "crontab of mluser → aws public default"),
    ("CHN-DST-002", "rsyslog → logs.vendor.example:514"),
    ("CHN-DST-004", "postfix → smtp.vendor.example:587"),
    ("CHN-DST-008", "ngrok → ngrok.com:443"),
    ("CHN-ENC-001", "rsyslog: syslog → logs.vendor.example:514"),
    ("CHN-FWD-004", "eno1 (ipv6)"),
    ("CHN-FWD-007", "eno1 (ipv6)"),
    ("TRN-CRT-001", "/etc/nginx/tls/server.pem (CN=leaky-inference.vendor.example,O=Vendor)"),
    ("TRN-CRT-003", "/etc/nginx/tls/server.pem (CN=leaky-inference.vendor.example,O=Vendor)"),
    ("TRN-CRT-004", "/etc/nginx/tls/server.pem (CN=leaky-inference.vendor.example,O=Vendor)"),
    ("TRN-CRT-005", "/etc/nginx/tls/server.pem (CN=leaky-inference.vendor.example,O=Vendor)"),
    ("TRN-CRT-006", "/etc/nginx/tls/server.pem (CN=leaky-inference.vendor.example,O=Vendor)"),
    ("TRN-SVC-001", "redis *:6379"),
    ("TRN-SVC-002", "nginx *:443"),
    ("TRN-SVC-003", "nginx *:443"),
    ("TRN-SVC-004", "docker *:2375"),
    ("TRN-TUN-003", "ipsec vendor-support"),
    ("TRN-TUN-004", "ipsec vendor-support → 203.0.113.77"),
    ("TRN-FAB-001", "nccl torchrun"),
)
# What stands wrong on the edge box.
EDGE = (
    ("TRN-SVC-001", "mosquitto *:1883"),
    ("ENC-MOD-001", "/data/models (models)"),
    ("EXP-AI-002", "llama.cpp server: llama-server in docker:9c1f9c1f9c1f on 0.0.0.0:8080"),
    ("EXP-AI-003", "llama.cpp server: llama-server in docker:9c1f9c1f9c1f on 0.0.0.0:8080"),
    ("PER-CON-001", "mosquitto → 192.0.2.80:8883"),
    ("PER-RAD-001", "wlan0 (wireless)"),
    ("CHN-RAD-001", "cdc-wdm0 (wwan)"),
    ("CHN-RAD-001", "phy0 (wifi)"),
    ("CHN-FWD-001", "eth0 (ipv4)"),
    ("PER-RAD-001", "wwan0 (wwan)"),
    ("PER-RTE-001", "route 0.0.0.0/0 dev wwan0 → 100.64.12.10"),
)
# Nothing of these can be proven without root.
NEEDS_ROOT = ("ENC-", "EXP-AI-", "TEL-", "HST-ACC-001", "HST-GPU-001", "HST-STO-", "PER-KEY-")
# Secrets that the samples hold: none may come out in any file.
SECRETS = ("sample-not-a-real-key", "hf_sample_not_a_real_token", "$y$j9T$SAMPLE", "user:secret")


@dataclass(frozen=True)
class Scanned:
    folder: Path
    code: int
    text: str

    def findings(self) -> list[dict[str, str]]:
        return json.loads((self.folder / "findings.json").read_bytes())["findings"]

    def rules(self, verdict: str) -> set[str]:
        rules = json.loads((self.folder / "findings.json").read_bytes())["rules"]
        return {rule["id"] for rule in rules if rule["verdict"] == verdict}

    def of(self, verdict: str) -> set[tuple[str, str]]:
        return {(f["rule"], f["subject"]) for f in self.findings() if f["verdict"] == verdict}

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}


def audit(*words: object, seed: str = "0") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, words)],
        capture_output=True, check=False, timeout=60, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip


def site_of(name: str) -> Path:
    return SITES / SITE_OF.get(name, "plant.yaml")


@pytest.fixture(scope="session")
def samples() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "make_samples.py"))


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "signer.key"
    assert audit("keygen", path).returncode == 0
    return path


@pytest.fixture(scope="session")
def scan(key: Path, tmp_path_factory: pytest.TempPathFactory):
    done: dict[tuple[str, str], Scanned] = {}

    def once(name: str, seed: str = "0") -> Scanned:
        if (name, seed) not in done:
            folder = tmp_path_factory.mktemp(name) / "out"
            ran = audit(
                "scan", "--root", HOSTS / name, "--at", AT, "--site", site_of(name),
                "-o", folder, "--key", key, "--format", "json", "--format", "sarif", seed=seed,
            )  # fmt: skip
            assert ran.stderr == ""
            done[name, seed] = Scanned(folder, ran.returncode, ran.stdout)
        return done[name, seed]

    return once


@pytest.fixture
def copy(scan, tmp_path: Path):
    def made(name: str) -> Path:
        return Path(shutil.copytree(scan(name).folder, tmp_path / name))

    return made


def public(key: Path) -> Path:
    return key.with_suffix(".pub")


def verify(folder: Path, key: Path) -> subprocess.CompletedProcess[str]:
    return audit("verify", folder, "--trust", public(key))


@pytest.mark.parametrize("name", NAMES)
def test_the_exit_code_is_the_hosts_own(scan, name: str) -> None:
    assert scan(name).code == EXIT_OF[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_the_same_under_another_hash_seed(scan, name: str) -> None:
    first, second = scan(name).files(), scan(name, "4711").files()
    assert first.keys() == second.keys()
    assert [file for file in first if first[file] != second[file]] == []
    assert {"evidence.json", "findings.json", "report.html", "attestation.json"} <= first.keys()


def test_the_sealed_host_has_nothing_wrong_nothing_unknown_and_nothing_unseen(scan) -> None:
    sealed = scan("sealed-inference")
    assert {finding["verdict"] for finding in sealed.findings()} == {"pass"}
    evidence = json.loads((sealed.folder / "evidence.json").read_bytes())
    assert evidence["gaps"] == []
    assert sealed.of("pass") >= {
        ("ENC-MOD-001", "/srv/models (models)"),
        ("ENC-SWP-001", "/dev/dm-2 (swap)"),
        ("EXP-AI-003", "vLLM: vllm.service on 10.20.0.11:8000"),
        ("TEL-USE-001", "vllm-usage-stats (vllm.service)"),
        ("HST-KRN-001", "kernel 6.12.41-amd64"),
        ("HST-GPU-001", "VLLM::EngineCor (pid 1731): nvidia0"),
    }


@pytest.mark.parametrize(
    "name, expected", [("leaky-inference", LEAKS), ("edge-box", EDGE)], ids=["leaky", "edge"]
)
def test_what_leaks_is_found(scan, name: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert set(expected) - scan(name).of("fail") == set()


def test_an_ordinary_user_is_told_what_was_not_seen_and_proves_nothing_that_needs_root(
    scan,
) -> None:
    seen = scan("locked-down-view")
    assert seen.of("fail") == set()
    assert [(r, s) for r, s in sorted(seen.of("pass")) if r.startswith(NEEDS_ROOT)] == []
    assert seen.rules("unknown") >= {
        "PER-CON-001", "PER-API-001", "EXP-PRT-001", "HST-ACC-001", "HST-GPU-001",
    }  # fmt: skip
    unknown = [finding for finding in seen.findings() if finding["verdict"] == "unknown"]
    assert all(finding["reason"] for finding in unknown)
    claimed = {f["subject"] for f in unknown if "encryption is claimed" in f["reason"]}
    assert {"/srv/models (models)", "/dev/dm-2 (swap)"} <= claimed
    assert "/etc/shadow: permission denied" in seen.text


def test_no_secret_of_a_machine_comes_out_in_recording_evidence_or_report(
    scan, samples: dict[str, Any]
) -> None:
    held = {
        secret
        for sample in samples["SAMPLES"].values()
        for node in sample.machine().nodes.values()
        for secret in SECRETS
        if secret.encode() in node.body
    }
    assert held == set(SECRETS)
    for name in NAMES:
        evidence = encode(samples["scan"](name))
        assert [secret for secret in SECRETS if secret.encode() in evidence] == [], name
        files = [path for path in HOSTS.joinpath(name).rglob("*") if path.is_file()]
        for path in [*files, *scan(name).folder.glob("*.*")]:
            data = path.read_bytes()
            assert [secret for secret in SECRETS if secret.encode() in data] == [], path


@pytest.mark.parametrize("name", NAMES)
def test_evidence_judged_again_gives_the_same_findings(scan, tmp_path: Path, name: str) -> None:
    scanned = scan(name)
    again = tmp_path / "again"
    ran = audit("evaluate", scanned.folder / "evidence.json", "-o", again, "-q", seed="99")
    assert ran.returncode == EXIT_OF[name]
    for file in ("evidence.json", "findings.json"):
        assert (again / file).read_bytes() == (scanned.folder / file).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_verifies_against_its_key_and_no_other(
    scan, key: Path, tmp_path: Path, name: str
) -> None:
    assert verify(scan(name).folder, key).returncode == 0
    other = tmp_path / "other.key"
    assert audit("keygen", other).returncode == 0
    assert verify(scan(name).folder, other).returncode == 5


@pytest.mark.parametrize("at", [0, 0.3, 0.6, 0.999])
def test_a_flipped_byte_of_the_report_does_not_verify(copy, key: Path, at: float) -> None:
    folder = copy("sealed-inference")
    report = folder / "report.html"
    data = bytearray(report.read_bytes())
    data[int(at * (len(data) - 1))] ^= 1
    report.write_bytes(data)
    assert verify(folder, key).returncode == 5
    assert verify(report, key).returncode == 5


def test_a_report_with_something_appended_does_not_verify(copy, key: Path) -> None:
    report = copy("sealed-inference") / "report.html"
    with report.open("ab") as file:
        file.write(b"<!-- approved -->\n")
    assert verify(report.parent, key).returncode == 5


def test_evidence_of_another_host_does_not_verify(copy, scan, key: Path) -> None:
    folder = copy("leaky-inference")
    shutil.copy(scan("sealed-inference").folder / "evidence.json", folder)
    assert verify(folder, key).returncode == 5


def test_a_report_of_another_host_does_not_verify(copy, scan, key: Path) -> None:
    folder = copy("leaky-inference")
    shutil.copy(scan("sealed-inference").folder / "report.html", folder)
    assert verify(folder, key).returncode == 5


def test_evidence_of_a_newer_schema_is_refused(copy) -> None:
    evidence = copy("sealed-inference") / "evidence.json"
    newer = evidence.read_text().replace("auditor.evidence/1", "auditor.evidence/2", 1)
    evidence.write_text(newer)
    ran = audit("evaluate", evidence)
    assert ran.returncode == 4
    assert "auditor.evidence/2" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "body, place",
    [
        (b"name: Plant\nnetwork:\n  - 10.0.0.0/8\n", ":2:1"),
        (b"networks:\n  - {cidr: 10.0.0.0/33}\n", ":2:12"),
        (b"a: &a [x, x]\nb: [*a, *a]\n", ":1:"),
        (b"name: Plant\nname: Other\n", ":2:1"),
        (b"[" * 50_000, ":1:"),
        (b"name: \xff\xfe\n", ":1:"),
    ],
    ids=["misspelt", "no-network", "alias", "twice", "deep", "not-utf8"],
)
def test_a_hostile_site_file_is_refused_with_its_place(
    tmp_path: Path, body: bytes, place: str
) -> None:
    site = tmp_path / "site.yaml"
    site.write_bytes(body)
    ran = audit("scan", "--root", HOSTS / "sealed-inference", "--site", site, "--at", AT)
    assert ran.returncode == 4
    assert f"{site}{place}" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_what_their_descriptions_make(
    samples: dict[str, Any], tmp_path: Path, name: str
) -> None:
    """After a change of what a collector reads: `make samples`."""
    samples["record"](name, tmp_path / name)
    shipped, built = HOSTS / name, tmp_path / name
    names = {path.relative_to(built) for path in built.rglob("*") if path.is_file()}
    assert names == {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()}
    assert [
        n for n in sorted(names) if (built / n).read_bytes() != (shipped / n).read_bytes()
    ] == []
