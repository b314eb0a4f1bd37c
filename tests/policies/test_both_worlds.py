"""One rule judges both worlds: a host that runs and a manifest that is still to be deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import api
from auditor.host.tree import TreeHost

SAMPLES = Path(__file__).parents[2] / "samples"
AT = "2026-11-26T08:00:00Z"


@pytest.fixture(scope="module")
def verdicts():
    """Return verdicts by rule for (a leaky host, leaky manifests), of rules with findings."""
    prepared = api.prepare(api.Criteria())
    evidence = (
        api.scan(TreeHost(SAMPLES / "hosts" / "leaky-inference"), at=AT),
        api.gate((SAMPLES / "manifests" / "leaky",), at=AT),
    )
    return tuple(
        {
            rule.id: rule.verdict
            for rule in api.evaluate(each, prepared).findings.rules
            if rule.judged
        }
        for each in evidence
    )


def test_twenty_rules_judge_records_of_both(verdicts):
    host, manifests = verdicts
    both = set(host) & set(manifests)
    assert len(both) >= 20
    failed_in_both = {rule for rule in both if host[rule] == manifests[rule] == "fail"}
    assert len(failed_in_both) >= 15
    assert {rule.partition("-")[0] for rule in failed_in_both} >= {"PER", "EXP", "TEL"}


def test_what_only_one_world_has_is_not_applicable_in_the_other(verdicts):
    host, manifests = verdicts
    assert not any(rule.startswith("WRK-EGR-") for rule in host)
    # What runs in containers on a host is judged as what is asked for in a manifest.
    assert {"WRK-IMG-001", "WRK-SEC-002", "WRK-SEC-003", "WRK-STO-001"} <= set(host)
    assert not any(rule.startswith(("ENC-", "HST-")) for rule in manifests)


# The same server on both sides: what its command line and variables say, and what is to be found.
SERVERS = [
    ("vllm serve Qwen/Qwen2.5-7B --host 0.0.0.0 --port 8000 --trust-remote-code", {}),
    ("vllm serve /models/q --port 8000", {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}),
    ("vllm serve /models/q", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://203.0.113.7:4317"}),
    ("ollama serve", {"OLLAMA_HOST": "0.0.0.0"}),
]  # fmt: skip
_RULES = ("TEL-USE-001", "TEL-FET-001", "TEL-TRC-001", "TEL-UPD-001", "EXP-RCE-001", "PER-MDL-001",
          "TEL-DST-002")  # fmt: skip


def _on_a_host(root: Path, command: str, variables: dict[str, str]) -> TreeHost:
    process = root / "proc" / "77"
    process.mkdir(parents=True)
    words = command.split()
    (process / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    pairs = [f"{name}={value}".encode() + b"\0" for name, value in variables.items()]
    (process / "environ").write_bytes(b"".join(pairs))
    (process / "comm").write_text(f"{words[0]}\n")
    fields = f"77 ({words[0]}) S 1 77 77 0 -1 0 " + " ".join(["0"] * 40)
    (process / "stat").write_text(fields + "\n")
    uids = "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
    (process / "status").write_text(f"Name:\t{words[0]}\nState:\tS\nPid:\t77\nPPid:\t1\n{uids}")
    return TreeHost(root)


def _in_a_manifest(root: Path, command: str, variables: dict[str, str]) -> tuple[Path, ...]:
    lines = ["services:", "  llm:", "    image: registry.corp.example/x:1"]
    lines += [f"    command: {command}", "    environment:", "      X: '1'"]
    lines += [f"      {name}: '{value}'" for name, value in variables.items()]
    (root / "compose.yaml").write_text("\n".join(lines) + "\n")
    return (root / "compose.yaml",)


def _by_setting(evidence, prepared) -> dict[str, list[str]]:
    findings = api.evaluate(evidence, prepared).findings.findings
    judged = {rule: [] for rule in _RULES}
    for finding in findings:
        if finding.rule in _RULES and finding.kind in (
            "service_setting",
            "ai_service",
            "destination",
        ):
            judged[finding.rule].append(finding.verdict)
    return {rule: sorted(found) for rule, found in judged.items()}


@pytest.mark.parametrize(("command", "variables"), SERVERS)
def test_the_same_server_is_found_the_same(tmp_path, command, variables):
    prepared = api.prepare(api.Criteria())
    host = api.scan(_on_a_host(tmp_path / "host", command, variables), at=AT)
    manifest = api.gate(_in_a_manifest(tmp_path, command, variables), at=AT)
    on_host, in_manifest = _by_setting(host, prepared), _by_setting(manifest, prepared)
    assert any(on_host.values())
    assert on_host == in_manifest
