"""Evidence that was taken once can be read for ever: one bundle of each schema is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import api, derive
from auditor.evidence import COLLECTED, SCHEMA, Evidence, decode, encode, kind_of

KEPT = sorted((Path(__file__).resolve().parents[2] / "samples" / "evidence").glob("v*.json"))
CURRENT = int(SCHEMA.rpartition("/")[2])


def read(path: Path) -> Evidence:
    return decode(path.read_bytes(), where=path.name)


def test_every_schema_up_to_the_present_one_has_its_kept_bundle() -> None:
    assert [path.stem for path in KEPT] == [f"v{number}" for number in range(1, CURRENT + 1)]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_bundle_is_read_and_is_of_the_present_schema_then(path: Path) -> None:
    evidence = read(path)
    assert evidence.schema == SCHEMA
    assert len(evidence.records) > 100
    assert evidence.gaps
    assert {kind_of(record) for record in evidence.records} <= set(COLLECTED)


def test_the_present_schemas_bundle_is_written_again_byte_for_byte() -> None:
    kept = KEPT[-1]
    assert encode(read(kept)) == kept.read_bytes()


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_bundle_can_still_be_judged(path: Path) -> None:
    evidence = read(path)
    assert derive.derive(evidence)
    findings = api.evaluate(evidence, api.Criteria()).findings.findings
    failed = {(finding.rule, finding.subject) for finding in findings if finding.verdict == "fail"}
    assert {
        ("ENC-NUL-001", "dm-0 (cryptswap)"),
        ("PER-CON-001", "torchrun → 198.51.100.20:443"),
        ("HST-ACC-002", "toor"),
    } <= failed
