"""Findings under their rules: the severest first, like evidence once, nothing lost."""

from __future__ import annotations

from auditor.report._html_findings import MAX_PASSES, MAX_ROWS, anchor, arrange


def test_the_severest_rules_come_first(judgements):
    arranged = arrange(judgements.findings(), "en")
    ids = [item.rule.id for item in arranged.failed]
    assert ids == [
        "ENC-MOD-001", "PER-CON-001", "EXP-API-001", "PER-RES-001", "PER-MIR-001", "TEL-VLL-001",
        "HST-SSH-001",
    ]  # fmt: skip
    assert {item.rule.verdict for item in arranged.undecided} == {"unknown", "error"}
    assert [item.rule.id for item in arranged.waived] == ["PER-TIM-001"]
    assert not arranged.failed[-1].blocking
    assert all(item.blocking for item in arranged.failed[:-1])


def test_like_evidence_is_told_once(judgements):
    arranged = arrange(judgements.findings(), "en")
    connections = next(item for item in arranged.failed if item.rule.id == "PER-CON-001")
    assert len(connections.groups) == 1
    assert len(connections.groups[0].places) == 2
    assert len(connections.passes) == 10


def test_an_undecided_finding_of_a_failed_rule_stays_in_sight(judgements):
    arranged = arrange(judgements.findings(), "en")
    mirrors = next(item for item in arranged.failed if item.rule.id == "PER-MIR-001")
    assert [group.verdict for group in mirrors.groups] == ["fail", "fail", "fail"]
    assert [group.verdict for group in mirrors.open] == ["unknown"]
    assert mirrors.reasons == ("whether build-cache is inside cannot be told",)


def test_shown_and_hidden_make_the_whole(judgements):
    rule = judgements.rule("PER-BIG-001", "destination", "fail")
    found = tuple(
        judgements.finding(rule.id, f"s{i}", observed=f"like {i % 7}") for i in range(MAX_ROWS + 33)
    ) + tuple(judgements.finding(rule.id, f"p{i}", "pass") for i in range(MAX_PASSES + 5))
    (item,) = arrange(judgements.findings(rules=(rule,), findings=found), "en").failed
    assert sum(len(group.places) for group in item.groups) == MAX_ROWS
    assert item.hidden == 33
    assert len(item.passes) == MAX_PASSES
    assert item.passes_hidden == 5


def test_order_does_not_depend_on_the_order_of_findings(judgements):
    whole = judgements.findings()
    back = judgements.findings(
        rules=tuple(reversed(whole.rules)), findings=tuple(reversed(whole.findings))
    )
    assert arrange(back, "en") == arrange(whole, "en")


def test_chinese_sentences_where_the_pack_has_them(judgements):
    arranged = arrange(judgements.findings(), "zh")
    connections = next(item for item in arranged.failed if item.rule.id == "PER-CON-001")
    assert connections.groups[0].observed == "已连接到 203.0.113.77:443"
    assert connections.groups[0].expected == "a destination of the site"


def test_an_anchor_is_made_of_harmless_characters():
    assert anchor('A"><b> 1') == "rule-A---b--1"
