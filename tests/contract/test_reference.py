"""The generated pages and schemas say what the code says."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from auditor.evidence import bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages() -> dict[str, bytes]:
    spec = importlib.util.spec_from_file_location(
        "make_reference", ROOT / "scripts/make_reference.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def test_every_generated_page_is_current(pages: dict[str, bytes]) -> None:
    stale = [name for name, content in pages.items() if (ROOT / name).read_bytes() != content]
    assert stale == [], "run `make docs`"


def test_the_readme_states_the_exit_codes_of_the_code() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in range(6):
        assert f"\n| {code} | " in readme


def test_evidence_of_a_recorded_host_obeys_the_published_schema(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "auditor", "scan", "--root", "samples/hosts/leaky-inference",
         "--at", "2026-01-15", "-o", str(tmp_path), "-q"],
        cwd=ROOT, check=False,
    )  # fmt: skip
    for name, schema in (("evidence", "evidence-1"), ("findings", "findings-1")):
        validator = jsonschema_rs.validator_for(
            json.loads((ROOT / f"docs/schema/{schema}.json").read_text(encoding="utf-8"))
        )
        validator.validate(json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")))


def test_the_schema_refuses_a_record_of_no_kind() -> None:
    validator = jsonschema_rs.validator_for(json.loads(bundle.json_schema()))
    assert not validator.is_valid({"schema": "auditor.evidence/1", "records": [{"kind": "rumour"}]})
