"""SARIF 2.1.0: valid by the schema, with places that a code host finds."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from auditor.report import sarif

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def validator():
    text = (SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text()
    # A stray bracket in the schema's pattern for languages: not a regular expression by ECMA 262.
    return jsonschema_rs.validator_for(json.loads(text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$")))


def test_the_log_is_valid_and_the_schema_is_not_toothless(every_verdict, validator):
    log = json.loads(sarif.render(every_verdict))
    validator.validate(log)
    log["runs"][0]["results"][0]["kind"] = "passed"
    assert not validator.is_valid(log)


def test_a_result_points_at_file_line_and_column(every_verdict):
    run = json.loads(sarif.render(every_verdict))["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/p%C3%A4th%3A1.yaml"
    assert place["region"] == {"startLine": 12, "startColumn": 3}
    assert run["columnKind"] == "unicodeCodePoints"


def test_rules_inputs_gaps_and_errors_are_told(every_verdict):
    run = json.loads(sarif.render(every_verdict))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [f"TST-{n:03}" for n in range(7)]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    kinds = [n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]]
    assert kinds == ["gap/malformed", "rule-error"]
    assert [a["properties"]["status"] for a in run["artifacts"]] == ["judged", "gap"]
    assert run["properties"]["findings_passed"] == 2


def test_a_waiver_is_a_suppression_with_its_owner(every_verdict):
    run = json.loads(sarif.render(every_verdict))["runs"][0]
    waived = next(r for r in run["results"] if r["properties"]["verdict"] == "waived")
    assert waived["suppressions"][0]["status"] == "accepted"
    assert "zhang.wei" in waived["suppressions"][0]["justification"]


@pytest.mark.parametrize(
    ("source", "on_host", "uri"),
    [
        ("deploy.yaml", False, "deploy.yaml"),
        ("../other/a b.yaml", False, "../other/a%20b.yaml"),
        ("/srv/x.yaml", False, "file:///srv/x.yaml"),
        ("javascript:alert(1)", False, "javascript%3Aalert(1)"),
        ("//evil.example/x", False, "file:////evil.example/x"),
        ("/proc/net/tcp", True, "host/proc/net/tcp"),
        ("a\nb", False, "a%0Ab"),
        ("caf\udce9", False, "caf%E9"),
        ("", False, "."),
    ],
)
def test_paths_become_harmless_references(source, on_host, uri):
    assert sarif.uri(source, on_host=on_host) == uri
