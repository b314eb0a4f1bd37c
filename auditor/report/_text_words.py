"""The words of the text summary in its languages: both hold the same keys."""
# ruff: noqa: RUF001 - Chinese has its own comma, colon and brackets

from __future__ import annotations

from auditor.report._text_words_models import MODELS_EN, MODELS_ZH
from auditor.report._text_words_traffic import TRAFFIC_EN, TRAFFIC_ZH

Language = dict[str, str]

EN: Language = {
    "compliant": "COMPLIANT",
    "not-compliant": "NOT COMPLIANT",
    "inconclusive": "INCONCLUSIVE",
    "because_blocking": "{n} failed findings are at or above the threshold",
    "because_compliant": "{n} rules passed and nothing was left undecided",
    "because_undecided": "{n} rules could not be decided; what is unknown is not a pass",
    "because_nothing": "no rule had anything to judge",
    "because_inputs": "some inputs could not be read; what is unread is not a pass",
    "subject": "Subject",
    "inputs": "Inputs",
    "inputs_of": "{judged} of {total} judged",
    "rights": "Rights",
    "unprivileged": "not root: some facts could not be seen (see the gaps)",
    "rules": "Rules",
    "rules_of": (
        "{total}: {passed} passed, {failed} failed, {unknown} unknown, {errors} errors, "
        "{waived} waived, {skipped} not applicable"
    ),
    "findings": "Findings",
    "findings_of": (
        "{failed} failed{severities}, {unknown} unknown, {errors} errors, {waived} waived, "
        "{passed} passed"
    ),
    "evidence": "Evidence",
    "evidence_of": "{records} records, {gaps} gaps",
    "coverage_of": ", {seen} of {total} seen",
    "perimeter": "Perimeter",
    "assumed": "assumed (no site file): private address ranges count as inside",
    "unused": "Unused",
    "critical": "critical",
    "high": "high",
    "medium": "medium",
    "low": "low",
    "info": "info",
    "expected": "expected:",
    "waiver": "waived:",
    "fix": "To do:",
    "more": "... and {n} more (--format json lists all)",
    "more_rules": "and {n} more rules",
    "section_fail": "FAILED ({n})",
    "section_error": "ERRORS ({n}): the rule itself broke",
    "section_unknown": "UNKNOWN ({n}): could not be decided",
    "section_waived": "WAIVED ({n})",
    "section_gaps": "GAPS ({n}): could not be read",
}

ZH: Language = {
    "compliant": "符合",
    "not-compliant": "不符合",
    "inconclusive": "无法判定",
    "because_blocking": "{n} 项不合格发现达到或超过阈值",
    "because_compliant": "{n} 条规则通过，没有未决项",
    "because_undecided": "{n} 条规则无法判定；未知不等于通过",
    "because_nothing": "没有任何规则有可判定的对象",
    "because_inputs": "部分输入无法读取；未读不等于通过",
    "subject": "对象",
    "inputs": "输入",
    "inputs_of": "{total} 个文件中已判定 {judged} 个",
    "rights": "权限",
    "unprivileged": "非 root：部分事实不可见（见缺口）",
    "rules": "规则",
    "rules_of": (
        "共 {total} 条：通过 {passed}，不通过 {failed}，未知 {unknown}，错误 {errors}，"
        "豁免 {waived}，不适用 {skipped}"
    ),
    "findings": "发现",
    "findings_of": (
        "不通过 {failed}{severities}，未知 {unknown}，错误 {errors}，豁免 {waived}，通过 {passed}"
    ),
    "evidence": "证据",
    "evidence_of": "记录 {records} 条，缺口 {gaps} 个",
    "coverage_of": "，可见 {seen}/{total}",
    "perimeter": "边界",
    "assumed": "假定（无站点文件）：私有地址段视为内部",
    "unused": "未用豁免",
    "critical": "严重",
    "high": "高",
    "medium": "中",
    "low": "低",
    "info": "提示",
    "expected": "期望：",
    "waiver": "豁免：",
    "fix": "整改：",
    "more": "……另有 {n} 项（--format json 列出全部）",
    "more_rules": "等，另有 {n} 条规则",
    "section_fail": "不通过（{n}）",
    "section_error": "错误（{n}）：规则自身出错",
    "section_unknown": "未知（{n}）：无法判定",
    "section_waived": "已豁免（{n}）",
    "section_gaps": "缺口（{n}）：无法读取",
}

WORDS: dict[str, Language] = {
    "en": EN | MODELS_EN | TRAFFIC_EN,
    "zh": ZH | MODELS_ZH | TRAFFIC_ZH,
}
