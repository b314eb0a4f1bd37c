"""audit traffic as a person types it: captures in, exit codes and documents out."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from tests.command import audit

ROOT = Path(__file__).resolve().parents[2]
AT = "2026-11-27T08:00:00Z"
PLANT = ROOT / "samples/captures/plant.pcapng"
SITE = """\
name: Plant 7
networks:
  - {cidr: 10.0.0.0/8, zone: plant}
  - {cidr: 198.18.0.0/15, zone: test}
  - {cidr: 192.0.2.0/24, zone: test}
  - {cidr: "fd00:10::/32", zone: plant}
  - {cidr: "2001:db8::/32", zone: test}
names: [example]
crossings:
  - {from: plant, to: test}
"""


def test_what_left_is_told_like_a_phone_bill(tmp_path):
    done = audit("traffic", PLANT, "--at", AT, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "WHAT LEFT: DESTINATIONS BY BYTES OUT" in done.stdout
    assert "NAMES ASKED FOR" in done.stdout
    assert done.stderr == ""
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_the_document_obeys_its_published_schema(tmp_path):
    done = audit("traffic", PLANT, "--at", AT, "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs/schema/traffic-1.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema).validate(found)
    counted = found["capture"]
    assert counted["packets"] == counted["parsed"] + sum(counted["skipped"].values())
    assert found["exit_code"] == done.returncode == 1
    assert {name["source"] for flow in found["flows"] for name in flow["names"]} >= {
        "tls_sni", "quic_sni", "http_host", "dns_query",
    }  # fmt: skip


def test_the_same_capture_gives_the_same_bytes_and_can_be_judged_again(tmp_path):
    for folder in ("a", "b"):
        audit("traffic", PLANT, "--at", AT, "-o", folder, cwd=tmp_path)
    for name in ("evidence.json", "findings.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    audit("evaluate", "a", "-o", "c", cwd=tmp_path)
    for name in ("evidence.json", "findings.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


def test_a_site_that_holds_every_end_leaves_nothing_that_crossed(tmp_path):
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    done = audit(
        "traffic", PLANT, "--at", AT, "--site", "site.yaml", "--format", "json", cwd=tmp_path
    )
    found = json.loads(done.stdout)
    outside = {one["target"] for one in found["destinations"] if one["cast"] == "unicast"}
    assert outside == set()
    # Two packets could not be read: that nothing left is then not known.
    assert not found["capture"]["complete"]
    verdicts = {f["verdict"] for f in found["findings"] if f["rule"] == "TRF-CAP-001"}
    assert verdicts == {"unknown"}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("none.pcap", None, 2), ("empty.pcap", b"", 3), ("text.pcap", b"not a capture\n" * 9, 3)],
)
def test_what_is_no_capture_is_never_a_pass(tmp_path, name, data, code):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    done = audit("traffic", name, "--at", AT, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr


def test_a_capture_that_ends_within_a_packet_is_a_hole(tmp_path):
    cut = ROOT / "samples/captures/cut.pcap"
    done = audit("traffic", cut, "--at", AT, "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert found["capture"]["truncated"]
    assert not found["capture"]["complete"]


def test_a_host_and_its_traffic_are_judged_together(tmp_path):
    host = ROOT / "samples/hosts/leaky-inference"
    words = ("scan", "--root", host, "--at", AT, "--format", "json")
    alone = json.loads(audit(*words, cwd=tmp_path).stdout)
    both = json.loads(audit(*words, "--capture", PLANT, cwd=tmp_path).stdout)
    verdicts = {
        name: {rule["id"]: rule for rule in report["rules"] if rule["id"].startswith("TRF-")}
        for name, report in (("alone", alone), ("both", both))
    }
    assert {rule["verdict"] for rule in verdicts["alone"].values()} == {"not-applicable"}
    assert "no capture was given" in verdicts["alone"]["TRF-OUT-001"]["reason"]
    assert verdicts["both"]["TRF-OUT-001"]["verdict"] == "fail"
