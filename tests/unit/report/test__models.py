"""What lies in model stores, as every format tells it: nothing bad is hidden, nothing is guessed."""

from __future__ import annotations

import json

import jsonschema_rs
import msgspec
import pytest

from auditor.evidence.models import VERDICTS
from auditor.report import html, text
from auditor.report import json as json_format
from auditor.report._figures import amount, size
from auditor.report._html_models import MAX_ROWS, chapter
from auditor.report._models import by_license, by_origin, models
from auditor.report._models_json import SCHEMA, models_schema
from auditor.report._text import columns


def of(judgement):
    return models(judgement.evidence.records, judgement.derived)


def document(judgement):
    return json.loads(json_format.render(judgement))


def test_every_file_stands_in_one_place_and_what_is_bad_comes_first(judgements):
    found = of(judgements.models())
    verdicts = [artifact.verdict for artifact in found.artifacts]
    assert verdicts == [
        "data", "dangerous", "malformed", "not-inspectable", None, "unlisted", "framework", "data",
    ]  # fmt: skip
    assert found.artifacts[0].file.name_digest == "differs"
    assert len(found.suspect) == 6
    shown = chapter(judgements.models().evidence.records, judgements.models().derived)
    assert len(shown.suspect) + len(shown.opaque) + len(shown.others) == shown.total == 8


@pytest.mark.parametrize("verdict", [*VERDICTS, None])
def test_only_data_and_framework_are_harmless(judgements, verdict):
    record = judgements.model_file("/srv/models/x", verdict)
    (artifact,) = models((record,), ()).artifacts
    assert artifact.harmless == (verdict in ("data", "framework"))


@pytest.mark.parametrize(
    "changes",
    [
        {"name_digest": "differs"},
        {"name_digest": None},
        {"signature": {"state": "invalid"}},
    ],
)
def test_a_file_that_is_not_what_it_was_is_not_harmless(judgements, changes):
    if "signature" in changes:
        from auditor.evidence.models import ModelSignature

        changes = {"signature": ModelSignature(state="invalid", signer="plant")}
    (artifact,) = models((judgements.model_file("/srv/models/x", **changes),), ()).artifacts
    assert not artifact.harmless


def test_what_is_not_told_is_a_group_of_its_own(judgements):
    found = of(judgements.models())
    assert [(group.name, group.files) for group in by_origin(found.artifacts)] == [
        ("", 5), ("huggingface.co/Qwen/Qwen3-8B", 2), ("internal.plant.example/vision/legacy", 1),
    ]  # fmt: skip
    assert {group.name for group in by_license(found.artifacts)} == {"", "apache-2.0", "agpl-3.0"}


def test_the_text_has_a_row_for_every_file_with_reason_and_place(judgements):
    shown = text.render(judgements.models()).decode()
    assert "NEED ATTENTION (6 of 8 model files)" in shown
    assert "os.system is called when it is loaded (byte 42)" in shown
    assert "(yolo.pt!archive/data.pkl at byte 26)" in shown
    assert "its digest is not the one in its name" in shown
    assert "who may write to it is not known" in shown
    assert "Exit code   1:" in shown
    for name in ("reward.pkl", "yolo.pt", "bad.pt", "line3.plan", "locked.bin", "legacy.joblib"):
        assert f"  defect/{name}" in shown
    assert max(columns(line) for line in shown.splitlines()) <= 100


def test_the_text_is_short_where_all_is_well(judgements):
    shown = text.render(judgements.sound_models()).decode()
    assert "COMPLIANT" in shown
    assert "NEED ATTENTION" not in shown
    assert "Exit code   0:" in shown
    assert len(shown.splitlines()) < 25


def test_the_json_document_keeps_its_contract(judgements):
    made = document(judgements.models())
    jsonschema_rs.validate(json.loads(models_schema()), made)
    assert made["schema"] == SCHEMA
    assert made["exit_code"] == 1
    assert made["summary"]["by_verdict"]["dangerous"] == 1
    assert made["summary"]["by_verdict"]["unread"] == 1
    by_path = {artifact["path"]: artifact for artifact in made["artifacts"]}
    bad = by_path["/srv/models/defect/reward.pkl"]
    assert bad["reasons"][0] == {
        "rule": "pickle-global-dangerous", "verdict": "dangerous",
        "detail": "os.system is called when it is loaded", "offset": 42, "member": None,
        "global": "os.system",
    }  # fmt: skip
    assert bad["origin"] is bad["license"] is bad["sha256"] is bad["architecture"] is None
    good = by_path["/srv/models/qwen3-8b/model-00001-of-00002.safetensors"]
    assert good["sha256"] == "a" * 64
    assert good["origin"] == "huggingface.co/Qwen/Qwen3-8B"
    assert good["signature"]["state"] == "none"
    assert by_path["/srv/models/defect/locked.bin"]["verdict"] is None
    (store,) = [store for store in made["stores"] if store["path"] == "/srv/models"]
    assert {a["anomaly"] for a in store["anomalies"]} == {"script", "link-escaping"}
    assert [gap["kind"] for gap in made["gaps"]] == ["model_file"]
    assert made["findings"]
    assert all(finding["verdict"] != "pass" for finding in made["findings"])


def test_a_host_has_the_report_document(judgements):
    assert document(judgements.leaky())["schema"] == "auditor.report/1"


def test_the_chapter_counts_the_rows_that_it_leaves_out(judgements):
    records = [judgements.model_file(f"/srv/models/{i}", "dangerous") for i in range(MAX_ROWS + 3)]
    records += [judgements.anomaly(f"/srv/models/{i}", "script", "") for i in range(MAX_ROWS + 2)]
    shown = chapter(records, ())
    assert (len(shown.suspect), shown.suspect_hidden) == (MAX_ROWS, 3)
    assert (len(shown.anomalies), shown.anomalies_hidden) == (MAX_ROWS, 2)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_has_the_chapter_and_no_machine(judgements, language):
    page = html.render(judgements.models(language)).decode()
    assert 'id="models"' in page
    assert 'id="machine"' not in page
    assert 'id="destinations"' not in page
    assert "defect/reward.pkl" in page
    assert 'id="models"' in html.render(judgements.leaky(language)).decode()
    assert 'id="models"' not in html.render(judgements.manifests(language)).decode()


def test_rules_that_hold_do_not_make_an_unsafe_file_safe(judgements):
    whole = judgements.models()
    only = judgements.rule("MDL-LIC-001", "model_file", "pass")
    passed = judgements.finding(only.id, "x", "pass")
    judged = msgspec.structs.replace(
        whole, findings=judgements.findings(rules=(only,), findings=(passed,), unused_waivers=())
    )
    page = html.render(judged).decode()
    assert "no rule that was judged objects" in page
    assert "Nothing speaks against" not in page


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1_000, "1.0K"), (22_713_216, "22.7M"), (8_190_735_360, "8.1B"),
     (999_999_999, "999.9M"), (10**15, "1,000.0T")],
)  # fmt: skip
def test_parameters_are_written_as_model_cards_do(count, words):
    assert amount(count) == words


def test_sizes_are_binary():
    assert [size(n) for n in (0, 1023, 1024, 1536 * 2**20)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 GiB",
    ]
