"""audit traffic --deep as a person types it: who writes to controllers, and what nobody can say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.captures.files import pcap
from tests.captures.library import sealed
from tests.captures.messages import industrial
from tests.captures.odd_scenes import every_industrial
from tests.captures.stage import Connection, Stage
from tests.command import ROOT, audit

AT = "2026-11-27T08:00:00Z"
REAL = ROOT.parent / "shared" / "data" / "captures" / "ndpi"
SITE = """\
name: Plant 7
networks:
  - {cidr: 10.20.0.0/16, zone: it}
  - {cidr: 10.30.0.0/16, zone: cell}
"""
CROSSING = "crossings:\n  - {from: it, to: cell, applications: [modbus]}\n"


def _plant(folder: Path, site: str = SITE) -> Path:
    """Write a site and a capture with every protocol, a poller, and one who writes at last."""
    (folder / "site.yaml").write_text(site, encoding="utf-8")
    stage = Stage(11)
    every_industrial(stage)
    for server, write in (("10.30.9.1", False), ("10.30.9.2", True)):
        talk = Connection(stage, "10.20.9.9", server, 502, application="modbus", encrypted=False)
        talk.open()
        for number in range(50):
            for outward, data in industrial.modbus(number, write=write and number == 49):
                talk.send(data, outward=outward)
        talk.close()
    path = folder / "plant.pcap"
    path.write_bytes(b"".join(pcap(sealed(stage)[0])))
    return path


def _judged(folder: Path, *words: object) -> dict:
    done = audit("traffic", *words, "--site", "site.yaml", "--at", AT, "-f", "json", cwd=folder)
    assert done.stderr == "", done.stderr
    return json.loads(done.stdout)


def _verdicts(found: dict) -> dict[str, str]:
    return {f["subject"]: f["verdict"] for f in found["findings"] if f["rule"] == "TRF-IND-003"}


def test_who_writes_is_told_and_who_reads_is_not_blamed(tmp_path):
    found = _judged(tmp_path, _plant(tmp_path), "--deep")
    verdicts = _verdicts(found)
    assert verdicts["10.20.9.9 → 10.30.9.2: modbus"] == "fail"
    assert "10.20.9.9 → 10.30.9.1: modbus" not in verdicts
    dissected = {one["application"]: one for one in found["controllers"]}
    assert dissected["s7comm"]["writes"] is None
    assert verdicts[next(s for s in verdicts if s.endswith(": s7comm"))] == "unknown"
    (writer,) = [one for one in found["controllers"] if one["dst"] == "10.30.9.2"]
    assert (writer["reads"], writer["writes"], writer["whole"]) == (49, 1, True)
    assert writer["changes"] == ["Write Single Register ×1 (unit 1, register 100)"]


def test_what_the_site_allows_is_no_finding(tmp_path):
    verdicts = _verdicts(_judged(tmp_path, _plant(tmp_path, SITE + CROSSING), "--deep"))
    assert not [subject for subject in verdicts if subject.endswith(": modbus")]


def test_without_deep_the_rule_says_how_to_ask(tmp_path):
    found = _judged(tmp_path, _plant(tmp_path))
    assert found["controllers"] == []
    assert _verdicts(found) == {}


def test_the_evidence_is_the_same_twice_and_judged_again(tmp_path):
    plant = _plant(tmp_path)
    for folder in ("a", "b"):
        audit("traffic", plant, "--deep", "--site", "site.yaml", "--at", AT, "-o", folder, "-q",
              cwd=tmp_path)  # fmt: skip
    audit("evaluate", "a", "-o", "c", "-q", cwd=tmp_path)
    for name in ("evidence.json", "findings.json"):
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert first == (tmp_path / "c" / name).read_bytes()
    page = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert "Who asks controllers for what" in page


def test_a_host_is_audited_with_its_captures_dissected(tmp_path):
    host = ROOT / "samples/hosts/leaky-inference"
    words = ("scan", "--root", host, "--at", AT, "--format", "json", "--site", "site.yaml")
    done = audit(*words, "--capture", _plant(tmp_path), "--deep", cwd=tmp_path)
    rules = {rule["id"]: rule["verdict"] for rule in json.loads(done.stdout)["rules"]}
    assert rules["TRF-IND-003"] == "fail"
    refused = audit(*words, "--deep", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--capture" in refused.stderr


@pytest.mark.skipif(not REAL.is_dir(), reason="no real captures beside the project")
def test_real_captures(tmp_path):
    (tmp_path / "site.yaml").write_text("name: Nowhere\n", encoding="utf-8")
    names = ("modbus", "ethernetIP", "iec60780-5-104", "mqtt", "s7comm")
    found = _judged(tmp_path, *(REAL / f"{name}.pcap" for name in names), "--deep")
    sums: dict[str, tuple[int, int, int]] = {}
    for one in found["controllers"]:
        if one["layer"]:
            before = sums.get(one["application"], (0, 0, 0))
            counts = (one["reads"], one["writes"], one["controls"])
            sums[one["application"]] = tuple(map(sum, zip(before, counts, strict=True)))
    assert sums == {
        "modbus": (51, 0, 0), "ethernet-ip": (310, 17, 0), "iec-104": (1, 1, 5), "mqtt": (1, 0, 0),
    }  # fmt: skip


@pytest.mark.skipif(not REAL.is_dir(), reason="no real captures beside the project")
def test_no_real_capture_makes_the_program_break_off(tmp_path):
    (tmp_path / "site.yaml").write_text("name: Nowhere\n", encoding="utf-8")
    captures = sorted(REAL.glob("*.pcap*"))
    found = _judged(tmp_path, *(path for path in captures if path.suffix != ".out"), "--deep")
    assert [gap for gap in found["gaps"] if gap["kind"] == "controller_talk"] == []
