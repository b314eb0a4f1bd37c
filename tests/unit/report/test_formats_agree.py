"""Every format tells the same figures, and none shows what is undecided as passed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import msgspec
import pytest

from auditor import report
from auditor.errors import ExitCode
from auditor.policy.summary import summarize
from auditor.report import Judgement

FORMATS = ("json", "junit", "sarif", "text")


def rendered(name, judgement) -> bytes:
    return report.load(name).render(judgement)


def figures_in_json(judgement):
    document = json.loads(rendered("json", judgement))
    verdicts = [finding["verdict"] for finding in document["findings"]]
    assert document["summary"]["findings_failed"] == verdicts.count("fail")
    return {v: verdicts.count(v) for v in ("fail", "unknown", "error", "waived")}


def figures_in_sarif(judgement):
    run = json.loads(rendered("sarif", judgement))["runs"][0]
    told = {"fail": 0, "unknown": 0, "error": 0, "waived": 0}
    for result in run["results"]:
        suppressed = bool(result.get("suppressions"))
        verdict = result["properties"]["verdict"]
        assert (result["kind"] == "fail") == (verdict in ("fail", "waived"))
        assert suppressed == (verdict == "waived")
        assert (result["level"] == "none") == (result["kind"] == "open")
        told[verdict] += 1
    return told


def figures_in_junit(judgement):
    root = ET.fromstring(rendered("junit", judgement))
    types = [e.get("type").partition(".")[0] for e in root.iter() if e.tag in ("failure", "error")]
    waived = sum(e.get("message").startswith("waived") for e in root.iter("skipped"))
    return {
        "fail": types.count("fail"),
        "unknown": types.count("unknown"),
        "error": types.count("error"),
        "waived": waived,
    }


def figures_in_text(judgement):
    text = rendered("text", judgement).decode().replace("\n", " ")
    line = re.search(r"(\d+) failed \(.*?\), (\d+) unknown, (\d+) errors, (\d+)\s+waived", text)
    return dict(zip(("fail", "unknown", "error", "waived"), map(int, line.groups()), strict=True))


def test_the_four_formats_count_the_same(every_verdict):
    expected = {"fail": 2, "unknown": 1, "error": 1, "waived": 1}
    assert figures_in_json(every_verdict) == expected
    assert figures_in_sarif(every_verdict) == expected
    assert figures_in_junit(every_verdict) == expected
    assert figures_in_text(every_verdict) == expected


def test_junit_counts_are_those_of_its_elements_and_no_undecided_case_is_green(every_verdict):
    root = ET.fromstring(rendered("junit", every_verdict))
    for suite in [root, *root.iter("testsuite")]:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests")) == len(cases)
        for attribute, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.get(attribute)) == sum(case.find(tag) is not None for case in cases)
    green = [case.get("name") for case in root.iter("testcase") if len(case) == 0]
    assert green == ["Rule 0: ai/Deployment/other:server", "Rule 4: ai/Deployment/good:server"]
    properties = {p.get("name"): p.get("value") for p in root.iter("property")}
    summary = summarize(every_verdict.evidence, every_verdict.findings)
    assert properties["findings_failed"] == str(summary.findings_failed)
    assert properties["gaps"] == "2"
    assert properties["input a folder/bad.yaml"].startswith("gap")


def test_a_rule_without_findings_is_never_missing(every_verdict):
    root = ET.fromstring(rendered("junit", every_verdict))
    skipped = [c for c in root.iter("testcase") if c.get("classname") == "second.TST-005"]
    assert skipped[0].find("skipped").get("message") == "not-applicable: nothing to judge"


def test_a_run_with_nothing_judged_is_not_green_in_any_format(every_verdict):
    findings = msgspec.structs.replace(
        every_verdict.findings,
        rules=(every_verdict.findings.rules[1],),
        findings=(),
    )
    empty = Judgement(evidence=every_verdict.evidence, derived=(), findings=findings)
    assert rendered("text", empty).startswith(b"[?] INCONCLUSIVE")
    run = json.loads(rendered("sarif", empty))["runs"][0]
    assert run["results"] == []
    assert run["invocations"][0]["exitCode"] == ExitCode.UNDECIDED
    assert json.loads(rendered("json", empty))["summary"]["outcome"] == "inconclusive"
    assert ET.fromstring(rendered("junit", empty)).get("errors") == "1"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_that_a_terminal_or_an_eye_trips_over_is_printed(every_verdict, name, language):
    output = rendered(name, msgspec.structs.replace(every_verdict, language=language)).decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufffe]", output)
    assert output.endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
def test_every_failed_and_undecided_subject_is_named(every_verdict, name):
    output = rendered(name, every_verdict).decode()
    for subject in ("ai/Deployment/llm:server", "ai/Deployment/broken:server", "TST-001"):
        assert subject in output
